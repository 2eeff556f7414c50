"""Takes out of a session whatever must never be kept or sent, before anything is kept. Pure; fails closed.

A reader already takes over only fields that it knows. This puts slots in the place of what names people (slots.py), and
removes every other text in which one of the log's names turns up again or that looks like an address, a path or a key.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from unicodedata import normalize

from msgspec.structs import replace

from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.policy import NOTHING_LISTED, Group, Listing
from logferry_daemon.core.slots import SLOT, Slots
from logferry_model.figures import LoadoutTotal, LootTotal, SkillTotal, Statistics
from logferry_model.session import End, Event, Loadout, Participant, Scalar, Session

MIN_NAME = 3
"""Shorter Latin names are part of too many words to be looked for; their own field is removed all the same."""
REMOVED = "[removed]"
HOLDS_NAME = "holds a name"
OTHER = "other"
"""The type of an event whose own word holds a name."""
UNLISTED = "not on the list of its tracker"

TakenOut = Mapping[tuple[str, str], int]
"""Field and reason -> how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """All that decides what may be kept of the sessions of one tracker."""

    slots: Slots
    detectors: Detectors = field(default_factory=Detectors)
    listing: Listing = NOTHING_LISTED
    keeps: frozenset[Group] = frozenset()
    """Groups that some destination is sent as the log says them."""


@dataclass(frozen=True, slots=True)
class Sanitised:
    """A session that may be kept, and what was removed."""

    session: Session
    removed: TakenOut
    kept: Mapping[str, str]
    """Slot -> text, of the groups that are kept for a destination."""


def sanitise(session: Session, names: Iterable[str], privacy: Privacy) -> Sanitised:
    """`session` with slots for what names people, and without texts that hold one of `names` or look private."""
    scrub = _Scrub(named(session, names), privacy)
    loadouts = {one.id: f"loadout-{number}" for number, one in enumerate(session.loadouts, start=1)}
    clean = replace(
        session,
        end=scrub.end(session.end),
        name=scrub.slot("name", Group.SESSION_NAMES, session.name),
        tags=tuple(filter(None, (scrub.slot("tags", Group.TAGS, tag) for tag in session.tags))),
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
    return Sanitised(clean, +scrub.removed, scrub.kept)


def named(session: Session, names: Iterable[str]) -> frozenset[str]:
    """`names`, and whoever takes part: a reader may have missed the line that introduces him."""
    return frozenset((*names, *(person.name for person in session.participants if person.name)))


def sanitise_figures(figures: Statistics, names: Iterable[str], privacy: Privacy) -> Statistics:
    """The same for what a session adds up to so far, without a look at its events; loadouts are numbered in order."""
    loadouts = [one.loadout for one in figures.loadouts if one.loadout]
    numbers = {loadout: f"loadout-{number}" for number, loadout in enumerate(loadouts, start=1)}
    return _Scrub(names, privacy).statistics(figures, numbers)


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


class Searched:
    """Looks for names in texts."""

    def __init__(self, names: Iterable[str]) -> None:
        wanted = sorted({_folded(name.strip()) for name in names if _is_searched(name.strip())})
        self._pattern = re.compile("|".join(map(_anywhere, wanted))) if wanted else None

    def holds(self, text: str) -> bool:
        """Whether one of the names is in `text`."""
        return self._pattern is not None and self._pattern.search(_folded(text)) is not None


class _Scrub:
    """Removes and counts."""

    def __init__(self, names: Iterable[str], privacy: Privacy) -> None:
        self.removed: Counter[tuple[str, str]] = Counter()
        self.kept: dict[str, str] = {}
        self._privacy = privacy
        self._names = Searched(names)
        self._reasons: dict[str, str] = {}
        """Text -> why it may not stay; a log says the same few words thousands of times."""

    def slot(self, name: str, group: Group, value: str | None) -> str | None:
        """What stands for `value`; None, counted, when it looks like something that no policy lets out."""
        if not value:
            return None
        if reason := not SLOT.fullmatch(value) and self._privacy.detectors.found(value):
            self.removed[name, reason] += 1
            return None
        slot = self._privacy.slots.slot(group, value)
        if group in self._privacy.keeps and slot != value:
            self.kept[slot] = value
        return slot

    def text(self, name: str, value: str | None) -> str | None:
        """`value`, or None, counted, when it may not stay."""
        if value is None:
            return None
        reason = self._reasons.get(value)
        if reason is None:
            reason = self._reasons[value] = self._reason(value)
        if reason:
            self.removed[name, reason] += 1
            return None
        return value

    def _reason(self, value: str) -> str:
        if SLOT.fullmatch(value):
            return ""
        return HOLDS_NAME if self._names.holds(value) else self._privacy.detectors.found(value) or ""

    def fields(self, values: Mapping[str, Scalar], texts: Group = Group.TEXTS) -> dict[str, Scalar]:
        """Those of `values` that may stay; `texts` is the group of what somebody typed."""
        found: dict[str, Scalar] = {}
        for name, value in values.items():
            if not self._privacy.listing.lists(name):
                self.removed[name, UNLISTED] += 1
            elif not isinstance(value, str):
                found[name] = value
            elif (clean := self._field(name, value, texts)) is not None:
                found[name] = clean
        return found

    def _field(self, name: str, value: str, texts: Group) -> str | None:
        group = self._privacy.listing.groups.get(name, Group.LOCATIONS)
        if group is Group.LOCATIONS:
            return self.text(name, value)
        return self.slot(name, texts if group is Group.TEXTS else group, value)

    def end(self, end: End | None) -> End | None:
        """The same end; a program's name may be somebody's, too."""
        return end and replace(end, evidence=self.text("evidence", end.evidence) or REMOVED)

    def participant(self, person: Participant) -> Participant:
        """The same person without a name."""
        name = self.slot("participants", Group.PLAYERS, person.name)
        return replace(person, name=name, facts=self.fields(person.facts))

    def loadout(self, loadout: Loadout, number: str) -> Loadout:
        """The same loadout with a number for a name: players name them after themselves."""
        return replace(loadout, id=number, name=self.slot("loadouts", Group.LOADOUTS, loadout.name))

    def event(self, event: Event, loadouts: Mapping[str, str]) -> Event:
        """The same event; a loadout without a snapshot is nobody's."""
        listing = self._privacy.listing
        texts = listing.events.get(event.type, Group.TEXTS)
        return replace(
            event,
            type=event.type if listing.is_own(event.type) else self.text("type", event.type) or OTHER,
            skill=self.text("skill", event.skill),
            skill_category=self.text("skill", event.skill_category),
            item=self.text("item", event.item),
            creature=self.text("creature", event.creature),
            damage_type=self.text("damage_type", event.damage_type),
            loadout=loadouts.get(event.loadout or ""),
            fields=self.fields(event.fields, texts) if event.fields else event.fields,
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
