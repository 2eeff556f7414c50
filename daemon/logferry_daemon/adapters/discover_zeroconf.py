"""Asks the local network for collectors, by zeroconf, when somebody wants to know. Listens at no other time.

Everything heard is a stranger's word: it is bounded here and judged in `core/discovery.py`. Nothing is connected to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from logferry_daemon.core.discovery import MAX_CANDIDATES, Answer, Candidate, candidates
from logferry_model.errors import Unreachable

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncZeroconf

SERVICE = "_logferry._tcp.local."
ONE = timedelta(seconds=3)
"""For the address of one name."""
MAX_NAMES = 4 * MAX_CANDIDATES
"""Names that are asked for their address; who floods the network is not followed."""


class ZeroconfDiscovery:
    """The port `Discovery`, from these of our own addresses, or from the one that the system prefers."""

    def __init__(self, interfaces: Sequence[str] = ()) -> None:
        self._interfaces = tuple(interfaces)

    async def browse(self, duration: timedelta) -> Sequence[Candidate]:
        """Those who answer within `duration`, which includes asking them for their addresses."""
        names: asyncio.Queue[str] = asyncio.Queue(MAX_NAMES)
        answers: list[Answer] = []
        async with _opened(self._interfaces) as asking, _browser(asking, names):
            try:
                async with asyncio.timeout(duration.total_seconds()), asyncio.TaskGroup() as group:
                    while True:
                        group.create_task(_ask(asking.zeroconf, await names.get(), answers))
            except TimeoutError:
                pass  # the time is over, which is how it ends
        return candidates(answers)


@asynccontextmanager
async def _opened(interfaces: Sequence[str]) -> AsyncIterator[AsyncZeroconf]:
    # Imported when somebody asks: thirty milliseconds that a start need not wait for.
    from zeroconf import InterfaceChoice, IPVersion  # noqa: PLC0415
    from zeroconf.asyncio import AsyncZeroconf  # noqa: PLC0415

    try:
        # One interface is one socket; all of them make storms on computers with many.
        opened = AsyncZeroconf(interfaces=list(interfaces) or InterfaceChoice.Default, ip_version=IPVersion.V4Only)
    except OSError as error:
        raise Unreachable(
            "network-unsearchable",
            f"The local network cannot be asked: {(error.strerror or type(error).__name__).lower()}.",
            hint="Add the collector by its address: logferry destinations add NAME --url https://ADDRESS:PORT --pin",
        ) from error
    try:
        yield opened
    finally:
        await opened.async_close()


@asynccontextmanager
async def _browser(asking: AsyncZeroconf, names: asyncio.Queue[str]) -> AsyncIterator[None]:
    from zeroconf import ServiceStateChange  # noqa: PLC0415
    from zeroconf.asyncio import AsyncServiceBrowser  # noqa: PLC0415

    known: set[str] = set()

    # The names of its arguments are the library's.
    def heard(
        zeroconf: Zeroconf,  # noqa: ARG001 -- as above
        service_type: str,  # noqa: ARG001 -- as above
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        if state_change is ServiceStateChange.Added and len(known) < MAX_NAMES and name not in known:
            known.add(name)
            names.put_nowait(name)

    browser = AsyncServiceBrowser(asking.zeroconf, SERVICE, handlers=[heard])
    try:
        yield
    finally:
        await browser.async_cancel()


async def _ask(zeroconf: Zeroconf, name: str, answers: list[Answer]) -> None:
    from zeroconf import Error, IPVersion  # noqa: PLC0415
    from zeroconf.asyncio import AsyncServiceInfo  # noqa: PLC0415

    try:
        info = AsyncServiceInfo(SERVICE, name)
        if not await info.async_request(zeroconf, ONE.total_seconds() * 1000):
            return
        addresses = info.parsed_addresses(IPVersion.V4Only)
        texts = _texts(info.decoded_properties)
    # What a stranger sent may be anything; whoever cannot be understood is left out.
    except (Error, ValueError, UnicodeError, OSError):
        return
    label = name.removesuffix(f".{SERVICE}")
    answers.append(Answer(name=label, addresses=addresses, port=info.port or 0, texts=texts))


def _texts(properties: Mapping[str, str | None]) -> Mapping[str, str]:
    return {name: value for name, value in properties.items() if value is not None}
