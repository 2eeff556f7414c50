"""Resonance Logs (Blue Protocol): a SQLite database with a live writer, one row an encounter and its parts in others.

The schema moves, so whatever a file does not have counts as not given. Rows in, sessions out: opens no database. Who a
player is stays here: the game's numbers of people are left out, also of the session's key, because they can be guessed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace as replaced
from datetime import timedelta

from msgspec.structs import replace

from logferry_daemon.core.adding import measures_of, with_measures
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.identity import content_mark, from_ms, session_id
from logferry_daemon.core.policy import Group, Listing
from logferry_daemon.core.reading import EndRules, Found, Reading, Trouble, found_whole
from logferry_daemon.core.rows import Answer, Cell, Question, Row
from logferry_daemon.trackers import resonance_rows as rows
from logferry_daemon.trackers import resonance_skills
from logferry_daemon.trackers.resonance_rows import MAX_MS, Encounter
from logferry_daemon.trackers.resonance_tables import PARTS, SESSIONS
from logferry_model.figures import Combat, Defence, Measure, Statistics
from logferry_model.session import Boss, End, EndRule, EpochMs, Participant, Scalar, Session

NAME = "resonance"
MAX_BYTES = 8 * 2**30
"""Never read as a whole, so any size will do; a larger file is somebody's mistake."""

_MESSAGES = {
    "nothing-in-it": "{} encounter(s) have no player and took no time: nothing happened, and they are left out.",
    "row-skipped": "{} encounter(s) have no time of their beginning and are left out.",
    "same-start": "{} encounter(s) begin in the same millisecond as another one and are left out.",
    "too-long": "{} encounter(s) took longer than two hours; their timelines end there.",
    "too-many-players": "{} encounter(s) have more than 50 players; those with the most damage are kept.",
    "timeline-cut": "{} encounter(s) have longer timelines than are sent; these are cut, the totals are whole.",
    "timeline-damaged": "{} encounter(s) have timelines that cannot be read; these are left out, the totals are kept.",
    "rows-cut": "{} encounter(s) have more rows than are read at once; some timelines or totals are not whole.",
}
"""Code of a trouble -> what is said of it, with the number of encounters."""


class Resonance:
    """The tracker's database."""

    name = NAME
    title = "Resonance Logs"
    patterns: Sequence[str] = ("resonance-logs.db",)
    max_bytes = MAX_BYTES
    # Its rows say when they ended, and a later row ends an earlier one: neither silence nor another file does.
    _rules = EndRules(silence=None, next_start=False)
    names_player = True
    listing = Listing(
        fields=frozenset({"total_damage", "total_heal", "attempts", "attempt", "cleared", *rows.FACTS}),
        groups={"scene_id": Group.LOCATIONS, "scene_name": Group.LOCATIONS},
    )

    def rules(self, where: str) -> EndRules:
        """None: the rows say it."""
        return self._rules

    def usual_paths(self, platform: str) -> Sequence[str]:
        """The app's own data folder; on Linux also inside a Wine prefix, as far as it can be guessed."""
        inside = "drive_c/users/{}/AppData/Local/resonance-logs"
        return {
            "windows": ("%LOCALAPPDATA%/resonance-logs",),
            "macos": ("~/Library/Application Support/resonance-logs",),
        }.get(
            platform,
            (
                "~/.local/share/resonance-logs",
                f"~/.wine/{inside.format('$USER')}",
                f"~/Games/resonance-logs/{inside.format('$USER')}",
                f"~/Games/resonance-logs/pfx/{inside.format('steamuser')}",
            ),
        )

    def companions(self, path: str) -> Sequence[str]:
        """The write-ahead log. Not the shared memory: that changes whenever anybody reads."""
        return (f"{path}-wal",)

    def question(self, since: int) -> Question:
        """Encounters from the one with this row id on."""
        return Question(sessions=SESSIONS, parts=PARTS, since=since)

    def rows(self, answer: Answer) -> Reading:
        """The encounters; all but the file's last one are over."""
        notes: Counter[str] = Counter({"rows-cut": len(answer.cut)})
        found = tuple(_found(answer, notes))
        troubles = (
            Trouble(code=code, message=_MESSAGES[code].format(times)) for code, times in sorted((+notes).items())
        )
        return Reading(found=found, troubles=tuple(troubles), first_at=found[0].started_at if found else None)

    def recount(self, session: Session, of: Sequence[Session] = ()) -> Statistics:
        """Of a part, who was there and its length: what each player did is told of the whole encounter."""
        if of:
            return with_measures(session, _together(session, of))
        told = [one for one in _statistics(session).measures if one.name in {"players", "duration"}]
        return Statistics(events=len(session.events), measures=tuple(told))


def _found(answer: Answer, notes: Counter[str]) -> Iterator[Found]:
    parts = {table.name: _by_key(answer.rows.get(table.name, ()), table.key) for table in PARTS}
    characters = {key: found[0] for key, found in parts["entities"].items()}
    unique: dict[str, Found] = {}
    for row in answer.rows.get(SESSIONS.name, ()):
        one = _encounter_found(row, parts, characters, answer.highest, notes)
        before = one and unique.pop(one.id, None)
        if one and before:
            notes["same-start"] += 1
            # Whoever asks again begins at the later row, whichever of the two is kept.
            one = replaced(max(before, one, key=lambda found: found.weight), offset=one.offset)
        if one:
            unique[one.id] = one
    yield from unique.values()


def _by_key(found: Sequence[Row], key: str) -> Mapping[Cell, Sequence[Row]]:
    groups: defaultdict[Cell, list[Row]] = defaultdict(list)
    for row in found:
        groups[row.get(key)].append(row)
    return groups


def _encounter_found(
    row: Row,
    parts: Mapping[str, Mapping[Cell, Sequence[Row]]],
    characters: Mapping[Cell, Row],
    highest: int,
    notes: Counter[str],
) -> Found | None:
    number, started = rows.whole(row, "id"), rows.moment(row.get("started_at_ms"))
    if number is None or started is None:
        notes["row-skipped"] += 1
        return None
    ended = rows.moment(row.get("ended_at_ms"))
    encounter = Encounter(
        row=row,
        started_at=started,
        actors=parts["actor_encounter_stats"].get(number, ()),
        damage=parts["damage_skill_stats"].get(number, ()),
        heals=parts["heal_skill_stats"].get(number, ()),
        bosses=parts["encounter_bosses"].get(number, ()),
        deaths=parts["death_events"].get(number, ()),
        attempts=parts["attempts"].get(number, ()),
        characters=characters,
    )
    return _built(encounter, number, ended, _end(number, ended, highest), notes)


def _end(number: int, ended: EpochMs | None, highest: int) -> End | None:
    if ended is not None:
        return end_by(EndRule.EXPLICIT, f"row {number}: ended_at_ms is {from_ms(ended):%Y-%m-%d %H:%M:%S} UTC")
    if number < highest:
        return end_by(EndRule.NEXT_START, f"row {number}: no ended_at_ms, and row {highest} came later")
    return None


def _built(
    encounter: Encounter, number: int, ended: EpochMs | None, end: End | None, notes: Counter[str]
) -> Found | None:
    own: set[str] = set()
    who = rows.people(encounter, own)
    skills = resonance_skills.skills(encounter, who.labels, own)
    last = max(ended, encounter.started_at) if ended else rows.last_moment(encounter, skills)
    if last - encounter.started_at > MAX_MS:
        own.add("too-long")
    if end is not None and not who.participants and last == encounter.started_at:
        notes["nothing-in-it"] += 1
        return None
    started = from_ms(encounter.started_at)
    # Not where it was: a digest of that is as good as the place to whoever tries all of them.
    natural_key = f"{content_mark(encounter.started_at)}@{started.isoformat()}"
    bosses = rows.bosses(encounter)
    session = Session(
        id=session_id(NAME, natural_key),
        tracker=NAME,
        natural_key=natural_key,
        started_at=started,
        ended_at=from_ms(last),
        participants=tuple(rows.rated(person, (last - encounter.started_at) / 1000) for person in who.participants),
        events=rows.deaths(encounter, who.labels),
        skills=skills,
        bosses=bosses,
        facts=_facts(encounter, bosses),
    )
    session = replace(session, statistics=_statistics(session))
    notes.update(own)
    identity = next((person.name for person in who.participants if person.local), None)
    found = found_whole(session, end=end, identity=identity, names=who.names, offset=number)
    return replaced(found, weight=_weight(session))


def _weight(session: Session) -> int:
    """Every hit given, healed and taken, and every death: none of them is ever taken back."""
    hits = (
        person.figures.get(f"hits_{of}", 0.0) for person in session.participants for of in ("dealt", "heal", "taken")
    )
    return len(session.events) + int(sum(hits)) + sum(skill.uses for skill in session.skills)


def _facts(encounter: Encounter, bosses: Sequence[Boss]) -> dict[str, Scalar]:
    row = encounter.row
    facts: dict[str, Scalar] = {
        "scene_id": rows.whole(row, "scene_id"),
        "scene_name": rows.text(row, "scene_name"),
        "total_damage": rows.amount(row, "total_dmg"),
        "total_heal": rows.amount(row, "total_heal"),
        "attempts": len(encounter.attempts) or None,
        "cleared": _cleared(encounter, bosses),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _cleared(encounter: Encounter, bosses: Sequence[Boss]) -> bool | None:
    """Whether everything it was about was defeated; None where the file does not tell, or not yet."""
    if encounter.row.get("is_manually_reset") == 1:
        return False
    if encounter.row.get("ended_at_ms") is None or not any("is_defeated" in row for row in encounter.bosses):
        return None
    return all(boss.defeated for boss in bosses)


def _statistics(session: Session) -> Statistics:
    seconds = (session.duration or timedelta()).total_seconds()
    local = next((person for person in session.participants if person.local), None)
    return Statistics(
        events=len(session.events),
        combat=_combat(local) if local else None,
        defence=Defence(healed=local.figures.get("heal_dealt", 0.0)) if local else None,
        measures=tuple(_measures(session, seconds)),
    )


def _together(session: Session, of: Sequence[Session]) -> tuple[Measure, ...]:
    """The measures of several encounters; who played in more than one of them is counted once."""
    players = float(len(session.participants))
    found = measures_of(of, rates={"dps", "hps"})
    return tuple(replace(one, value=players) if one.name == "players" else one for one in found)


def _combat(local: Participant) -> Combat:
    figures = local.figures
    return Combat(
        hits=int(figures.get("hits_dealt", 0)),
        criticals=int(figures.get("crit_hits_dealt", 0)),
        damage_dealt=figures.get("damage_dealt", 0.0),
        damage_taken=figures.get("damage_taken", 0.0),
        deaths=int(figures.get("deaths", 0)),
        revivals=int(figures.get("revives", 0)),
    )


def _measures(session: Session, seconds: float) -> Iterator[Measure]:
    def total(figure: str) -> float:
        return sum(person.figures.get(figure, 0.0) for person in session.participants)

    damage, healing = total("damage_dealt"), total("heal_dealt")
    yield Measure(name="players", label="Players", value=float(len(session.participants)))
    yield Measure(name="duration", label="Duration", value=seconds, unit="s")
    yield Measure(name="damage", label="Damage, all players", value=damage)
    yield Measure(name="boss_damage", label="Damage to bosses, all players", value=total("boss_damage_dealt"))
    yield Measure(name="healing", label="Healing, all players", value=healing)
    yield Measure(name="damage_taken", label="Damage taken, all players", value=total("damage_taken"))
    yield Measure(name="deaths", label="Deaths, all players", value=total("deaths"))
    if seconds:
        yield Measure(name="dps", label="Damage a second, all players", value=rows.rate(damage, seconds), unit="/s")
        yield Measure(name="hps", label="Healing a second, all players", value=rows.rate(healing, seconds), unit="/s")
