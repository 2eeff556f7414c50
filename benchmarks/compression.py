"""What packing a session costs and saves: zstd as letters are packed, beside gzip -6 of the standard library."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from benchmarks.harness import Case, Finding, NotMeasured, Target, interleave, seconds
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.packing import pack
from logferry_daemon.core.reading import Document
from logferry_daemon.trackers.artemis import Artemis
from logferry_model.session import EndRule
from tests.factories import artemis_document, encode_document
from tests.packed import unpacked
from tests.privacy import prepare

ABOUT = "packed bytes, and time to pack, of generated sessions; lower is better"
PEER = "gzip -6"
EVENTS = (90, 1_000, 20_000)
SMALLER = Target(1.0)
NO_SLOWER = Target(1.0)
"""performance.md took level 9, of other sessions; on these, 7 is where zstd is the better of the two at both."""
STALL = Target(10, "ms")
"""Of the event loop, while a thread packs: what answers people must not be felt to stop."""
TICK = 0.001
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda document: pack(document, ("zstd",))[0],
    PEER: lambda document: gzip.compress(document, 6, mtime=0),
}


def run(*, quick: bool) -> Iterator[Finding]:
    rounds = 5 if quick else 15
    for events in EVENTS:
        document = made(events)
        sizes = {name: len(checked(packer, document)) for name, packer in PACKERS.items()}
        what = f"{events} events, {len(document) / 1000:.0f} kB"
        yield finding(f"size: {what}", "kB", {name: (size / 1000,) for name, size in sizes.items()}, SMALLER)
        yield finding(f"time: {what}", "ms", interleave(timed(document), rounds), NO_SLOWER)
    document = made(EVENTS[-1])
    stalls = interleave({name: stalled(packer, document) for name, packer in PACKERS.items()}, rounds)
    yield finding(f"loop held up by a thread: {EVENTS[-1]} events", "ms", stalls, STALL)


def finding(what: str, unit: str, values: dict[str, tuple[float, ...]], target: Target) -> Finding:
    return Finding(
        benchmark="compression",
        what=what,
        unit=unit,
        values=values["zstd"],
        peer=PEER,
        peer_values=values[PEER],
        target=target,
    )


def made(events: int) -> bytes:
    """The bytes of a session as its letter has them."""
    written = artemis_document(7, events=events, length=timedelta(minutes=40))
    found = Artemis().read(Document(data=encode_document(written))).found[0]
    return prepare(found, found.end or end_by(EndRule.EXPLICIT, "endedAt"), only_grows=False).document


def checked(packer: Callable[[bytes], bytes], document: bytes) -> bytes:
    packed = packer(document)
    if unpacked(packed) != document:
        raise NotMeasured("what was packed did not come back")
    return packed


def timed(document: bytes) -> dict[str, Case]:
    def case(packer: Callable[[bytes], bytes]) -> Case:
        return lambda: 1000 * seconds(lambda: packer(document))

    return {name: case(packer) for name, packer in PACKERS.items()}


def stalled(packer: Callable[[bytes], bytes], document: bytes) -> Case:
    """The longest that a loop was late, in ms, while a thread packed."""
    return lambda: 1000 * asyncio.run(longest_wait(lambda: packer(document)))


async def longest_wait(work: Callable[[], object]) -> float:
    packing = asyncio.ensure_future(asyncio.to_thread(work))
    longest, before = 0.0, time.perf_counter()
    while not packing.done():
        await asyncio.sleep(TICK)
        now = time.perf_counter()
        longest, before = max(longest, now - before - TICK), now
    await packing
    return longest
