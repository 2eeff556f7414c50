"""Cells of whoever answers in place of the collector, encrypted: F18."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from logferry_ipc.messages import RetryRequest
from tests.acceptance.matrix.world import World, world
from tests.acceptance.running import DESTINATION, HOST
from tests.certificates import Authority, certificate, fingerprint, new_key, serving
from tests.faults.served import served

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass
class Relay:
    """Takes the encryption off and passes on; counts who got so far as to say something."""

    target: int
    heard: int = 0

    async def guest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host_reader, host_writer = await asyncio.open_connection(HOST, self.target)
        try:
            with suppress(OSError):
                await asyncio.gather(self._pass(reader, host_writer, counts=True), self._pass(host_reader, writer))
        finally:
            host_writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool = False) -> None:
        while piece := await reader.read(2**16):
            self.heard += len(piece) if counts else 0
            writer.write(piece)
            await writer.drain()
        writer.close()


@contextmanager
def encrypted(folder: Path, authority: Authority, pin: str = "") -> Iterator[World]:
    """A daemon that speaks https, trusts this authority alone, and knows a key where it has a pin."""
    with world(folder) as w:
        assert w.program.stop() == 0
        trust = folder / "authority.pem"
        trust.write_bytes(authority.root.public_bytes(Encoding.PEM))
        w.daemon.extra["SSL_CERT_FILE"] = str(trust)
        url = f"https://{HOST}:{w.proxy.port}"
        w.daemon.configure(sources=w.playground.sources, destinations={DESTINATION: url})
        if pin:
            with w.daemon.home.settings_file.open("a") as file:
                file.write(f'pin = "{pin}"\n')
        w.daemon.start()
        w.daemon.agree(w.collector.key)
        yield w


@pytest.mark.parametrize("wrong", ["expired", "wrong host", "unknown authority", "another key than pinned"])
def test_f18_whoever_cannot_prove_to_be_the_collector_hears_nothing(tmp_path: Path, wrong: str) -> None:
    authority, key, other = Authority(), new_key(), new_key()
    bad = {
        "expired": lambda: certificate(key, signed_by=authority, days=(-30, -1)),
        "wrong host": lambda: certificate(key, signed_by=authority, address="127.0.0.2"),
        "unknown authority": lambda: certificate(key, signed_by=Authority()),
        "another key than pinned": lambda: certificate(other, signed_by=authority),
    }[wrong]()
    pinned = wrong.endswith("pinned")
    pin = str(fingerprint(key)) if pinned else ""
    with encrypted(tmp_path, authority, pin) as w:
        thief, honest = Relay(w.collector.port), Relay(w.collector.port)
        good = certificate(key, signed_by=authority)
        with (
            served(thief.guest, serving(other if pinned else key, bad)) as bad_port,
            served(honest.guest, serving(key, good)) as good_port,
        ):
            w.proxy.target = bad_port
            w.play()
            w.hears("not trusted", "not the pinned one", "no secure connection", within=15)
            assert thief.heard == 0
            assert w.daemon.client.status().counts.failed == 0
            w.proxy.target = good_port
            w.daemon.client.retry(RetryRequest())
            w.drained()
            w.judge(18, wrong)
            assert thief.heard == 0
            assert honest.heard > 0
