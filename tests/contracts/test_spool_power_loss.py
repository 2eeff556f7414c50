"""The power goes at any moment: whatever the spool said is done is there when it comes back, and nothing is half done."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Protocol, TypeVar, cast

import pytest

from logferry_daemon.adapters.database_sqlite import SETTINGS, Database
from logferry_daemon.adapters.spool_filing import Filing
from logferry_daemon.adapters.spool_sqlite import SqliteSpool, named_queries, open_spool
from logferry_daemon.core.consent import Grant
from logferry_daemon.core.identities import Binding
from logferry_daemon.core.recut import uncounted
from logferry_daemon.ports import FileRow, SessionRow
from tests.contracts.recording_disk import Disk, Step, Synced, all_kept, connecting, power_lost
from tests.contracts.spooling import FACTS, HOME, LETTER, NOW, RECEIPT, admit, claim, found, row
from tests.fakes import FixedChance

CUTS = 400
ROUNDS = 30
AT_ONCE = 16
T = TypeVar("T")
Told = tuple[object, ...]
NAMES = count()
"""Each disk has a name of its own: SQLite knows them by it."""


class Noted(Protocol):
    """Waits until something is said to be done, and remembers when that was."""

    async def __call__(self, work: Awaitable[T]) -> T: ...


@dataclass(frozen=True)
class Record:
    """What was asked of the disk, and how long the list was whenever the spool said that something is done."""

    steps: Sequence[Step]
    done: Sequence[int]


async def record(path: Path, settings: str) -> Record:
    """A spool's life: sessions come, are sent, refused, put off and deleted; its owner agrees and answers."""
    disk, chance = Disk(f"recording-{next(NAMES)}"), FixedChance()
    done: list[int] = []

    async def noted(work: Awaitable[T]) -> T:
        result = await work
        done.append(len(disk.steps))
        return result

    with ThreadPoolExecutor(max_workers=1) as thread:
        database = Database(path, thread, named_queries(), connecting=connecting(disk, settings))
        spool = SqliteSpool(database, chance, FACTS, Filing(chance, uncounted))
        await noted(database.run(spool.open))
        for number in range(ROUNDS):
            await _round(spool, number, noted)
        # As when the power goes: nobody closes it, which would write everything down.
        await database.run(database.close)
    return Record(disk.steps[: done[-1]], done)


async def _round(spool: SqliteSpool, number: int, noted: Noted) -> None:
    now = NOW + number * timedelta(minutes=10)
    names = [f"{2 * number + one:016x}" for one in (0, 1)]
    await noted(admit(spool, *(found(name, events=40, age=1) for name in names), at=row(offset=number + 1), now=now))
    claimed = await noted(claim(spool, now=now, limit=2))
    for delivery in (one.row.id for one in claimed):
        await noted(spool.keep_letter(delivery, LETTER))
        match number % 4:
            case 0 | 1:
                await noted(spool.acked(delivery, RECEIPT, "", now, timedelta(seconds=1)))
            case 2:
                await noted(spool.parked(delivery, "no", now))
            case _:
                await noted(spool.deferred(delivery, "later", now, counts=True, now=now))
    grant = Grant(destination=HOME, policy_digest=f"{number:064x}", policy_version=1, granted_at=now)
    match number % 5:
        case 1:
            await noted(spool.grant(grant))
        case 2:
            await noted(
                spool.bind(
                    [Binding(destination=HOME, tracker="artemis", identity=names[0], allowed=True, decided_at=now)]
                )
            )
        case 3:
            await noted(spool.delete(names[0], "artemis", now, ask=[HOME]))
            await noted(spool.scrub())
        case 4:
            await noted(spool.retry([], now))


async def told(folder: Path, files: Mapping[str, bytes]) -> Told:
    """Everything that the daemon's own spool says of these files after its next start."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    async with open_spool(folder / "spool.db", FixedChance(), FACTS) as spool:
        sound = await spool.database.run(
            lambda: spool.database.opened().execute("PRAGMA integrity_check").fetchone()[0]
        )
        return (
            sound,
            await spool.files("game"),
            await spool.sessions(),
            await spool.receipts(None),
            await spool.grants(),
            await spool.bindings(),
            await spool.deleted(),
        )


@dataclass(frozen=True)
class Found:
    """What 400 cuts came to."""

    lost: int
    """Cuts after which something was missing that the spool had said is done, or was half there."""
    unsound: int


async def cut(tmp_path: Path, settings: str) -> Found:
    before = await record(tmp_path / "spool.db", settings)
    whole = [await told(tmp_path / "whole", all_kept(before.steps[:at])) for at in before.done]
    assert len(whole) > 100
    assert whole[0] != whole[-1]
    chance, lost, unsound = Random(20260302), 0, 0
    for _ in range(CUTS):
        at = chance.randrange(before.done[0], len(before.steps) + 1)
        said = sum(one <= at for one in before.done)
        after = await told(tmp_path / "after", power_lost(before.steps[:at], chance))
        unsound += after[0] != "ok"
        lost += after not in whole[said - 1 : said + 1]
    return Found(lost, unsound)


@pytest.mark.slow
async def test_nothing_that_was_said_to_be_done_is_lost_with_the_power(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = await cut(tmp_path, SETTINGS)
    with capsys.disabled():
        sys.stdout.write(f"\n    power lost {CUTS} times: {result.lost} lost or half done, {result.unsound} unsound\n")
    assert result == Found(lost=0, unsound=0)


@pytest.mark.slow
async def test_the_same_disk_loses_what_is_not_synced_at_each_commit(tmp_path: Path) -> None:
    hasty = SETTINGS.replace("synchronous = FULL", "synchronous = NORMAL")
    assert hasty != SETTINGS
    assert (await cut(tmp_path, hasty)).lost > CUTS / 2


async def record_together(path: Path, settings: str) -> tuple[Sequence[Step], Sequence[tuple[int, int, int]]]:
    """Sixteen who admit at once, each to a file of its own: the disk's list, and at which length who was told what."""
    disk, chance = Disk(f"recording-{next(NAMES)}"), FixedChance()
    heard: list[tuple[int, int, int]] = []

    async def admit_on_and_on(spool: SqliteSpool, caller: int) -> None:
        for number in range(ROUNDS):
            new = found(_name(caller, number), events=10, age=1)
            await admit(spool, new, at=row(f"{caller}.log", offset=number + 1))
            heard.append((len(disk.steps), caller, number + 1))

    with ThreadPoolExecutor(max_workers=1) as thread:
        database = Database(path, thread, named_queries(), connecting=connecting(disk, settings))
        spool = SqliteSpool(database, chance, FACTS, Filing(chance, uncounted))
        await database.run(spool.open)
        heard += [(len(disk.steps), caller, 0) for caller in range(AT_ONCE)]
        await asyncio.gather(*(admit_on_and_on(spool, caller) for caller in range(AT_ONCE)))
        last = len(disk.steps)
        await database.run(database.close)
    return disk.steps[:last], heard


def _name(caller: int, number: int) -> str:
    return f"{caller:x}{number:015x}"


async def cut_together(tmp_path: Path, settings: str) -> Found:
    """Lost is what a caller was told, and a session without its position, its delivery or the one before it."""
    steps, heard = await record_together(tmp_path / "spool.db", settings)
    assert sum(step == Synced("spool.db-wal") for step in steps) < ROUNDS * AT_ONCE / 2, "nobody shared a sync"
    chance, lost, unsound = Random(20260302), 0, 0
    for _ in range(CUTS):
        at = chance.randrange(heard[0][0], len(steps) + 1)
        said = {
            caller: max(number for when, one, number in heard if one == caller and when <= at) for _, caller, _ in heard
        }
        sound, files, sessions, *_ = await told(tmp_path / "after", power_lost(steps[:at], chance))
        there = {one.path: one.offset for one in cast("Sequence[FileRow]", files)}
        read = {caller: there.get(f"{caller}.log", 0) for caller in range(AT_ONCE)}
        kept = {
            summary.id: len(rows) for summary, rows in cast("Sequence[tuple[SessionRow, Sequence[object]]]", sessions)
        }
        whole = kept == {_name(caller, number): 1 for caller, offset in read.items() for number in range(offset)}
        unsound += sound != "ok"
        lost += not whole or any(read[caller] < number for caller, number in said.items())
    return Found(lost, unsound)


@pytest.mark.slow
async def test_nothing_that_sixteen_at_once_were_told_is_lost_with_the_power(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = await cut_together(tmp_path, SETTINGS)
    with capsys.disabled():
        sys.stdout.write(
            f"\n    {AT_ONCE} at once, power lost {CUTS} times: {result.lost} lost, {result.unsound} unsound\n"
        )
    assert result == Found(lost=0, unsound=0)


@pytest.mark.slow
async def test_the_same_disk_loses_what_sixteen_were_told_where_it_is_not_synced(tmp_path: Path) -> None:
    hasty = SETTINGS.replace("synchronous = FULL", "synchronous = NORMAL")
    assert (await cut_together(tmp_path, hasty)).lost > CUTS / 2
