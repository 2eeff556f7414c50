"""Whose sessions may go where: the player that a log names, and what the owner said of them. Pure.

Where a tracker has no players, its sessions may go anywhere. One whose player nobody was asked about waits: sent under
another's key, it would be theirs for good. So does one that does not say who played where others of its tracker do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ANY = "*"
"""In a binding: every tracker, or everybody who plays."""


MAX_NAME = 1000
"""Characters; whatever is longer is no name."""
UNSURE = "?"
"""Who played where a log names two, or none where it could: somebody, and nobody can tell who."""


class Standing(StrEnum):
    """What the owner said about a player's sessions and a destination."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    """Nothing yet: a question is open."""
    DENIED = "denied"
    OTHER_TRACKER = "other-tracker"
    """Its tracker is none of those whose sessions go there; whoever played it, nobody is asked."""


@dataclass(frozen=True, slots=True, order=True)
class Player:
    """Who played, in the words of one tracker's log: the same word in another game may be somebody else."""

    tracker: str
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One answer of the owner's."""

    destination: str
    tracker: str
    """ANY for all of them."""
    identity: str
    """ANY for everybody that no other binding is about."""
    allowed: bool
    decided_at: datetime


Decided = Mapping[tuple[str, str, str], bool]
"""(destination, tracker, identity) -> whether they may go there."""


def decided(bindings: Iterable[Binding]) -> Decided:
    """The answers by what they are about."""
    return {(one.destination, one.tracker, one.identity): one.allowed for one in bindings}


def standing(answers: Decided, destination: str, player: Player | None) -> Standing:
    """What the answer that is most about this player says; a name counts for more than a tracker."""
    if player is None:
        return Standing.ALLOWED
    for identity in (player.identity, ANY):
        for tracker in (player.tracker, ANY):
            answer = answers.get((destination, tracker, identity))
            if answer is not None:
                return Standing.ALLOWED if answer else Standing.DENIED
    return Standing.UNKNOWN


def void(bindings: Iterable[Binding], destination: str, tracker: str, identity: str) -> list[Binding]:
    """Those that an answer about these takes the place of: one for all trackers is one for each of them."""
    about = (one for one in bindings if (one.destination, one.identity) == (destination, identity))
    return [one for one in about if tracker in {one.tracker, ANY}]


def known_as(identity: str | None, *, unsure: bool = False) -> str | None:
    """The log's own words; whoever is called like one of the signs is kept in quotes, so that it stays theirs.

    Zeros and halves of characters, which a damaged log may have in a name, are nothing that a database finds again.
    """
    plain = (identity or "").replace("\0", "")[:MAX_NAME].encode("utf-8", "replace").decode()
    if plain in {ANY, UNSURE}:
        return f'"{plain}"'
    return plain or (UNSURE if unsure else None)


def together(identities: Iterable[str | None]) -> str | None:
    """Who played what was joined by hand: of several players, somebody whom no answer for one of them is about."""
    return " + ".join(sorted({one for one in identities if one is not None})) or None
