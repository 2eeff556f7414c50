"""From the copy in the spool to the one for a destination: every slot becomes a token, a name or nothing. Pure.

Tokens are HMAC-SHA256 with a key of this installation and this destination alone: nobody can try names against them,
two destinations cannot compare theirs, and within one destination the same player has the same token.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from logferry_daemon.core.policy import Group, Listing, Policy, Treatment
from logferry_daemon.core.sanitise import HOLDS_NAME, UNLISTED, TakenOut
from logferry_daemon.core.searching import Searched
from logferry_daemon.core.slots import keyed, same, slot_of
from logferry_model.errors import Refused

_WORDS: Mapping[Group, str] = {
    Group.PLAYERS: "player",
    Group.LOADOUTS: "loadout",
    Group.SESSION_NAMES: "session",
    Group.TAGS: "tag",
    Group.LOCATIONS: "place",
    Group.COMMUNICATIONS: "message",
    Group.ENCOUNTERS: "encounter",
    Group.ALERTS: "alert",
    Group.ACTIONS: "action",
    Group.TEXTS: "text",
}
"""What a token begins with."""
BY_POLICY = "by your choice for this destination"
NO_KEY = "there is no keyring to keep a key for tokens in"
TOKEN = "a token stands for it"  # noqa: S105 -- a reason, not a secret
NOT_KEPT = "it was read before you chose to keep it"
_NOTHING: Any = object()
_LISTED = (b'"fields":', b'"facts":')
"""What is decided about is a slot or has one of them before it, but for _ALWAYS_LOOKED_AT."""
_ALWAYS_LOOKED_AT = frozenset({"facts", "statistics"})
_KEY = re.compile(r"[0-9a-f]{64}")


def is_key(text: str) -> bool:
    """Whether it is a key that was made for tokens: another text in its place may be short enough to be guessed."""
    return _KEY.fullmatch(text) is not None


class Tokens:
    """Makes tokens for one destination."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Tokens(***)"

    @classmethod
    def of(cls, own_key: str, place: str) -> Tokens:
        """From the installation's key, 64 hex digits, and where the destination is and who we are there."""
        return cls(hmac.new(bytes.fromhex(own_key), f"logferry tokens\n{place}".encode(), hashlib.sha256).digest())

    def carried(self) -> bytes:
        """What they are made with, for our own worker (workshop/messages.py) and nobody else."""
        return self._key

    def token(self, group: Group, what: str) -> str:
        """What stands for a slot's digits, or for a text."""
        return f"{_WORDS[group]}-{keyed(self._key, group, what)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one destination is sent of one session."""

    policy: Policy
    listing: Listing
    tokens: Tokens | None
    """None: there is no key; nothing becomes a token then."""
    kept: Mapping[str, str]
    """Slot -> text."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """The document for one destination, and what was removed on the way to it."""

    document: bytes
    removed: TakenOut


def address(document: bytes, tracker: str, terms: Terms) -> Addressed:
    """The session in `document`, which the spool keeps, as `terms` allow it. A slot never leaves."""
    writer = _Writer(tracker, terms)
    session: dict[str, Any] = {}
    for name, part in msgspec.json.decode(document, type=dict[str, msgspec.Raw]).items():
        kept = part if writer.passes(bytes(part), name) else writer.value(msgspec.json.decode(part), name)
        if kept is not _NOTHING:
            session[name] = kept
    statistics = session.get("statistics", {})
    if writer.dropped and "events" in statistics:
        # How many there were would tell how many are left out.
        statistics["events"] = max(0, statistics["events"] - writer.dropped)
    return Addressed(msgspec.json.encode(session), +writer.removed)


class _Writer:
    def __init__(self, tracker: str, terms: Terms) -> None:
        self.removed: Counter[tuple[str, str]] = Counter()
        self.dropped = 0
        """Events that are not even told of."""
        self._terms = terms
        listing = terms.listing
        self._decided = {"events": ("type", listing.events), "measures": ("name", listing.measures)}
        self._only = terms.policy.only.get(tracker)
        untold = terms.policy.of(Group.PLAYERS) is not Treatment.KEEP
        players = (text for slot, text in terms.kept.items() if (of := slot_of(slot)) and of[0] is Group.PLAYERS)
        self._players = Searched(players if untold else ())

    def passes(self, part: bytes, name: str) -> bool:
        """Whether there is nothing to decide in a part of a session: most of it is numbers and words of the game."""
        decided = name in _ALWAYS_LOOKED_AT or (name in self._decided and self._may_drop(self._decided[name][1]))
        return not decided and not _may_hold_slot(part) and not any(sign in part for sign in _LISTED)

    def _may_drop(self, groups: Mapping[str, Group]) -> bool:
        return any(self._terms.policy.of(group) is Treatment.DROP for group in groups.values())

    def value(self, value: Any, name: str) -> Any:  # noqa: ANN401 -- any JSON value
        """What becomes of `value`; _NOTHING where it goes."""
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, list):
            left = [kept for one in value if (kept := self.value(one, name)) is not _NOTHING]
            return left if left or not value else _NOTHING
        return self._object(value, name) if isinstance(value, dict) else value

    def _object(self, value: dict[str, Any], name: str) -> Any:  # noqa: ANN401 -- as above
        groups = self._decided.get(name)
        if groups is not None and self._is_dropped(value, *groups):
            return _NOTHING
        listed = name in {"fields", "facts"}
        found = {}
        for key, inner in value.items():
            kept = self._field(inner, key) if listed else self.value(inner, key)
            if kept is not _NOTHING:
                found[key] = kept
        return found

    def _is_dropped(self, value: dict[str, Any], key: str, groups: Mapping[str, Group]) -> bool:
        word = value.get(key)
        group = groups.get(word) if isinstance(word, str) else None
        if group is None or self._terms.policy.of(group) is not Treatment.DROP:
            return False
        self.removed[str(word), BY_POLICY] += 1
        self.dropped += key == "type"
        return True

    def _field(self, value: Any, name: str) -> Any:  # noqa: ANN401 -- as above
        """A field that its tracker lists, or a fact."""
        if not self._terms.listing.lists(name):
            return self._removed(name, UNLISTED)
        if self._only is not None and name not in self._only:
            return self._removed(name, BY_POLICY)
        if self._terms.listing.groups.get(name) is not Group.LOCATIONS:
            return self.value(value, name)
        treatment = self._terms.policy.of(Group.LOCATIONS)
        if treatment is Treatment.KEEP:
            return value
        if treatment is Treatment.DROP or not isinstance(value, str):
            return self._removed(name, BY_POLICY)
        return self._token(Group.LOCATIONS, same(value), name)

    def _text(self, text: str, name: str) -> Any:  # noqa: ANN401 -- as above
        found = slot_of(text)
        if found is None:
            return text
        group, digits = found
        match self._terms.policy.of(group):
            case Treatment.DROP:
                return self._removed(name, BY_POLICY)
            case Treatment.KEEP:
                return self._kept(group, text, name)
            case Treatment.TOKEN:
                return self._token(group, digits, name)

    def _kept(self, group: Group, slot: str, name: str) -> Any:  # noqa: ANN401 -- as above
        told = self._terms.kept.get(slot)
        if told is None:
            return self._removed(name, NOT_KEPT)
        # Another destination may be sent the players' names; this one is not, in no text either.
        return self._removed(name, HOLDS_NAME) if group is not Group.PLAYERS and self._players.holds(told) else told

    def _token(self, group: Group, what: str, name: str) -> Any:  # noqa: ANN401 -- as above
        if self._terms.tokens is None:
            return self._removed(name, NO_KEY)
        self.removed[name, TOKEN] += 1
        return self._terms.tokens.token(group, what)

    def _removed(self, name: str, reason: str) -> Any:  # noqa: ANN401 -- as above
        self.removed[name, reason] += 1
        return _NOTHING


def check_no_slot(document: bytes) -> None:
    """Refused when a slot is left: a mistake of ours must not show how names are stood for."""
    if _may_hold_slot(document) and any(f'"@{group}:'.encode() in document for group in Group):
        raise Refused("slot-left", "a stand-in for a name was not replaced; nothing was sent.")


def _may_hold_slot(data: bytes) -> bool:
    # Quotation marks are everywhere in it: looking for the other sign alone is many times faster.
    return any(before.endswith(b'"') for before in data.split(b"@")[:-1])
