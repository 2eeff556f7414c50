"""Random schedules over a real folder and a real spool: nothing that was there at a look is lost or there twice.

*Lost* means: a session that was in the folder, with so many whole lines, when a runner scanned it, and that is not in the
spool at the end with at least as many. After a restart that holds for what was over and had settled, and for what is seen
again: an unfinished session that is deleted while no daemon runs was never anybody's but the game's.
*Doubled* means: two sessions in the spool that began at the same moment, or one with an event that nobody wrote.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_daemon.adapters.spool_rows import SenderFacts
from logferry_daemon.adapters.spool_sqlite import SqliteSpool, open_spool
from logferry_daemon.core.reading import AnyTracker
from tests.daemon.shell.stage import ARTEMIS, ELITE, SECOND, begin, hunt, jump, shutdown
from tests.daemon.shell.yard import Held, Yard, sessions_of_document, sessions_of_log
from tests.fakes import FixedChance

FEW, MANY = 40, 1_000
DEEDS_EACH = 12
HINTED = 0.7
"""How often the watcher notices."""
WAITS = [wait * SECOND for wait in (0, 0.2, 1.2, 3, 12, 40, 70)]


class Game:
    """Keeps journals in a yard, and does to them whatever games and their owners do."""

    def __init__(self, yard: Yard, dice: random.Random) -> None:
        self.written: dict[str, int] = {}
        """When a session began -> jumps in it, counted as they were written."""
        self._yard = yard
        self._dice = dice
        self._path = "Journal.0.log"
        self._began: datetime | None = None
        self._rest = b""
        self._number = 0

    def append(self) -> None:
        now = self._yard.clock.now().replace(microsecond=0)
        if self._began is None:
            self._began = now
            self.written[self._key] = 0
            self._write(begin(now))
        self.written[self._key] += 1
        self._number += 1
        self._write(jump(now, self._number))

    @property
    def _key(self) -> str:
        assert self._began is not None
        return f"{self._began:%Y-%m-%dT%H:%M:%SZ}"

    def end(self) -> None:
        if self._began is not None:
            self._write(shutdown(self._yard.clock.now()))
            self._began = None

    def whole_session(self) -> None:
        """Over before anybody looked."""
        self.end()
        self._yard.clock.move(SECOND)
        self.append()
        self.append()
        self.end()

    def half_a_line(self) -> None:
        """Whatever comes next brings the rest."""
        if self._began is None or self._rest:
            return
        self.written[self._key] += 1
        self._number += 1
        whole = jump(self._yard.clock.now(), self._number)
        self._yard.append(self._path, whole[:30])
        self._rest = whole[30:]

    def rename(self) -> None:
        """The game goes on in the renamed file."""
        if self._is_there:
            to = self._fresh_name()
            self._yard.rename(self._path, to)
            self._path = to

    def rotate(self) -> None:
        """The old log is put where nobody looks, or beside the new one; a new one takes its name."""
        self._finish_line()
        if self._is_there:
            self._yard.rename(self._path, self._dice.choice(["old.txt", self._fresh_name()]))
        self._begin_anew()

    def copy_truncate(self) -> None:
        """The old log is copied away and emptied in place."""
        self._finish_line()
        if self._is_there:
            self._copy_to(self._dice.choice(["old.txt", self._fresh_name()]))
            self._yard.write(self._path, b"")
        self._begin_anew()

    def truncate_and_outgrow(self) -> None:
        """Emptied, and longer than before when somebody looks."""
        self._finish_line()
        size = self._size
        self._begin_anew()
        self._yard.write(self._path, b"")
        self._yard.clock.move(SECOND)
        while self._size <= size:
            self.append()

    def copy(self) -> None:
        """A copy that stays as it is."""
        if self._is_there:
            self._copy_to(self._fresh_name())

    def copied_back(self) -> None:
        """A backup program puts the same bytes back as another file."""
        if self._is_there:
            self._yard.replace(self._path, self._content)

    def delete(self) -> None:
        if self._is_there:
            self._yard.delete(self._path)
        self._begin_anew()

    def recreate(self) -> None:
        """Deleted, and at once there again with another session; the system may use its inode again."""
        self.delete()
        self._yard.clock.move(SECOND)
        self.append()

    def older_time(self) -> None:
        """An unpacked backup: the same bytes, years ago."""
        if self._is_there:
            self._yard.stamp(self._path, self._yard.clock.now() - timedelta(days=900))

    def append_unnoticed(self) -> None:
        """More of it, and the time of the file does not move."""
        if self._is_there:
            before = (self._yard.folder / self._path).stat().st_mtime
            self.append()
            self._yard.stamp(self._path, datetime.fromtimestamp(before, tz=UTC))

    def touch(self) -> None:
        if self._is_there:
            self._yard.stamp(self._path)

    def delete_another(self) -> None:
        """One of the copies and rotated logs goes."""
        others = [name for name in self._yard.names if name != self._path]
        if others:
            self._yard.delete(self._dice.choice(others))

    def restart(self) -> None:
        self._yard.restart()

    def nothing(self) -> None:
        """Time passes."""

    @property
    def _is_there(self) -> bool:
        return self._path in self._yard.names

    @property
    def _content(self) -> bytes:
        return (self._yard.folder / self._path).read_bytes()

    @property
    def _size(self) -> int:
        return len(self._content) if self._is_there else 0

    def _write(self, data: bytes) -> None:
        self._yard.append(self._path, self._rest + data)
        self._rest = b""

    def _finish_line(self) -> None:
        if self._rest:
            self._write(b"")

    def _begin_anew(self) -> None:
        """What was open is over for the game, and no log will say so."""
        self._began, self._rest = None, b""

    def _copy_to(self, name: str) -> None:
        self._yard.write(name, self._content)

    def _fresh_name(self) -> str:
        self._number += 1
        return f"Journal.{self._number}.log"


class Hunter:
    """Keeps documents in a yard: each is written afresh whenever something happens."""

    def __init__(self, yard: Yard, dice: random.Random) -> None:
        self.written: dict[str, int] = {}
        """When a session began -> events of its longest version."""
        self._yard = yard
        self._dice = dice
        self._number = self._session = self._events = 0
        self._path = ""
        self.begin_another()

    def begin_another(self) -> None:
        self._number += 1
        self._session += 1
        self._events = 0
        self._path = f"session-{self._number}.json"
        self.write()

    def write(self) -> None:
        """In place."""
        self._yard.write(self._path, self._more(running=True))

    def replace(self) -> None:
        """By renaming, as careful programs do."""
        self._yard.replace(self._path, self._more(running=True))

    def end(self) -> None:
        self._yard.write(self._path, self._more(running=False))

    def half(self) -> None:
        """The rest comes with the next version, or never."""
        if self._is_there:
            self._yard.write(self._path, self._more(running=False)[: -self._dice.randrange(1, 200)])

    def rename(self) -> None:
        if self._is_there:
            self._number += 1
            to = f"session-{self._number}.json"
            self._yard.rename(self._path, to)
            self._path = to

    def copy(self) -> None:
        """A backup in the same folder."""
        if self._is_there:
            self._number += 1
            self._yard.write(f"session-{self._number}.json", (self._yard.folder / self._path).read_bytes())

    def delete(self) -> None:
        if self._is_there:
            self._yard.delete(self._path)

    def recreate(self) -> None:
        """Another session in a file of the same name; the system may use the inode again."""
        self.delete()
        path = self._path
        self.begin_another()
        self._yard.rename(self._path, path)
        self._path = path

    def older_time(self) -> None:
        """Longer, and by its time older than ever."""
        self.write()
        self._yard.stamp(self._path, self._yard.clock.now() - timedelta(days=900))

    def write_unnoticed(self) -> None:
        """Longer, and its time does not move."""
        if self._is_there:
            before = (self._yard.folder / self._path).stat().st_mtime
            self.write()
            self._yard.stamp(self._path, datetime.fromtimestamp(before, tz=UTC))

    def touch(self) -> None:
        if self._is_there:
            self._yard.stamp(self._path)

    def restart(self) -> None:
        self._yard.restart()

    def nothing(self) -> None:
        """Time passes."""

    @property
    def _is_there(self) -> bool:
        return self._path in self._yard.names

    def _more(self, *, running: bool) -> bytes:
        self._events += 1
        data = hunt(self._session, events=self._events, running=running)
        self.written |= {began: amount for began, (amount, _) in sessions_of_document(data).items()}
        return data


def deeds_of(player: type[Game | Hunter]) -> list[str]:
    return [name for name in vars(player) if not name.startswith("_") and callable(getattr(player, name))]


@dataclass(frozen=True)
class Kind:
    """Who plays, with what tracker, and what a file of it holds."""

    tracker: AnyTracker
    player: type[Game | Hunter]
    holds: Callable[[bytes], Held]
    counted: str
    """The type of the events that count."""


JOURNALS = Kind(ELITE, Game, sessions_of_log, "FSDJump")
DOCUMENTS = Kind(ARTEMIS, Hunter, sessions_of_document, "")


async def play(seed: int, folder: Path, kind: Kind) -> str:
    """What went wrong; empty when nothing did."""
    dice, deeds = random.Random(seed), deeds_of(kind.player)
    (folder / "logs").mkdir(parents=True)
    sender = SenderFacts(app_version="0", platform="linux")
    async with open_spool(folder / "spool.db", FixedChance(), sender) as spool:
        yard = Yard(folder / "logs", kind.tracker, spool, kind.holds)
        player, done = kind.player(yard, dice), []
        for _ in range(DEEDS_EACH):
            deed, wait, hinted = dice.choice(deeds), dice.choice(WAITS), dice.random() < HINTED
            done.append((deed, wait.total_seconds(), hinted))
            yard.clock.move(SECOND)  # no two sessions begin in the same second
            getattr(player, deed)()
            if hinted:
                yard.hint()
            await yard.run(wait)
        player.end()
        await yard.wait_long()
        kept = await in_spool(spool, kind.counted)
    wrong = list(judged(kept, yard.owed, player.written))
    return f"seed {seed}: {wrong} after {done}" if wrong else ""


def judged(kept: dict[str, list[int]], owed: dict[str, int], written: dict[str, int]) -> Iterator[str]:
    """Every session that is lost, cut, doubled or made up."""
    yield from (f"{began} is there {len(versions)} times" for began, versions in kept.items() if len(versions) > 1)
    yield from (f"{began} was never written" for began in kept.keys() - written.keys())
    for began, amount in owed.items():
        has = max(kept.get(began, [-1]))
        if not amount <= has <= written[began]:
            yield f"{began}: {amount} seen, {has} kept, {written[began]} written"


async def in_spool(spool: SqliteSpool, counted: str) -> dict[str, list[int]]:
    """When each session began -> how much of it there is, once for each session in the spool."""
    kept: dict[str, list[int]] = {}
    for summary, _ in await spool.sessions():
        found = await spool.session(summary.id)
        assert found is not None
        events = [event for event in found[2].events if not counted or event.type == counted]
        kept.setdefault(f"{found[0].started_at:%Y-%m-%dT%H:%M:%SZ}", []).append(len(events))
    return kept


async def all_wrong(seeds: range, folder: Path, kind: Kind) -> list[str]:
    return [wrong for seed in seeds if (wrong := await play(seed, folder / str(seed), kind))]


@pytest.mark.parametrize("kind", [JOURNALS, DOCUMENTS], ids=["journals", "documents"])
async def test_whatever_is_done_to_files_no_session_is_lost_or_doubled(tmp_path: Path, kind: Kind) -> None:
    assert await all_wrong(range(FEW), tmp_path, kind) == []


@pytest.mark.accept
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", [JOURNALS, DOCUMENTS], ids=["journals", "documents"])
async def test_a_thousand_schedules_lose_and_double_nothing(tmp_path: Path, kind: Kind) -> None:
    assert await all_wrong(range(FEW, FEW + MANY), tmp_path, kind) == []
