"""A whole collector: it starts, tells where it is, stops politely, and keeps what it said it had."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession

from logferry_collector.compose import STOP_SECONDS, open_collector
from logferry_collector.keys import create_key
from logferry_collector.settings import CollectorSettings
from logferry_model.errors import Misconfigured

from .client import Client
from .factories import hunting_session, tiny_session


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def process(settings: CollectorSettings, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A collector of its own, killed in the end."""
    environment = os.environ | {
        "LOGFERRY_COLLECTOR_DATABASE_URL": settings.database_url,
        "LOGFERRY_COLLECTOR_PORT": str(port),
    }
    running = subprocess.Popen([sys.executable, "-m", "logferry_collector"], env=environment, stderr=subprocess.PIPE)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


async def healthy(client: Client) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(ClientConnectionError):
                if (await client.get("/health")).status == 200:
                    return
            await asyncio.sleep(0.05)


async def test_links_begin_with_the_public_url(settings: CollectorSettings) -> None:
    key = create_key(settings, "mila").text
    public = settings.model_copy(update={"public_url": "https://games.example.org"})
    async with open_collector(public) as running, ClientSession() as session:
        answer = await Client(session, running.url, key).upload(tiny_session())
    assert answer.receipt.report_url.startswith("https://games.example.org/r/")


async def test_a_wildcard_is_reached_on_this_machine(settings: CollectorSettings) -> None:
    async with open_collector(settings.model_copy(update={"host": "0.0.0.0"})) as running:
        assert running.url.startswith("http://127.0.0.1:")


async def test_a_taken_port_is_explained(settings: CollectorSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = settings.model_copy(update={"port": taken.getsockname()[1]})
        with pytest.raises(Misconfigured, match="LOGFERRY_COLLECTOR_PORT"):
            async with open_collector(busy):
                pass


async def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    settings = CollectorSettings(database_url=f"sqlite:///{tmp_path}/new/folder/collector.sqlite3", port=0)
    async with open_collector(settings):
        assert (tmp_path / "new" / "folder" / "collector.sqlite3").exists()


async def test_report_ids_are_long_and_never_the_same(client: Client) -> None:
    ids = {
        (await client.upload(tiny_session(natural_key=f"n-{at}"), key=f"idempotency-{at:04}")).receipt.report_id
        for at in range(20)
    }
    assert len(ids) == 20
    assert {len(report_id) for report_id in ids} == {22}


async def test_what_was_receipted_survives_a_kill(settings: CollectorSettings) -> None:
    key = create_key(settings, "mila").text
    port = free_port()
    async with ClientSession() as session:
        client = Client(session, f"http://127.0.0.1:{port}", key)
        with process(settings, port) as running:
            await healthy(client)
            uploads = [
                asyncio.create_task(client.upload(hunting_session(20 + at), key=f"idempotency-{at:04}"))
                for at in range(20)
            ]
            done, _ = await asyncio.wait(uploads, return_when=asyncio.FIRST_COMPLETED)
            running.kill()
            answers = await asyncio.gather(*uploads, return_exceptions=True)
        assert done
        receipts = [answer.receipt for answer in answers if not isinstance(answer, BaseException)]
        assert receipts
        database = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))
        stored = {digest for (digest,) in database.execute("SELECT payload_digest FROM revisions")}
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
        assert {receipt.payload_digest for receipt in receipts} <= stored
        with process(settings, port):
            await healthy(client)
            again = await client.upload(hunting_session(20), key="idempotency-0000")
            assert again.status in {200, 201}


@pytest.mark.skipif(sys.platform == "win32", reason="platform: POSIX signals only")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_collector_that_is_told_to_stop_stops_cleanly(settings: CollectorSettings, number: int) -> None:
    port = free_port()
    async with ClientSession() as session:
        with process(settings, port) as running:
            await healthy(Client(session, f"http://127.0.0.1:{port}", ""))
            running.send_signal(number)
            assert await asyncio.to_thread(running.wait, STOP_SECONDS) == 0


async def test_a_database_that_is_too_new_is_explained_at_the_start(settings: CollectorSettings) -> None:
    create_key(settings, "mila")
    database = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    database.close()
    with process(settings, free_port()) as running:
        assert await asyncio.to_thread(running.wait, 60) == 1
        assert running.stderr is not None
        told = running.stderr.read().decode()
    assert "9999" in told
    assert "Traceback" not in told
