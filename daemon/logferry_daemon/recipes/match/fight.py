"""Adds up the events of one EVTC log, one at a time. Pure; keeps sums and the few moments that matter, no events.

Numbers of state changes and results are those of arcdps's own description of the format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from logferry_daemon.core.reading import MAX_EVENTS
from logferry_daemon.recipes.match.evtc import EventRow

UP, DEAD, DOWN = 3, 4, 5
KILLED = 8
"""Result of a blow."""
MOMENTS = {UP: "up", DEAD: "death", DOWN: "downed"}
"""State change -> event word."""
STRIKES = frozenset({0, 1, 2, 5, 8, 9})
"""Results of a blow that did damage: normal, critical, glancing, interrupting, killing, downing."""
TICKS = frozenset({0, *range(14, 19)})
"""Results of a condition's damage: older logs write 0, newer ones how it came about."""
FOE = 1


@dataclass(slots=True)
class Fight:
    """What is known after the events so far."""

    squad: Collection[int]
    """Addresses of the players whose log it is, and of those with them."""
    bosses: Collection[int]
    start_tick: int | None = None
    start_unix: int = 0
    end_tick: int | None = None
    end_unix: int = 0
    open: bool = True
    """No end after the last start."""
    last_tick: int = 0
    point_of_view: int | None = None
    language: int | None = None
    build: int | None = None
    map: int | None = None
    rewarded: bool = False
    rows: int = 0
    dealt: Counter[int] = field(default_factory=Counter)
    """By source: the address of a player, or minus the instance of the master of a pet."""
    dealt_to_boss: Counter[int] = field(default_factory=Counter)
    taken: Counter[int] = field(default_factory=Counter)
    boss_damage: Counter[int] = field(default_factory=Counter)
    boss_hits: Counter[int] = field(default_factory=Counter)
    boss_health: dict[int, int] = field(default_factory=dict)
    """The most that it had, in points."""
    boss_left: dict[int, int] = field(default_factory=dict)
    """What it has left of it, in hundredths of a percent."""
    killed: set[int] = field(default_factory=set)
    """Bosses that a blow killed or that were seen dead."""
    instances: dict[int, int] = field(default_factory=dict)
    """Instance -> address, of the squad."""
    moments: list[tuple[int, int, int]] = field(default_factory=list)
    """Tick, state change, address: of the squad and the bosses."""

    def add(self, rows: Iterable[EventRow]) -> None:
        """Take in more events."""
        squad, changes = self.squad, self._CHANGES
        for row in rows:
            self.rows += 1
            time, source, _, _, _, instance, _, _, _, _, activation, removal, change = row
            if change:
                if change in changes:
                    changes[change](self, row)
                continue
            self.last_tick = max(self.last_tick, time)
            if source in squad:
                self.instances[instance] = source
            if not (activation or removal):
                self._blow(row)

    def by_player(self, sums: Mapping[int, int]) -> Counter[int]:
        """Sums by source as sums by player: what a pet did, its master did."""
        found: Counter[int] = Counter()
        for source, amount in sums.items():
            address = source if source >= 0 else self.instances.get(-source)
            if address is not None:
                found[address] += amount
        return found

    def _blow(self, row: EventRow) -> None:
        _, source, target, value, buff_damage, _, master, side, buff, result, *_ = row
        if result == KILLED and not buff and target in self.bosses:
            self.killed.add(target)
        counts = value == 0 and result in TICKS if buff else result in STRIKES
        amount = buff_damage if buff else value
        if amount <= 0 or not counts:
            return
        by = source if source in self.squad else -master if master else None
        if by is not None and (side == FOE or target in self.bosses):
            self.dealt[by] += amount
        if target in self.bosses:
            self.boss_damage[target] += amount
            self.boss_hits[target] += 1
            if by is not None:
                self.dealt_to_boss[by] += amount
        elif target in self.squad:
            self.taken[target] += amount

    def _started(self, row: EventRow) -> None:
        self.open = True
        if self.start_tick is None:
            self.start_tick = row[0]
            # The server's clock; arcdps writes the computer's own beside it.
            self.start_unix = (row[3] or row[4]) & 0xFFFFFFFF

    def _ended(self, row: EventRow) -> None:
        self.open = False
        self.end_tick, self.end_unix = row[0], (row[3] or row[4]) & 0xFFFFFFFF

    def _moment(self, row: EventRow) -> None:
        if row[12] == DEAD and row[1] in self.bosses:
            self.killed.add(row[1])
        if (row[1] in self.squad or row[1] in self.bosses) and len(self.moments) < MAX_EVENTS:
            self.moments.append((row[0], row[12], row[1]))

    def _health(self, row: EventRow) -> None:
        if row[1] in self.bosses:
            self.boss_health[row[1]] = max(self.boss_health.get(row[1], 0), row[2])

    def _left(self, row: EventRow) -> None:
        if row[1] in self.bosses:
            self.boss_left[row[1]] = row[2]

    def _seen_by(self, row: EventRow) -> None:
        self.point_of_view = row[1] if self.point_of_view is None else self.point_of_view

    def _spoken(self, row: EventRow) -> None:
        self.language = row[1]

    def _built(self, row: EventRow) -> None:
        self.build = row[1]

    def _where(self, row: EventRow) -> None:
        self.map = row[1] if self.map is None else self.map

    def _reward(self, _: EventRow) -> None:
        self.rewarded = True

    _CHANGES: ClassVar[Mapping[int, Callable[[Fight, EventRow], None]]] = {
        UP: _moment,
        DEAD: _moment,
        DOWN: _moment,
        8: _left,
        9: _started,
        10: _ended,
        12: _health,
        13: _seen_by,
        14: _spoken,
        15: _built,
        17: _reward,
        25: _where,
    }
