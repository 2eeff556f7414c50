"""The layout of arcdps's EVTC files: header, agents, skills, events of 64 bytes. Pure; knows not what they mean.

Revisions 0 and 1 differ in where an event keeps its fields. Both are read into the same thirteen of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from logferry_daemon.recipes.match.blocks import Blocks
from logferry_model.errors import Damaged

MAGIC = b"EVTC"
EVENT_BYTES = 64
MAX_AGENTS = 50_000
MAX_SKILLS = 200_000
NOT_A_PLAYER = 0xFFFFFFFF
GADGET = 0xFFFF
_HEADER = struct.Struct("<4s8sBHx")
_COUNT = struct.Struct("<I")
_AGENT = struct.Struct("<QII12x64s4x")
_SKILL_BYTES = 68
_EVENTS = {
    0: struct.Struct("<QQQii4xHxxH9xBBBBB3xB4x"),
    1: struct.Struct("<QQQii8xHxxHxxBBBBB3xB7x"),
}
"""time, source, target, value, buff damage, source instance, its master's instance, friend or foe, buff, result,
activation, buff removal, state change."""

EventRow = tuple[int, int, int, int, int, int, int, int, int, int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first sixteen bytes."""

    build: str
    """Of arcdps, as a date."""
    revision: int
    boss: int
    """Species of the enemy that the log is about; 1 is World versus World, 2 a whole map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Somebody or something in the fight."""

    address: int
    profession: int
    elite: int
    name: str
    account: str
    """Without the colon; empty for everybody outside of the squad."""
    subgroup: str

    @property
    def player(self) -> bool:
        """A person, of the squad or against it."""
        return self.elite != NOT_A_PLAYER

    @property
    def gadget(self) -> bool:
        """A thing: its number may be that of a species, too."""
        return not self.player and self.profession >> 16 == GADGET

    @property
    def species(self) -> int | None:
        """What kind of creature or thing."""
        return None if self.player else self.profession & 0xFFFF


def read_header(blocks: Blocks) -> Header:
    """The header; Damaged when it is not one of a known revision."""
    mark, build, revision, boss = _HEADER.unpack(blocks.take(_HEADER.size))
    if mark != MAGIC or not build.isdigit():
        raise Damaged("not-evtc", "not a log of arcdps: it does not begin with EVTC and a date.")
    if revision not in _EVENTS:
        raise Damaged("evtc-revision", f"revision {revision} of the format is not known; 0 and 1 are.")
    return Header(build=build.decode("ascii"), revision=revision, boss=boss)


def read_agents(blocks: Blocks) -> tuple[Agent, ...]:
    """Everybody in the fight, in the order of the file."""
    table = blocks.take(_counted(blocks, MAX_AGENTS, "agents") * _AGENT.size)
    return tuple(_agent(*row) for row in _AGENT.iter_unpack(table))


def skip_skills(blocks: Blocks) -> None:
    """Go on after the names of the skills."""
    blocks.skip(_counted(blocks, MAX_SKILLS, "skills") * _SKILL_BYTES)


def read_events(blocks: Blocks, revision: int) -> Iterator[EventRow]:
    """Every whole event; what is left after the last one is in `blocks.over`."""
    layout = _EVENTS[revision]
    for block in blocks.records(EVENT_BYTES):
        yield from layout.iter_unpack(block)


def _counted(blocks: Blocks, limit: int, what: str) -> int:
    (count,) = _COUNT.unpack(blocks.take(_COUNT.size))
    if count > limit:
        raise Damaged("evtc-damaged", f"the file says that it has {count} {what}; no fight has more than {limit}.")
    return int(count)


def _agent(address: int, profession: int, elite: int, names: bytes) -> Agent:
    name, account, subgroup, *_ = [*names.split(b"\0"), b"", b""]
    return Agent(
        address=address,
        profession=profession,
        elite=elite,
        name=name.decode("utf-8", "replace"),
        account=account.decode("utf-8", "replace").removeprefix(":"),
        subgroup=subgroup.decode("utf-8", "replace"),
    )
