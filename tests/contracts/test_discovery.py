"""Looking for collectors: the fake and the real one, and what strangers on a network may say to the real one."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from logferry_collector.announce import announced, texts
from logferry_daemon.adapters.discover_zeroconf import SERVICE, ZeroconfDiscovery
from logferry_daemon.core.discovery import MAX_CANDIDATES, Candidate
from logferry_daemon.ports import Discovery
from logferry_model.errors import Unreachable
from logferry_model.fingerprint import fingerprint_of
from tests.conftest import only_on
from tests.fakes import FakeDiscovery

HERE = "127.0.0.1"
FP = fingerprint_of(b"key")
LEFT_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""zeroconf leaves its own socket to the garbage collector when another one cannot be opened."""
BRIEFLY = timedelta(seconds=1.5)
RUN = f" of {os.getpid()}"
"""In every name: loopback belongs to all programs of this computer, and another run of these tests may be one."""
GAMES = f"games{RUN}"
FOUND = Candidate(name=GAMES, url=f"https://{HERE}:8765", fingerprint=FP)


@dataclass(frozen=True)
class Stranger:
    """What somebody says of themselves."""

    name: str
    port: int = 8765
    address: str = HERE
    said: Mapping[str, str | bytes] = field(default_factory=lambda: texts("id", FP))


@asynccontextmanager
async def answering(*strangers: Stranger) -> AsyncIterator[None]:
    """They answer on loopback, all from one place."""
    telling = AsyncZeroconf(interfaces=[HERE], ip_version=IPVersion.V4Only)
    infos = [
        ServiceInfo(
            SERVICE,
            f"{one.name}{RUN}.{SERVICE}",
            port=one.port,
            properties=dict(one.said),
            server=f"{one.name}-{os.getpid()}.local.",
            parsed_addresses=[one.address],
        )
        for one in strangers
    ]
    try:
        for told in await asyncio.gather(*map(telling.async_register_service, infos)):
            await told
        yield
    finally:
        await telling.async_unregister_all_services()
        await telling.async_close()


@pytest.fixture(params=["fake", pytest.param("zeroconf", marks=only_on("linux"))])
async def network(request: pytest.FixtureRequest) -> AsyncIterator[Discovery]:
    """One on which a collector called games is."""
    if request.param == "fake":
        yield FakeDiscovery(FOUND)
        return
    async with answering(Stranger("games")):
        yield ZeroconfDiscovery([HERE])


async def seen(network: Discovery, duration: timedelta = BRIEFLY) -> Sequence[Candidate]:
    """Of this run."""
    return [one for one in await network.browse(duration) if one.name.endswith(RUN)]


async def browsed(network: Discovery, least: int = 1) -> Sequence[Candidate]:
    """So many at least, if there are: on a machine with much to do, answers come late."""
    found: Sequence[Candidate] = ()
    for duration in (BRIEFLY, 4 * BRIEFLY, 16 * BRIEFLY):
        if len(found := await seen(network, duration)) >= least:
            break
    return found


async def test_who_answers_is_found(network: Discovery) -> None:
    assert list(await browsed(network)) == [FOUND]


@LEFT_OPEN
async def test_a_network_that_cannot_be_asked_is_told_with_another_way() -> None:
    # An address that is not ours, so no socket can be bound to it: as good as a port that is taken.
    for search in (ZeroconfDiscovery(["192.0.2.1"]), FakeDiscovery(error=Unreachable("network-unsearchable", "no."))):
        with pytest.raises(Unreachable) as caught:
            await search.browse(BRIEFLY)
        assert caught.value.code == "network-unsearchable"
    with pytest.raises(Unreachable, match="--pin"):
        await ZeroconfDiscovery(["192.0.2.1"]).browse(BRIEFLY)
    gc.collect()


# What only the real one shows


@only_on("linux")
async def test_a_search_ends_in_time_where_nobody_is() -> None:
    async with asyncio.timeout(60):
        assert await seen(ZeroconfDiscovery([HERE]), timedelta(seconds=0.5)) == []


@only_on("linux")
async def test_who_cannot_be_a_collector_here_is_left_out() -> None:
    strangers = [
        Stranger("public", address="8.8.8.8"),
        Stranger("documentation", address="198.51.100.7"),
        Stranger("malformed", said={"path": b"\xff\xfe//\x00"}),
        Stranger("user-name", said={"path": "@evil.example/"}),
        Stranger("another-contract", said={"api": "99"}),
        Stranger("games", said={"fp": "trust me"}, port=8766),
    ]
    async with answering(*strangers):
        found = await browsed(ZeroconfDiscovery([HERE]))
    assert [(one.name, one.url, one.fingerprint) for one in found] == [(GAMES, f"https://{HERE}:8766", None)]


@only_on("linux")
async def test_a_crowd_is_cut_and_ends_in_time() -> None:
    crowd = (Stranger(f"c{number}", port=9000 + number) for number in range(2 * MAX_CANDIDATES))
    async with answering(*crowd), asyncio.timeout(100):
        found = await browsed(ZeroconfDiscovery([HERE]), least=2)
    assert 1 < len(found) <= MAX_CANDIDATES


@only_on("linux")
async def test_a_collector_announces_itself_and_takes_it_back() -> None:
    name = f"Mila's games{RUN}"
    async with announced(name, HERE, 8765, FP) as told:
        assert told
        found = await browsed(ZeroconfDiscovery([HERE]))
    assert [(one.name, one.url, one.fingerprint) for one in found] == [(name, FOUND.url, FP)]
    assert await seen(ZeroconfDiscovery([HERE])) == []


@LEFT_OPEN
async def test_a_collector_that_cannot_be_announced_runs_on(caplog: pytest.LogCaptureFixture) -> None:
    async with announced("games", "192.0.2.1", 8765, FP) as told:
        assert not told
    assert "not announced" in caplog.text
    gc.collect()


async def test_what_is_told_is_little() -> None:
    assert texts("id", FP) == {"txtvers": "1", "id": "id", "path": "/", "api": "1", "fp": FP.digits}
    assert all(len(f"{name}={value}") < 255 for name, value in texts("id" * 8, FP).items())
