"""That the network changed is told: by the kernel of a network of the test's own, and by looking."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Iterator

import pytest

from logferry_daemon.adapters.network_polling import changes as by_looking
from tests.conftest import needs
from tests.counting_loop import counting
from tests.own_network import ip, own_network

pytestmark = [needs("ip"), pytest.mark.skipif(sys.platform != "linux", reason="needs networks of one's own")]

if sys.platform == "linux":
    from logferry_daemon.adapters.network_netlink import changes as by_netlink
else:
    by_netlink = by_looking

News = Callable[[], AsyncGenerator[None, None]]


@pytest.fixture(params=["the kernel tells", "by looking"])
def news(request: pytest.FixtureRequest) -> News:
    return by_netlink if request.param == "the kernel tells" else lambda: by_looking(0.05)


@pytest.fixture
def network() -> Iterator[None]:
    with own_network():
        yield


async def following(news: AsyncGenerator[None, None]) -> asyncio.Future[None]:
    """The next change; whoever tells of it listens already."""
    waiting = asyncio.ensure_future(anext(news))
    await asyncio.sleep(0)
    await counting().until_threads_rest()  # whoever looks has looked once
    await asyncio.sleep(0.2)
    assert not waiting.done()
    return waiting


CHANGES = {
    "a link and its address come": ("link", "set", "away", "up"),
    "an address comes": ("address", "add", "192.0.2.7/24", "dev", "lo"),
    "a link goes": ("link", "set", "lo", "down"),
}


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_is_told(news: News, change: str) -> None:
    ip("link", "add", "away", "type", "veth", "peer", "name", "there")
    ip("link", "set", "there", "up")
    ip("address", "add", "192.0.2.1/24", "dev", "away")
    changes = news()
    async with asyncio.timeout(30):
        waiting = await following(changes)
        ip(*CHANGES[change])
        await waiting
    await changes.aclose()


@pytest.mark.usefixtures("network")
async def test_a_route_alone_is_told_by_the_kernel() -> None:
    ip("route", "add", "unreachable", "127.0.0.2/32", "table", "local")
    changes = by_netlink()
    async with asyncio.timeout(30):
        waiting = await following(changes)
        ip("route", "del", "unreachable", "127.0.0.2/32", "table", "local")
        await waiting
    await changes.aclose()


@pytest.mark.usefixtures("network")
async def test_a_burst_is_told_once(news: News) -> None:
    changes = news()
    async with asyncio.timeout(30):
        waiting = await following(changes)
        for number in range(20):
            ip("address", "add", f"192.0.2.{number + 1}/24", "dev", "lo")
        await waiting
    if news is by_netlink:
        again = await following(changes)
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
    await changes.aclose()
