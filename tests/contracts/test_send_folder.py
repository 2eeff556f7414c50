"""A real folder behind the port `Sender`, alone and under its dialect."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from logferry_daemon.adapters.send_by_scheme import SenderByScheme
from logferry_daemon.adapters.send_folder import ABANDONED, FolderSender, move_to_free_place
from logferry_daemon.conversing import converse
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Acked, Erased, Outcome, Parcel, Parked, Request, Response, Stop
from logferry_daemon.dialects.folder import FolderDialect
from logferry_model.errors import Unreachable
from tests.daemon.dialects.talking import NOW, PARCEL, report
from tests.fakes import ScriptedSender

DIALECT = FolderDialect()
NAME = f"artemis-20260301T200000Z-{PARCEL.session}.json"
posix = pytest.mark.skipif(sys.platform == "win32", reason="about permissions and links of POSIX")


def place(root: Path) -> Destination:
    return Destination(name="disk", dialect="folder", url=root.as_uri())


async def deliver(root: Path, parcel: Parcel = PARCEL) -> Outcome:
    talk = DIALECT.deliver(DIALECT.write(parcel), url=root.as_uri(), now=NOW)
    return await converse(FolderSender(), place(root), lambda _: {}, talk)


async def say(root: Path, method: str, name: str, body: bytes = b"", **headers: str) -> Response:
    written = {key.replace("_", "-"): value for key, value in headers.items()}
    request = Request(method=method, path=f"/{name}", headers=written, body=body)
    return await FolderSender().send(root.as_uri(), request, {})


def names(root: Path) -> list[str]:
    return sorted(one.name for one in root.iterdir())


async def test_a_session_becomes_a_file_and_nothing_else(tmp_path: Path) -> None:
    assert isinstance(await deliver(tmp_path), Acked)
    assert names(tmp_path) == [NAME]
    assert (tmp_path / NAME).read_bytes() == DIALECT.write(PARCEL).body


async def test_a_folder_with_a_blank_in_its_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "my sessions \u00e4").mkdir()
    assert isinstance(await deliver(tmp_path / "my sessions \u00e4"), Acked)


async def test_a_second_delivery_changes_nothing(tmp_path: Path) -> None:
    await deliver(tmp_path)
    before = (tmp_path / NAME).stat()
    assert isinstance(await deliver(tmp_path), Acked)
    after = (tmp_path / NAME).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


async def test_a_newer_revision_takes_the_place_of_the_older_and_never_the_other_way(tmp_path: Path) -> None:
    for revision in (3, 4, 2):
        assert isinstance(await deliver(tmp_path, replace(PARCEL, revision=revision)), Acked)
    assert msgspec.json.decode((tmp_path / NAME).read_bytes())["revision"] == 4
    assert names(tmp_path) == [NAME]


async def test_a_file_of_somebody_else_stays_to_the_byte(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"mine")
    assert isinstance(await deliver(tmp_path), Parked)
    assert (tmp_path / NAME).read_bytes() == b"mine"


@posix
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
async def test_what_is_no_file_is_neither_followed_nor_replaced(tmp_path: Path, kind: str) -> None:
    root, target = tmp_path / "out", tmp_path / "precious"
    root.mkdir()
    target.write_bytes(DIALECT.write(replace(PARCEL, revision=1)).body)
    there = root / NAME
    if sys.platform != "win32" and kind == "pipe":
        os.mkfifo(there)
    elif kind == "folder":
        there.mkdir()
    else:
        there.symlink_to(target if kind == "link" else tmp_path / "nowhere")
    before = target.read_bytes()
    async with asyncio.timeout(60):
        assert isinstance(await deliver(root), Parked)
    assert target.read_bytes() == before
    assert names(root) == [NAME]
    assert not (tmp_path / "nowhere").exists()


async def test_a_folder_that_is_not_there_is_waited_for_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="is its drive connected"):
        await say(tmp_path / "away", "LIST", "x")
    assert not (tmp_path / "away").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nobody may write into /sys, which Linux has")
async def test_a_folder_that_may_not_be_written_stops_and_says_so() -> None:
    stopped = await deliver(Path("/sys"))
    assert isinstance(stopped, Stop)
    assert "the folder cannot be written" in stopped.reason


async def test_a_deletion_takes_our_file_and_leaves_the_others(tmp_path: Path) -> None:
    await deliver(tmp_path)
    other = f"notes-{PARCEL.session}.json"
    (tmp_path / other).write_bytes(b"mine")
    talk = DIALECT.delete(report(), now=NOW)
    assert await converse(FolderSender(), place(tmp_path), lambda _: {}, talk) == Erased()
    assert names(tmp_path) == [other]


async def test_a_condition_that_does_not_hold_any_more_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"one")
    seen = hashlib.sha256(b"another").hexdigest()
    assert (await say(tmp_path, "PUT", "a.json", b"two", If_Match=seen)).status == 412
    assert (await say(tmp_path, "PUT", "a.json", b"two", If_None_Match="*")).status == 412
    assert (await say(tmp_path, "PUT", "b.json", b"two", If_Match=seen)).status == 412
    assert (await say(tmp_path, "DELETE", "a.json", If_Match=seen)).status == 412
    assert (await say(tmp_path, "DELETE", "a.json")).status == 412
    assert (await say(tmp_path, "DELETE", "b.json", If_Match=seen)).status == 404
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == {"a.json": b"one"}


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "../a", "a/b", "a\\b", "C:a", "a\0b"])
@pytest.mark.parametrize("method", ["LIST", "GET", "PUT", "DELETE"])
async def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str, method: str) -> None:
    root = tmp_path / "out"
    root.mkdir()
    (tmp_path / "a").write_bytes(b"mine")
    assert (await say(root, method, name, b"x", If_None_Match="*")).status == 400
    assert names(tmp_path) == ["a", "out"]


async def test_what_somebody_writes_at_this_moment_is_not_interrupted_and_what_was_abandoned_is(tmp_path: Path) -> None:
    aside = tmp_path / ".a.json.part"
    aside.write_bytes(b"ha")
    assert (await say(tmp_path, "PUT", "a.json", b"whole", If_None_Match="*")).status == 423
    assert aside.read_bytes() == b"ha"
    old = time.time() - ABANDONED.total_seconds() - 1
    os.utime(aside, (old, old))
    assert (await say(tmp_path, "PUT", "a.json", b"whole", If_None_Match="*")).status == 201
    assert names(tmp_path) == ["a.json"]


if sys.platform != "win32":
    import resource
    import signal

    async def test_a_full_disk_leaves_nothing_half(tmp_path: Path) -> None:
        before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
        try:
            answer = await say(tmp_path, "PUT", "a.json", b"x" * 100_000, If_None_Match="*")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        assert answer.status in {503, 507}
        assert names(tmp_path) == []


def test_what_came_there_since_the_look_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "aside").write_bytes(b"ours")
    (tmp_path / "place").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        move_to_free_place(tmp_path / "aside", tmp_path / "place")
    assert (tmp_path / "place").read_bytes() == b"mine"


async def test_many_at_once_are_all_there(tmp_path: Path) -> None:
    sender = FolderSender()

    async def one(number: int) -> Outcome:
        parcel = replace(PARCEL, document=PARCEL.document.replace(PARCEL.session.encode(), f"{number:016x}".encode()))
        talk = DIALECT.deliver(DIALECT.write(parcel), url=tmp_path.as_uri(), now=NOW)
        return await converse(sender, place(tmp_path), lambda _: {}, talk)

    outcomes = await asyncio.gather(*(one(number) for number in range(50)))
    assert all(isinstance(outcome, Acked) for outcome in outcomes)
    assert len(names(tmp_path)) == 50


async def test_the_scheme_decides_who_carries_it(tmp_path: Path) -> None:
    network = ScriptedSender(Response(status=200, headers={}, body=b"network"))
    sender = SenderByScheme(network=network, folder=FolderSender())
    listing = Request(method="LIST", path="/x")
    assert (await sender.send(tmp_path.as_uri(), listing, {})).body == b'{"names":[]}'
    assert network.sent == []
    assert (await sender.send("https://collector.example", listing, {})).body == b"network"
