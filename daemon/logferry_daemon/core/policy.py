"""What may leave for one destination, group by group. A value: nothing here removes anything. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Group(StrEnum):
    """What a session may tell about people, by kind."""

    PLAYERS = "players"
    LOADOUTS = "loadouts"
    SESSION_NAMES = "session-names"
    TAGS = "tags"
    LOCATIONS = "locations"
    COMMUNICATIONS = "communications"
    ENCOUNTERS = "player-encounters"
    ALERTS = "guild-alerts"
    ACTIONS = "action-logs"
    TEXTS = "free-text"


class Treatment(StrEnum):
    """What becomes of a group."""

    KEEP = "keep"
    """As the log says it."""
    TOKEN = "token"  # noqa: S105 -- a word, not a secret
    """A number that stands for it: the same within all that one installation sends to one destination."""
    DROP = "drop"
    """Nothing; of what happened to others, not even that it happened."""


TITLES: Mapping[Group, str] = {
    Group.PLAYERS: "names of players, characters and commanders",
    Group.LOADOUTS: "names of ships and loadouts",
    Group.SESSION_NAMES: "names that you gave to sessions",
    Group.TAGS: "tags",
    Group.LOCATIONS: "places in the game",
    Group.COMMUNICATIONS: "messages: that there was one, from whom, and its text",
    Group.ENCOUNTERS: "players met on the way",
    Group.ALERTS: "alerts about guilds",
    Group.ACTIONS: "the log of a bot's actions",
    Group.TEXTS: "other texts that somebody typed",
}
"""As people are told."""

DEFAULT: Mapping[Group, Treatment] = {
    Group.PLAYERS: Treatment.TOKEN,
    Group.LOADOUTS: Treatment.DROP,
    Group.SESSION_NAMES: Treatment.DROP,
    Group.TAGS: Treatment.DROP,
    Group.LOCATIONS: Treatment.KEEP,
    Group.COMMUNICATIONS: Treatment.TOKEN,
    Group.ENCOUNTERS: Treatment.TOKEN,
    Group.ALERTS: Treatment.TOKEN,
    Group.ACTIONS: Treatment.TOKEN,
    Group.TEXTS: Treatment.DROP,
}
"""Places are the game's own words; names of people in them are removed before any of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What its owner allows one destination."""

    treatments: Mapping[Group, Treatment] = field(default_factory=lambda: DEFAULT)
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Tracker -> those of its fields that may go; all that it lists where it is not named."""

    def of(self, group: Group) -> Treatment:
        """What becomes of this group."""
        return self.treatments.get(group, DEFAULT[group])

    @property
    def kept(self) -> frozenset[Group]:
        """Groups that leave as the log says them."""
        return frozenset(group for group in Group if self.of(group) is Treatment.KEEP)

    @property
    def needs_key(self) -> bool:
        """Whether anything becomes a token."""
        return any(self.of(group) is Treatment.TOKEN for group in Group)

    def lines(self) -> Iterator[str]:
        """The exact set of groups and fields, as an owner agrees to it."""
        for group in Group:
            yield f"{self.of(group)}: {TITLES[group]} ({group})"
        for tracker, fields in sorted(self.only.items()):
            yield f"of {tracker} only these fields: {', '.join(sorted(fields)) or 'none'}"


STANDARD = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What sessions of one tracker may hold besides the model's own fields. What is not listed does not leave."""

    fields: frozenset[str] = frozenset()
    """Names of facts, and of fields of events and participants."""
    groups: Mapping[str, Group] = field(default_factory=dict)
    """Those fields that a policy decides about."""
    events: Mapping[str, Group] = field(default_factory=dict)
    """Those types of events that a policy decides about."""
    measures: Mapping[str, Group] = field(default_factory=dict)
    """Those measures that count what a policy decides about: a number tells that something happened, too."""
    types: frozenset[str] | None = None
    """Words for events that are the tracker's or recipe's own; None where all are. Any other may hold a name."""

    def lists(self, name: str) -> bool:
        """Whether a field of this name may leave."""
        return name in self.fields or name in self.groups

    def is_own(self, word: str) -> bool:
        """Whether this type of event is a word of ours and not of the log."""
        return self.types is None or word in self.types


NOTHING_LISTED = Listing()
