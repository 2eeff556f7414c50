"""Who played, and whose sessions may go where."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Player(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who played, in the words of one tracker's log."""

    tracker: str
    identity: str


class Identity(Struct, frozen=True, kw_only=True):
    """A player whose sessions there are for a destination, and whether they may go there."""

    destination: str
    tracker: str
    title: str
    """The tracker as people call it."""
    identity: str
    sessions: int
    waiting: int
    """Of these, how many have a delivery that is not sent yet and was asked for."""
    state: str
    """`allowed`, `denied` or `unknown`: nobody was asked yet, so they are held."""


class IdentityRule(Struct, frozen=True, kw_only=True):
    """An answer of the owner's; `*` stands for every tracker, or for everybody that no other answer is about."""

    destination: str
    tracker: str
    identity: str
    allowed: bool
    decided_at: datetime


class Identities(Struct, frozen=True, kw_only=True):
    """Who played, and what was decided about them."""

    identities: tuple[Identity, ...]
    rules: tuple[IdentityRule, ...] = ()


class IdentityDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a player's sessions may go to a destination; `allowed` None takes an answer back."""

    destination: str
    identity: str
    """`*` for everybody that no other answer is about."""
    tracker: str = "*"
    """An answer for all of them takes the place of those for single ones."""
    allowed: bool | None
