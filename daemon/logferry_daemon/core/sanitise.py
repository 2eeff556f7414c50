"""Takes out of a session whatever must never be kept or sent, before anything is kept. Pure; fails closed.

A reader already takes over only fields that it knows. This puts slots in the place of what names people (slots.py), and
removes every other text in which one of the log's names turns up again or that looks like an address, a path or a key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from msgspec.structs import replace

from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.known_secrets import NO_SECRETS, Secrets
from logferry_daemon.core.policy import NOTHING_LISTED, Group, Listing
from logferry_daemon.core.searching import Searched
from logferry_daemon.core.slots import SLOT, Slots, pretends
from logferry_model.figures import LoadoutTotal, LootTotal, SkillTotal, Statistics
from logferry_model.session import End, Event, Loadout, Participant, Scalar, Session

REMOVED = "[removed]"
HOLDS_NAME = "holds a name"
PRETENDS = "looks like a stand-in for a name"
TOO_LONG = "is longer than a game calls anything"
LONGEST = 199
"""Readers cut texts at 200 signs: one that was cut may end in the middle of a name, and is nothing's name."""
OTHER = "other"
"""The type of an event whose own word holds a name."""
UNLISTED = "not on the list of its tracker"
_WORD = attrgetter("type")
_NAMES = ("skill", "skill_category", "item", "creature", "damage_type")
"""The texts of an event, its loadout and fields aside."""
_TEXTS, _SAID = tuple(map(attrgetter, _NAMES)), attrgetter("type", *_NAMES)

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
    secrets: Secrets = NO_SECRETS
    """Keys that may be had just now. A session that one of them stands in is stopped as a whole, not cleaned."""


@dataclass(frozen=True, slots=True)
class Sanitised:
    """A session that may be kept, and what was removed."""

    session: Session
    removed: TakenOut
    kept: Mapping[str, str]
    """Slot -> text, of the groups that are kept for a destination."""


def sanitise(session: Session, names: Iterable[str], privacy: Privacy) -> Sanitised:
    """`session` with slots for what names people, and without texts that hold one of `names` or look private."""
    scrub = Scrub(named(session, names), privacy)
    loadouts = {one.id: f"loadout-{number}" for number, one in enumerate(session.loadouts, start=1)}
    clean = replace(
        session,
        end=scrub.end(session.end),
        name=scrub.slot("name", Group.SESSION_NAMES, session.name),
        tags=tuple(filter(None, (scrub.slot("tags", Group.TAGS, tag) for tag in session.tags))),
        participants=tuple(scrub.participant(person) for person in session.participants),
        loadouts=tuple(scrub.loadout(one, loadouts[one.id]) for one in session.loadouts),
        events=scrub.events(session.events, loadouts),
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
    return Scrub(names, privacy).statistics(figures, numbers)


class Scrub:
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
        if SLOT.fullmatch(value):
            return value
        if reason := self._private(value) or self._named_beside(group, value):
            self.removed[name, reason] += 1
            return None
        slot = self._privacy.slots.slot(group, value)
        if group in self._privacy.keeps:
            self.kept[slot] = value
        return slot

    def _private(self, value: str) -> str:
        """Why no policy lets this out."""
        if pretends(value):
            return PRETENDS
        return TOO_LONG if len(value) > LONGEST else self._privacy.detectors.found(value) or ""

    def _named_beside(self, group: Group, value: str) -> str:
        """A text that is kept must not take along names that are not."""
        keeps = self._privacy.keeps
        told = group in keeps and group is not Group.PLAYERS and Group.PLAYERS not in keeps
        return HOLDS_NAME if told and self._names.holds(value) else ""

    def text(self, name: str, value: str | None) -> str | None:
        """`value`, or None, counted, when it may not stay."""
        if value is None:
            return None
        if reason := self._why(value):
            self.removed[name, reason] += 1
            return None
        return value

    def _why(self, value: str) -> str:
        reason = self._reasons.get(value)
        if reason is None:
            reason = self._reasons[value] = self._reason(value)
        return reason

    def _reason(self, value: str) -> str:
        if SLOT.fullmatch(value):
            return ""
        return self._private(value) or (HOLDS_NAME if self._names.holds(value) else "")

    def fields(self, values: Mapping[str, Scalar], texts: Group = Group.TEXTS) -> dict[str, Scalar]:
        """Those of `values` that may stay; `texts` is the group of what somebody typed."""
        found: dict[str, Scalar] = {}
        for name, value in values.items():
            if not self._privacy.listing.lists(name):
                self.removed[name, UNLISTED] += 1
            elif isinstance(value, int) and self._names.has_number(value):
                self.removed[name, HOLDS_NAME] += 1
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

    def events(self, events: Sequence[Event], loadouts: Mapping[str, str]) -> tuple[Event, ...]:
        """The same events; what has nothing private in it is no copy."""
        odd = self._odd(events)
        number = loadouts.get
        return tuple(
            [
                self.event(event, loadouts)
                if event.fields or (odd and not odd.isdisjoint(_SAID(event)))
                else event
                if (to := number(event.loadout or "")) == event.loadout
                else replace(event, loadout=to)
                for event in events
            ]
        )

    def _odd(self, events: Sequence[Event]) -> frozenset[str]:
        """What some of them say and what may not stay: most of a session says little, and none of it is private."""
        said: set[str | None] = {one for one in set(map(_WORD, events)) if not self._privacy.listing.is_own(one)}
        for text in _TEXTS:
            said.update(map(text, events))
        return frozenset(one for one in said if one is not None and self._why(one))

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
