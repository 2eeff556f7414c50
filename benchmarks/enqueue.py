"""How fast a session is safe: one durable transaction of the spool against one bare fdatasync of the same disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Case, Finding, NotMeasured, Target, compared, interleave, seconds
from logferry_daemon.adapters.clock_system import SystemChance
from logferry_daemon.adapters.spool_rows import SenderFacts
from logferry_daemon.adapters.spool_sqlite import SqliteSpool, open_spool
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.reading import Document
from logferry_daemon.core.settle import Signature
from logferry_daemon.ports import FileRow
from logferry_daemon.trackers.artemis import Artemis
from logferry_model.session import EndRule
from tests.factories import START, artemis_document, encode_document
from tests.privacy import prepare

ABOUT = "durable admits of the spool, one at a time, against raw fdatasync; higher is better"
TARGET, STRETCH = Target(0.45, at_least=True), Target(0.6, at_least=True)
"""performance.md, row 13."""
AT_ONCE = 16
MANY = f"admit, 3 events, {AT_ONCE} at a time"
TEXTS = f"a text of a kilobyte, {AT_ONCE} at a time"
TARGETS = {
    "fdatasync": (Target(3.5, at_least=True), Target(5, at_least=True)),
    "litequeue, FULL": (Target(4, at_least=True), Target(6, at_least=True)),
    "persist-queue, FULL": (Target(4, at_least=True), Target(6, at_least=True)),
}
"""performance.md, row 12."""
TEXT = "x" * 1000
PEER = "fdatasync"
SMALL, USUAL = "admit, 3 events", "admit, 90 events"
BATCH = 100
PAGE = b"x" * 4096
FLUSH = getattr(os, "fdatasync", os.fsync)
"""Where there is none, the next of kin."""


def run(*, quick: bool) -> Iterator[Finding]:
    rounds = 3 if quick else 9
    with TemporaryDirectory() as name, asyncio.Runner() as runner:
        folder = Path(name)
        sessions = {
            what: made(range(first, first + (rounds + 1) * BATCH), events=events)
            for what, first, events in ((SMALL, 0, 3), (USUAL, 100_000, 90))
        }
        spooling = open_spool(folder / "spool.db", SystemChance(), SenderFacts(app_version="0", platform="linux"))
        spool = runner.run(spooling.__aenter__())
        try:
            cases: dict[str, Case] = {
                SMALL: lambda: rate(lambda: runner.run(admit(spool, sessions[SMALL]))),
                USUAL: lambda: rate(lambda: runner.run(admit(spool, sessions[USUAL]))),
                PEER: lambda: rate(lambda: sync(folder / "plain")),
            }
            interleave(cases, 1)  # caches, first pages
            values = interleave(cases, rounds)
            stored = len(runner.run(spool.sessions()))
        finally:
            runner.run(spooling.__aexit__(None, None, None))
    if stored != 2 * (rounds + 1) * BATCH:
        raise NotMeasured(f"{stored} sessions are in the spool")
    yield from at_once(quick=quick)
    for what in (SMALL, USUAL):
        yield Finding(
            benchmark="enqueue",
            what=what,
            unit="/s",
            values=values[what],
            peer=PEER,
            peer_values=values[PEER],
            target=TARGET if what == SMALL else None,
            stretch=STRETCH if what == SMALL else None,
        )


def at_once(*, quick: bool) -> Iterator[Finding]:
    """Sixteen callers at a time, who may share a sync, beside queues that anybody can install.

    What those are given is a text in one row; a session is a dozen statements. Both are put into the spool.
    """
    rounds = 3 if quick else 9
    with TemporaryDirectory() as name, asyncio.Runner() as runner:
        folder = Path(name)
        sessions = made(range((rounds + 1) * BATCH), events=3)
        spooling = open_spool(folder / "spool.db", SystemChance(), SenderFacts(app_version="0", platform="linux"))
        spool = runner.run(spooling.__aenter__())
        cases: dict[str, Case] = {
            MANY: lambda: rate(lambda: runner.run(admit_together(spool, sessions))),
            TEXTS: lambda: rate(lambda: runner.run(keep_together(spool))),
            PEER: lambda: rate(lambda: sync(folder / "plain")),
        } | queues(folder)
        try:
            interleave(cases, 1)
            values = interleave(cases, rounds)
            check(spool, runner, (rounds + 1) * BATCH)
        finally:
            runner.run(spooling.__aexit__(None, None, None))
    for peer, (target, stretch) in TARGETS.items():
        if peer in values:
            for ours in (MANY, TEXTS):
                yield from compared(
                    "enqueue", ours, "/s", values, ours=ours, peers=(peer,), target=target, stretch=stretch
                )
        else:
            yield Finding(benchmark="enqueue", what=f"{MANY} / {peer}", reason="it is not installed")


def queues(folder: Path) -> dict[str, Case]:
    """Those that are here, each with every put on the disk before it returns."""
    found: dict[str, Case] = {}
    if find_spec("litequeue"):
        from litequeue import LiteQueue  # noqa: PLC0415 -- it may not be there

        lite = LiteQueue(folder / "lite.db")
        lite.conn.execute("PRAGMA synchronous = FULL")
        found["litequeue, FULL"] = lambda: rate(lambda: [lite.put(TEXT) for _ in range(BATCH)])
    if find_spec("persistqueue"):
        from persistqueue import SQLiteAckQueue  # noqa: PLC0415 -- (the same)

        kept = SQLiteAckQueue(str(folder / "persist"), auto_commit=True)
        # Its own settings say nothing of syncs.
        for connection in filter(None, {kept._conn, kept._putter}):  # noqa: SLF001 -- (the same)
            connection.execute("PRAGMA synchronous = FULL")
        found["persist-queue, FULL"] = lambda: rate(lambda: [kept.put(TEXT) for _ in range(BATCH)])
    return found


def check(spool: SqliteSpool, runner: asyncio.Runner, number: int) -> None:
    """That all of it is there."""
    if len(runner.run(spool.sessions())) != number or runner.run(spool.note(f"text-{number - 1}")) != TEXT:
        raise NotMeasured("something that was put into the spool is not there")


async def admit_together(spool: SqliteSpool, sessions: Iterator[NewSession]) -> None:
    """The same as one by one, by as many callers as wait for each other."""

    async def one() -> None:
        admitted = await spool.admit(file_row(next(NUMBERS)), [next(sessions)], ["home"], datetime.now(UTC))
        if not admitted[0].new:
            raise NotMeasured("the spool knew a session that was new")

    await together(one)


async def keep_together(spool: SqliteSpool) -> None:
    """Texts, each in a row of its own, on the same way to the disk."""
    await together(lambda: spool.set_note(f"text-{next(TEXT_NUMBERS)}", TEXT))


async def together(call: Callable[[], Awaitable[None]]) -> None:
    """BATCH calls, by AT_ONCE callers of whom each waits for his own."""
    left = iter(range(BATCH))

    async def caller() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))


def rate(batch: Callable[[], object]) -> float:
    """How many a second."""
    return BATCH / seconds(batch)


def made(numbers: range, *, events: int) -> Iterator[NewSession]:
    """Prepared sessions: making them is no part of the time."""
    return iter([one(number, events) for number in numbers])


def one(number: int, events: int) -> NewSession:
    document = artemis_document(number, start=START + number * timedelta(minutes=1), events=events)
    found = Artemis().read(Document(data=encode_document(document))).found[0]
    return prepare(found, found.end or end_by(EndRule.EXPLICIT, "endedAt"), only_grows=False)


NUMBERS = count(1)
TEXT_NUMBERS = count()


async def admit(spool: SqliteSpool, sessions: Iterator[NewSession]) -> None:
    """One transaction a session: the session, its delivery and its file's position."""
    for _ in range(BATCH):
        row = file_row(next(NUMBERS))
        admitted = await spool.admit(row, [next(sessions)], ["home"], datetime.now(UTC))
        if not admitted[0].new:
            raise NotMeasured("the spool knew a session that was new")


def file_row(number: int) -> FileRow:
    return FileRow(
        source="hunts",
        path=f"session-{number}.json",
        signature=Signature(1000, number, number, 1),
        head="0" * 64,
        head_size=1000,
        offset=1000,
        line=1,
        first_at=START,
        running=False,
    )


def sync(file: Path) -> None:
    """Appends a page and waits for the disk, BATCH times."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(BATCH):
            os.write(handle, PAGE)
            FLUSH(handle)
    finally:
        os.close(handle)
