"""Takes out of a session whatever its owner did not agree to send. Pure; fails closed: what is not kept is gone.

A reader already takes over only fields that it knows. This removes the ones that name people, and every text in which
one of the log's names turns up again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from msgspec.structs import replace

from logferry_model.figures import LoadoutTotal, LootTotal, SkillTotal, Statistics
from logferry_model.session import End, Event, Loadout, Participant, Scalar, Session

MIN_NAME = 3
"""Shorter Latin names are part of too many words to be looked for; their own field is removed all the same."""
REMOVED = "[removed]"


@dataclass(frozen=True, slots=True)
class Sanitised:
    """A session that may be kept and sent, and how often what was removed: field -> times."""

    session: Session
    removed: Mapping[str, int]


def sanitise(session: Session, names: Iterable[str] = ()) -> Sanitised:
    """`session` without names of people, sessions, loadouts and files, and without texts that hold one of `names`."""
    scrub = _Scrub(names)
    loadouts = {one.id: f"loadout-{number}" for number, one in enumerate(session.loadouts, start=1)}
    clean = replace(
        session,
        end=scrub.end(session.end),
        name=scrub.nothing("name", session.name),
        tags=scrub.none("tags", session.tags),
        participants=tuple(scrub.participant(person) for person in session.participants),
        loadouts=tuple(scrub.loadout(one, loadouts[one.id]) for one in session.loadouts),
        events=tuple(scrub.event(event, loadouts) for event in session.events),
        skills=tuple(
            replace(one, name=scrub.text("skill", one.name) or REMOVED, category=scrub.text("skill", one.category))
            for one in session.skills
        ),
        bosses=tuple(replace(one, name=scrub.text("bosses", one.name) or REMOVED) for one in session.bosses),
        attachments=tuple(
            replace(one, name=f"attachment-{number}") for number, one in enumerate(session.attachments, start=1)
        ),
        facts=scrub.fields(session.facts),
        statistics=scrub.statistics(session.statistics, loadouts),
    )
    return Sanitised(clean, +scrub.removed)


def sanitise_figures(figures: Statistics, names: Iterable[str] = ()) -> Statistics:
    """The same for what a session adds up to so far, without a look at its events; loadouts are numbered in order."""
    loadouts = [one.loadout for one in figures.loadouts if one.loadout]
    numbers = {loadout: f"loadout-{number}" for number, loadout in enumerate(loadouts, start=1)}
    return _Scrub(names).statistics(figures, numbers)


def _is_searched(name: str) -> bool:
    # Two signs are a full name in scripts that write a word with one sign.
    return len(name) >= MIN_NAME or (len(name) == 2 and not name.isascii())


def _folded(text: str) -> str:
    """`text` without regard to case and to the several ways of writing one letter."""
    return text.lower() if text.isascii() else normalize("NFKD", normalize("NFKD", text).upper().casefold())


def _anywhere(name: str) -> str:
    """A pattern for a folded name that stands by itself; beside letters of other scripts a word has no visible edge."""
    before, after = (r"(?<![a-z0-9])" * _is_latin(name[0]), r"(?![a-z0-9])" * _is_latin(name[-1]))
    return f"{before}{re.escape(name)}{after}"


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


class _Scrub:
    """Removes and counts."""

    def __init__(self, names: Iterable[str]) -> None:
        self.removed: Counter[str] = Counter()
        wanted = sorted({_folded(name.strip()) for name in names if _is_searched(name.strip())})
        self._names = re.compile("|".join(map(_anywhere, wanted))) if wanted else None

    def nothing(self, field: str, value: str | None) -> str | None:
        """None, counted when there was something."""
        self.removed[field] += bool(value)
        return None

    def none(self, field: str, values: Sequence[str]) -> tuple[str, ...]:
        """No values, counted."""
        self.removed[field] += len(values)
        return ()

    def text(self, field: str, value: str | None) -> str | None:
        """`value`, or None when it contains a name."""
        if value is not None and self._names is not None and self._names.search(_folded(value)):
            self.removed[field] += 1
            return None
        return value

    def fields(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Those of `values` that contain no name."""
        return {
            key: value
            for key, value in values.items()
            if not isinstance(value, str) or self.text(key, value) is not None
        }

    def end(self, end: End | None) -> End | None:
        """The same end; a program's name may be somebody's, too."""
        return end and replace(end, evidence=self.text("evidence", end.evidence) or REMOVED)

    def participant(self, person: Participant) -> Participant:
        """The same person, nameless."""
        return replace(person, name=self.nothing("participants", person.name), facts=self.fields(person.facts))

    def loadout(self, loadout: Loadout, number: str) -> Loadout:
        """The same loadout with a number for a name: players name them after themselves."""
        return replace(loadout, id=number, name=self.nothing("loadouts", loadout.name))

    def event(self, event: Event, loadouts: Mapping[str, str]) -> Event:
        """The same event; a loadout without a snapshot is nobody's."""
        if self._names is None and event.loadout is None:
            return event
        return replace(
            event,
            skill=self.text("skill", event.skill),
            skill_category=self.text("skill", event.skill_category),
            item=self.text("item", event.item),
            creature=self.text("creature", event.creature),
            damage_type=self.text("damage_type", event.damage_type),
            loadout=loadouts.get(event.loadout or ""),
            fields=self.fields(event.fields),
        )

    def statistics(self, total: Statistics, loadouts: Mapping[str, str]) -> Statistics:
        """The same figures under clean names."""
        return replace(
            total,
            loot=tuple(self._loot(one) for one in total.loot),
            skills=tuple(self._skill(one) for one in total.skills),
            loadouts=tuple(_renamed(one, loadouts) for one in total.loadouts),
        )

    def _loot(self, one: LootTotal) -> LootTotal:
        return replace(one, item=self.text("item", one.item) or REMOVED)

    def _skill(self, one: SkillTotal) -> SkillTotal:
        name, category = self.text("skill", one.name), self.text("skill", one.category)
        return replace(one, name=name or REMOVED, category=category)


def _renamed(total: LoadoutTotal, loadouts: Mapping[str, str]) -> LoadoutTotal:
    return replace(total, loadout=loadouts.get(total.loadout, ""))
