"""Tells the local network by zeroconf that a collector is here. Tells nothing of its users; may fail without harm."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from logferry_model.fingerprint import Fingerprint

if TYPE_CHECKING:
    from zeroconf import ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

log = logging.getLogger(__name__)

SERVICE = "_logferry._tcp.local."
LONGEST = 63
"""Bytes of a label."""
ANY = "0.0.0.0"  # noqa: S104 -- compared only


def texts(identifier: str, fingerprint: Fingerprint) -> Mapping[str, str]:
    """What is told besides name and address. The fingerprint is a hint: whoever believes it compares it elsewhere."""
    return {"txtvers": "1", "id": identifier, "path": "/", "api": "1", "fp": fingerprint.digits}


def label(name: str) -> str:
    """The name as one label of at most 63 bytes."""
    plain = "".join(one if one.isprintable() and one != "." else " " for one in name)
    return plain.encode()[:LONGEST].decode("utf-8", "ignore").strip() or "collector"


@asynccontextmanager
async def announced(name: str, host: str, port: int, fingerprint: Fingerprint) -> AsyncIterator[bool]:
    """Announced while the block lasts and taken back at its end; False, and a line in the log, where that cannot be."""
    # Imported when it is wanted: most collectors are not announced.
    from zeroconf import InterfaceChoice, IPVersion, ServiceInfo  # noqa: PLC0415
    from zeroconf.asyncio import AsyncZeroconf  # noqa: PLC0415

    addresses = own_addresses(host)
    if not addresses:
        log.warning("not announced: no address of the local network", extra={"host": host})
        yield False
        return
    interfaces = InterfaceChoice.Default if host == ANY else addresses
    identifier = fingerprint.digits[:16]
    info = ServiceInfo(
        SERVICE,
        f"{label(name)}.{SERVICE}",
        port=port,
        properties=dict(texts(identifier, fingerprint)),
        server=f"logferry-{identifier}.local.",
        parsed_addresses=list(addresses),
    )
    try:
        telling = AsyncZeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only)
    except OSError as error:
        log.warning("not announced: the network cannot be told", extra={"reason": error.strerror})
        yield False
        return
    try:
        yield await _told(telling, info)
    finally:
        await telling.async_unregister_all_services()
        await telling.async_close()


async def _told(telling: AsyncZeroconf, info: ServiceInfo) -> bool:
    from zeroconf import Error  # noqa: PLC0415

    try:
        # Twice: first for the question whether the name is free, then for the answer that it is taken.
        await (await telling.async_register_service(info, allow_name_change=True))
    except (Error, OSError) as error:
        log.warning("not announced: the network does not take it", extra={"reason": type(error).__name__})
        return False
    log.info("collector announced", extra={"service": SERVICE, "port": info.port})
    return True


def own_addresses(host: str) -> Sequence[str]:
    """The IPv4 addresses to tell: the one that is listened on, or all near ones of this computer."""
    if host != ANY:
        try:
            return [str(IPv4Address(socket.gethostbyname(host)))]
        except (OSError, ValueError):
            return []
    import ifaddr  # noqa: PLC0415 -- it comes with zeroconf

    found = (ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str))
    return [one for one in found if IPv4Address(one).is_private and not IPv4Address(one).is_loopback]
