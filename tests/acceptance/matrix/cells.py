"""The fault matrix: what each fault is called, what came of every cell, and which of them cannot be run here yet.

A cell is one fault with one seed over a real daemon, a real network and a real collector. Its three figures: **lost**,
sessions that were played and are not there after all has healed; **dup**, rows too many over there; **clear**, whether
the status names cause, effect and what comes next in one sentence within five seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

FAULTS: Mapping[int, str] = {
    1: "daemon kill -9, random",
    2: "daemon killed between server commit and local ack",
    3: "power loss, daemon",
    4: "collector kill -9 mid-request",
    5: "power loss, collector",
    6: "response lost after commit",
    7: "reset mid-body, single post",
    8: "reset mid-chunk, tus",
    9: "last tus reply lost",
    10: "truncated response",
    11: "500 burst, 503 + Retry-After",
    12: "429 with seconds, date, past, absurd value",
    13: "slow-loris server, stalled body",
    14: "latency 5 s, 10 KB/s",
    15: "DNS fails / refused / blackhole",
    16: "captive portal 200 HTML",
    17: "redirect to another host",
    18: "TLS expired / wrong host / MITM",
    19: "disk full at queue",
    20: "disk full at collector",
    21: "write or sync error (EIO)",
    22: "queue folder read-only / permission lost",
    23: "queue database corrupt",
    24: "clock +3 d, -3 d, to 1970",
    25: "half-written, then finished file",
    26: "file rewritten, renamed, deleted while sending",
    27: "tracker database locked / mid-transaction / WAL only",
    28: "watch events lost",
    29: "key revoked mid-run, then renewed",
    30: "poison item and poison batch member",
    31: "two daemons, two machines, same account and files",
    32: "database lock or failover at collector",
    33: "collector upgraded or schema raised mid-queue",
    34: "user deletes a report while its retry is queued",
    35: "suspend/resume 8 h mid-upload",
    36: "10,000 backlog after 30 days offline",
}

ELSEWHERE: Mapping[int, str] = {
    3: "tests/contracts/test_spool_power_loss.py: 400 cuts over a recording disk",
    8: "tests/acceptance/test_tus.py: against the reference server",
    9: "tests/acceptance/test_tus.py: against the reference server",
    27: "tests/contracts/test_databases.py and tests/daemon/isolation: rows only in the log, locked, being written",
    28: "tests/acceptance/test_watching.py: what no event told is found by the scan",
    36: "tests/acceptance/test_backlog_drain.py: ten thousand, oldest first",
}
"""Proved by tests of their own, which are no cells."""

OPEN: Mapping[int, str] = {
    5: "the collector has no PostgreSQL yet, and its SQLite no recording disk",
    33: "there is no earlier collector whose queue could drain into this one",
}

PARTLY: Mapping[int, str] = {
    32: "a lock only: failover needs PostgreSQL",
}
"""What is left to do of those that have cells."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What came of one."""

    fault: int
    variant: str
    seed: int
    sessions: int
    lost: int
    doubled: int
    said: str | None
    """The sentence that the status had for it; None where nothing was to be told: it was over before anybody could ask."""
    told: bool
    """Whether there was to be one."""
    seconds: float
    resent: int | None = None
    """Bytes that reached the collector beyond those that one undisturbed pass takes; None where nobody counted."""

    @property
    def clear(self) -> str:
        if not self.told:
            return "-"
        return "yes" if self.said else "NO"


RESULTS: list[Cell] = []


def table(cells: Sequence[Cell]) -> Iterator[str]:
    """A line for each cell, and one for each fault that has none; then the sums."""
    yield f"{'F':>3}  {'fault':<52} {'variant':<22} {'seed':>4} {'N':>5} {'lost':>4} {'dup':>4} {'clear':>5} {'s':>6}"
    for number, name in FAULTS.items():
        mine = [one for one in cells if one.fault == number]
        for one in mine:
            figures = (
                f"{one.seed:>4} {one.sessions:>5} {one.lost:>4} {one.doubled:>4} {one.clear:>5} {one.seconds:>6.1f}"
            )
            yield f"{number:>3}  {name:<52} {one.variant:<22} {figures}"
        if number in ELSEWHERE:
            yield f"{number:>3}  {name:<52} elsewhere: {ELSEWHERE[number]}"
        elif number in OPEN:
            yield f"{number:>3}  {name:<52} open: {OPEN[number]}"
        elif not mine:
            yield f"{number:>3}  {name:<52} not run"
        if number in PARTLY:
            yield f"{'':>3}  {'':<52} partly open: {PARTLY[number]}"
    told = [one for one in cells if one.told]
    yield "Every cell is over SQLite at both ends: with PostgreSQL at the collector's it is open."
    yield (
        f"{len(cells)} cells over {len({one.fault for one in cells})} faults, {sum(one.sessions for one in cells)} "
        f"sessions: lost {sum(one.lost for one in cells)}, duplicated {sum(one.doubled for one in cells)}, "
        f"clear {sum(bool(one.said) for one in told)} of {len(told)}"
    )
