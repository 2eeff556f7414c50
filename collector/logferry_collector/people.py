"""Who took part and what each of them did. Pure; a name that was not shared is a number here, never an id."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from logferry_collector.listing import MOST_ROWS, Cell, Line, Listing, share
from logferry_collector.words import (
    capitalised,
    clean,
    counted_words,
    fact_words,
    figure_words,
    isolated,
    number,
    percent,
)
from logferry_model.session import Participant, Scalar, Session

MOST_COLUMNS = 7
MOST_FACTS = 4
YOU = "you"

FACTS_FIRST = ("level", "profession", "class", "class_id", "class_spec", "elite_spec")

FIRST = (
    "score",
    "goals",
    "assists",
    "saves",
    "damage_dealt",
    "boss_damage",
    "boss_damage_dealt",
    "dps",
    "healing",
    "heal_dealt",
    "hps",
    "damage_taken",
    "kills",
    "deaths",
    "downs",
    "shots",
    "max_hp",
    "hp",
    "interrupts",
    "dispels",
    "revives",
)
"""Figures that make the columns, most telling first; others follow where there is room."""
BARS = {
    "score": 1,
    "damage_dealt": 0,
    "boss_damage": 0,
    "boss_damage_dealt": 0,
    "healing": 2,
    "heal_dealt": 2,
    "damage_taken": 3,
}
"""Figures that are worth comparing by eye, and the colour of their bar."""
SHARES = {"Critical": ("crit_hits_dealt", "hits_dealt"), "Lucky": ("lucky_hits_dealt", "hits_dealt")}
"""Column -> what of what."""
TOKEN = re.compile(r"[a-z]{1,20}-([0-9a-f]{32})")
"""A name that its sender made a token of: it stands for somebody, and says nothing to a reader."""
_PARTS = {name for pair in SHARES.values() for name in pair} | {"hits_heal", "hits_taken"}
_TELLS_THE_KIND = {"type", "player", "bot"}
_KINDS = {"pc": "Player", "player": "Player", "monster": "Monster", "npc": "NPC", "companion": "Companion"}


class _Figure(Struct, frozen=True):
    """One column."""

    label: str
    amounts: Mapping[str, float]
    """By Participant.id."""
    series: int | None = None
    ratio: bool = False

    def cell(self, person: str, largest: float) -> Cell:
        """What the column says of one participant."""
        amount = self.amounts.get(person, 0.0)
        if self.ratio:
            return Cell(percent(amount))
        text = counted_words(amount)
        return Cell(text) if self.series is None else Cell(text, share(amount, largest), self.series)


def people_names(session: Session) -> dict[str, str]:
    """Participant.id -> what a page calls them."""
    seen: Counter[str] = Counter()
    names = {}
    for person in session.participants:
        kind = _kind(person.facts)
        seen[kind] += 1
        token = TOKEN.fullmatch(person.name or "")
        # As much of a token as tells players apart on a page, and tells the same one on another page.
        names[person.id] = f"{kind} {token[1][:6]}" if token else clean(person.name or "") or f"{kind} {seen[kind]}"
    return names


def fighters(session: Session) -> Listing | None:
    """What each participant did; None where the tracker does not tell that."""
    columns = _columns(session.participants)
    return _table(session, columns) if columns else None


def bystanders(session: Session) -> Listing | None:
    """Who was there, where nothing is told of them; None when there is nobody to tell apart."""
    if _columns(session.participants) or all(one.local and not _is_named(one) for one in session.participants):
        return None
    return _table(session, (_events_of(session),))


def _table(session: Session, columns: Sequence[_Figure]) -> Listing:
    by = next((at for at, column in enumerate(columns) if column.series is not None), 0)
    largest = [max(column.amounts.values(), default=0.0) for column in columns]
    names = people_names(session)
    ordered = sorted(session.participants, key=lambda one: columns[by].amounts.get(one.id, 0.0), reverse=True)
    return Listing(
        title="Participants",
        name="Participant",
        columns=tuple(column.label for column in columns),
        lines=tuple(
            Line(
                name=names[one.id],
                cells=tuple(column.cell(one.id, most) for column, most in zip(columns, largest, strict=True)),
                note=_note(one.facts),
                badge=YOU if one.local else "",
            )
            for one in ordered[:MOST_ROWS]
        ),
        more=max(len(ordered) - MOST_ROWS, 0),
        sorted_by=by,
    )


def _is_named(person: Participant) -> bool:
    return bool(person.name) and not TOKEN.fullmatch(person.name or "")


def _kind(facts: Mapping[str, Scalar]) -> str:
    """What a nameless one is numbered as: there are monsters and bots among the players."""
    kind = facts.get("type")
    if isinstance(kind, str) and clean(kind):
        return _KINDS.get(kind) or isolated(capitalised(clean(kind, 24)))
    if facts.get("bot") is True:
        return "Bot"
    return "Player"


def _columns(participants: Sequence[Participant]) -> tuple[_Figure, ...]:
    """The figures that say something of at least one participant."""
    telling = {name: None for one in participants for name, amount in one.figures.items() if amount}
    wanted = [name for name in FIRST if name in telling]
    wanted += [name for name in telling if name not in FIRST and name not in _PARTS]
    chosen = tuple(_column(name, participants) for name in wanted[:MOST_COLUMNS])
    ratios = (_ratio(label, *of, participants) for label, of in SHARES.items() if of[0] in telling)
    return chosen + tuple(ratios)


def _column(name: str, participants: Sequence[Participant]) -> _Figure:
    amounts = {one.id: one.figures[name] for one in participants if name in one.figures}
    return _Figure(figure_words(name), amounts, BARS.get(name))


def _ratio(label: str, part: str, whole: str, participants: Sequence[Participant]) -> _Figure:
    ratios = {one.id: one.figures.get(part, 0.0) / one.figures[whole] for one in participants if one.figures.get(whole)}
    return _Figure(label, ratios, ratio=True)


def _events_of(session: Session) -> _Figure:
    """By participant; what names nobody is the local player's own: it is their log."""
    counts = dict.fromkeys((one.id for one in session.participants), 0.0)
    local = next((one.id for one in session.participants if one.local), "")
    for event in session.events:
        who = event.participant or local
        if who in counts:
            counts[who] += 1
    return _Figure("Events", counts, 0)


def _note(facts: Mapping[str, Scalar]) -> str:
    ordered = [name for name in FACTS_FIRST if name in facts] + [name for name in facts if name not in FACTS_FIRST]
    told = (_fact(name, facts[name]) for name in ordered if name not in _TELLS_THE_KIND)
    return " · ".join([one for one in told if one][:MOST_FACTS])


def _fact(name: str, value: Scalar) -> str:
    """One fact in a word or two; strings say by themselves what they are."""
    label = isolated(fact_words(name))
    match value:
        case None | False | "":
            return ""
        case True:
            return label
        case str():
            return isolated(capitalised(clean(value, 32)))
    return f"{label} {number(value)}"
