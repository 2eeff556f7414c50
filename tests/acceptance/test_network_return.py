"""A daemon in a network of its own that breaks and comes back: what waited goes at once, not when its pause is over."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_ipc.messages import Copy, DeleteRequest, DestinationStatus
from tests.acceptance.running import DESTINATION, DaemonHome, collector_home, daemon_home, make_quiet, tell, until
from tests.conftest import needs
from tests.factories import artemis_document, encode_document, file_name
from tests.own_network import ip, own_network

pytestmark = [
    pytest.mark.accept,
    pytest.mark.faults,
    pytest.mark.timeout(300),
    needs("ip"),
    pytest.mark.skipif(sys.platform != "linux", reason="needs networks of one's own"),
]

ELSEWHERE = "127.0.0.2"
WAY = ("unreachable", f"{ELSEWHERE}/32", "table", "local")
"""As long as there is this route, nobody gets there; the daemon itself is spoken to at another address."""
NOWHERE = (f"{ELSEWHERE}/32", "dev", "gone", "table", "local")
"""The same without a word: what is sent there vanishes."""
LONG = timedelta(seconds=15)
"""A pause that is worth being cut short."""
BEGAN = datetime(2026, 2, 1, 18, 0, tzinfo=UTC)


@pytest.fixture
def network() -> Iterator[None]:
    with own_network():
        yield


@pytest.fixture
def games(tmp_path: Path) -> Path:
    folder = tmp_path / "games"
    folder.mkdir()
    for number in range(5):
        document = artemis_document(number, start=BEGAN + number * timedelta(hours=2), events=10)
        file = folder / file_name(document)
        file.write_bytes(encode_document(document))
        make_quiet(file)
    return folder


def there(daemon: DaemonHome) -> DestinationStatus:
    (status,) = daemon.client.status().destinations
    return status


def long_pause(daemon: DaemonHome) -> datetime | None:
    """When it will be tried again, once that is a long time away."""
    found = there(daemon)
    far = found.next_attempt is not None and found.next_attempt - datetime.now(UTC) > LONG
    return found.next_attempt if found.state == "offline" and far else None


def dropping_link() -> None:
    """A wire to a neighbour who takes nothing of what is meant for this computer."""
    ip("link", "add", "gone", "arp", "off", "type", "veth", "peer", "name", "far")
    for end in ("gone", "far"):
        ip("link", "set", end, "up")
    Path("/proc/sys/net/ipv4/conf/gone/route_localnet").write_text("1")


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    ("way", "says"),
    [(WAY, "no connection"), (NOWHERE, "no answer in time")],
    ids=["nobody gets there", "all is dropped"],
)
def test_what_waited_goes_as_soon_as_the_network_is_back(
    tmp_path: Path, games: Path, capsys: pytest.CaptureFixture[str], way: tuple[str, ...], says: str
) -> None:
    if way is NOWHERE:
        dropping_link()
    with (
        collector_home(tmp_path / "collector", host=ELSEWHERE) as collector,
        daemon_home(tmp_path / "daemon") as daemon,
    ):
        ip("route", "add", *way)
        daemon.configure(sources={"hunts": ("artemis", games)}, destinations={DESTINATION: collector.url})
        daemon.start()
        daemon.agree(collector.key)
        planned = until(lambda: long_pause(daemon), "a long pause", seconds=120)
        assert says in there(daemon).reason
        assert daemon.client.status().counts.failed == 0
        back = datetime.now(UTC)
        ip("route", "del", *way)
        daemon.settled(5)
        last = daemon.client.status().metrics.last_upload
        assert last is not None
        assert last < planned, "it waited for its pause to be over"
        tell(capsys, f"uploaded {last - back} after the network came back; planned was {planned - back}")


def copy_of(daemon: DaemonHome) -> Copy:
    (gone,) = daemon.client.sessions().deleted
    (copy,) = gone.copies
    return copy


def long_wait(daemon: DaemonHome) -> datetime | None:
    """When the deletion will be tried again, once that is a long time away."""
    planned = copy_of(daemon).next_attempt
    return planned if planned is not None and planned - datetime.now(UTC) > LONG else None


@pytest.mark.usefixtures("network")
def test_a_deletion_that_was_put_off_goes_as_soon_as_the_network_is_back(
    tmp_path: Path, games: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        collector_home(tmp_path / "collector", host=ELSEWHERE) as collector,
        daemon_home(tmp_path / "daemon") as daemon,
    ):
        daemon.configure(sources={"hunts": ("artemis", games)}, destinations={DESTINATION: collector.url})
        daemon.start()
        daemon.agree(collector.key)
        daemon.settled(5)
        ip("route", "add", *WAY)
        daemon.client.delete(daemon.client.sessions().sessions[0].id, DeleteRequest(remote=True))
        planned = until(lambda: long_wait(daemon), "a long wait", seconds=120)
        assert copy_of(daemon).state == "pending"
        back = datetime.now(UTC)
        ip("route", "del", *WAY)
        until(lambda: copy_of(daemon).state == "deleted", "deleted over there", seconds=60)
        confirmed = copy_of(daemon).last_attempt
        assert confirmed is not None
        assert confirmed < planned, "it waited for its pause to be over"
        tell(capsys, f"deleted {confirmed - back} after the network came back; planned was {planned - back}")
