"""What an EVTC log tells about a fight in Guild Wars 2. Bytes in, a match out; opens no file, reads no clock.

The name of the boss is the one that the log gives it. Everybody's names go into `names`; no digest of one leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from logferry_daemon.core.figure import figure
from logferry_daemon.core.identity import content_mark, to_ms
from logferry_daemon.core.reading import Trouble
from logferry_daemon.recipes.match.blocks import CUT_OFF, Blocks, cut_off
from logferry_daemon.recipes.match.evtc import Agent, Header, read_agents, read_events, read_header, skip_skills
from logferry_daemon.recipes.match.fight import DEAD, DOWN, MOMENTS, Fight
from logferry_daemon.recipes.match.played import LOCAL_PLAYER, Played, moment, no_time, within
from logferry_model.session import Boss, EpochMs, Event, Participant, Scalar

FACTS = frozenset(
    {"boss_id", "mode", "agents", "players", "enemies", "success", "game_build", "language", "map_id"}
    | {"arcdps_build", "revision"}
)
FIGURES = frozenset({"damage_dealt", "boss_damage", "damage_taken", "downs", "deaths"})
_MODES = {1: "world-versus-world", 2: "map"}
_LANGUAGES = {0: "en", 2: "fr", 3: "de", 4: "es", 5: "zh"}
_PROFESSIONS = (
    "guardian",
    "warrior",
    "engineer",
    "ranger",
    "thief",
    "elementalist",
    "mesmer",
    "necromancer",
    "revenant",
)
"""By number, from 1."""
_BOSS_NAME = 64


def read_fight(blocks: Blocks, *, sealed: bool) -> Played:
    """The fight; `sealed` says that the stream has a checksum of its own, which is wrong where it is cut."""
    header = read_header(blocks)
    agents = read_agents(blocks)
    skip_skills(blocks)
    squad = [agent for agent in agents if agent.player and agent.account]
    bosses = _bosses(agents, header.boss)
    fight = Fight(
        squad=frozenset(agent.address for agent in squad), bosses=frozenset(agent.address for agent in bosses)
    )
    fight.add(read_events(blocks, header.revision))
    return _played(header, agents, squad, bosses, fight, cut=bool(blocks.over) or (fight.open and not sealed))


def _played(
    header: Header, agents: tuple[Agent, ...], squad: list[Agent], bosses: list[Agent], fight: Fight, *, cut: bool
) -> Played:
    started = moment(fight.start_unix)
    if started is None or fight.start_tick is None:
        raise cut_off() if cut else no_time()
    lasted = within(_lasted(fight), started)
    own = next((agent for agent in squad if agent.address == fight.point_of_view), None)
    labels = {agent.address: label for label, agent in _labelled(squad, own)}
    mark = content_mark(fight.start_tick, fight.point_of_view)
    return Played(
        # Ticks count from the start of a computer: they tell two players' logs of one fight apart and name nobody.
        key=f"{started.isoformat()}/{header.boss}/{mark}",
        started_at=started,
        lasted=lasted,
        whole=None if cut else f"1 fight, boss id {header.boss}, {len(agents)} agents, {fight.rows} events",
        identity=own.account if own else None,
        names=frozenset(_names(agents)),
        participants=tuple(_participants(squad, labels, fight)),
        bosses=tuple(_fought(bosses, fight)),
        events=tuple(_events(fight, labels, to_ms(started), lasted)),
        facts=_facts(header, agents, squad, fight),
        troubles=(_cut_trouble(fight),) if cut else (),
    )


def _bosses(agents: tuple[Agent, ...], species: int) -> list[Agent]:
    """Creatures of the species; where there are none, things with its number: some bosses are things."""
    found = [agent for agent in agents if agent.species == species and species not in _MODES]
    return [agent for agent in found if not agent.gadget] or found


def _lasted(fight: Fight) -> timedelta:
    start, end = fight.start_tick or 0, fight.end_tick
    if end is None or end < start:
        end = fight.last_tick
    ticks = end - start
    if 0 <= ticks <= timedelta(days=1) / timedelta(milliseconds=1):
        return timedelta(milliseconds=ticks)
    return timedelta(seconds=max(0, fight.end_unix - fight.start_unix))


def _labelled(squad: list[Agent], own: Agent | None) -> Iterator[tuple[str, Agent]]:
    if own is not None:
        yield LOCAL_PLAYER, own
    others = (agent for agent in squad if own is None or agent.address != own.address)
    yield from ((f"p{number}", agent) for number, agent in enumerate(others, start=1))


def _names(agents: tuple[Agent, ...]) -> Iterator[str]:
    for agent in agents:
        if agent.player:
            yield from (agent.name, agent.account, agent.account.partition(".")[0])


def _participants(squad: list[Agent], labels: dict[int, str], fight: Fight) -> Iterator[Participant]:
    dealt, to_boss = fight.by_player(fight.dealt), fight.by_player(fight.dealt_to_boss)
    died = Counter(address for _, change, address in fight.moments if change == DEAD)
    fell = Counter(address for _, change, address in fight.moments if change == DOWN)
    seen: set[int] = set()
    for agent in squad:
        if agent.address in seen:
            continue  # a player who left and came back has two rows
        seen.add(agent.address)
        label = labels[agent.address]
        sums = {
            "damage_dealt": dealt,
            "boss_damage": to_boss,
            "damage_taken": fight.taken,
            "downs": fell,
            "deaths": died,
        }
        yield Participant(
            id=label,
            name=agent.name,
            local=label == LOCAL_PLAYER,
            facts=_about(agent),
            figures={name: float(of[agent.address]) for name, of in sums.items()},
        )


def _about(agent: Agent) -> dict[str, Scalar]:
    known = 1 <= agent.profession <= len(_PROFESSIONS)
    facts: dict[str, Scalar] = {"profession": _PROFESSIONS[agent.profession - 1] if known else agent.profession}
    facts["elite_spec"] = agent.elite
    if agent.subgroup.isascii() and agent.subgroup.isdigit():
        facts["subgroup"] = int(agent.subgroup[:3])
    return facts


def _fought(bosses: list[Agent], fight: Fight) -> Iterator[Boss]:
    for agent in bosses:
        yield Boss(
            name=agent.name[:_BOSS_NAME] if agent.name.isprintable() and agent.name else f"boss {agent.species}",
            damage=float(fight.boss_damage[agent.address]),
            hits=fight.boss_hits[agent.address],
            max_hp=figure(fight.boss_health.get(agent.address)),
            defeated=_beaten(fight, agent.address),
        )


def _events(fight: Fight, labels: dict[int, str], start: EpochMs, lasted: timedelta) -> Iterator[Event]:
    limit = lasted // timedelta(milliseconds=1)
    for tick, change, address in sorted(fight.moments):
        after = min(max(0, tick - (fight.start_tick or 0)), limit)
        word = MOMENTS[change] if address in labels else f"boss_{MOMENTS[change]}"
        yield Event(at=EpochMs(start + after), type=word, participant=labels.get(address))


def _facts(header: Header, agents: tuple[Agent, ...], squad: list[Agent], fight: Fight) -> dict[str, Scalar]:
    facts: dict[str, Scalar] = {
        "boss_id": header.boss,
        "mode": _MODES.get(header.boss, "boss"),
        "agents": len(agents),
        "players": len({agent.address for agent in squad}),
        "enemies": sum(agent.player and not agent.account for agent in agents),
        "game_build": figure(fight.build),
        "language": None if fight.language is None else _LANGUAGES.get(fight.language, "other"),
        "map_id": figure(fight.map),
        "arcdps_build": header.build,
        "revision": header.revision,
    }
    if fight.rewarded or any(_beaten(fight, address) for address in fight.bosses):
        facts["success"] = True
    elif fight.boss_left:
        facts["success"] = False
    return {name: int(value) if isinstance(value, float) else value for name, value in facts.items()}


def _beaten(fight: Fight, address: int) -> bool:
    """Seen dead, killed by a blow, or without any health left."""
    return address in fight.killed or fight.boss_left.get(address) == 0


def _cut_trouble(fight: Fight) -> Trouble:
    return Trouble(code=CUT_OFF, message=f"the log stops in the middle of the fight, after {fight.rows} whole events.")
