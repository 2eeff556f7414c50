"""May anything go to this destination now, and if not, why. Pure: facts in, one answer out.

Reasons that wait for a person come first and hold; reasons that pass by themselves only delay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Access(StrEnum):
    """What the credential store says about a destination's secret."""

    AVAILABLE = "available"
    ABSENT = "absent"
    LOCKED = "locked"
    DENIED = "denied"
    STUCK = "stuck"
    REFUSED = "refused"
    """It was laid down in a way that is not to be trusted."""
    FOREIGN = "foreign"
    """It was laid down for another address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A destination said something that makes more requests pointless until a person has acted, or for a while."""

    reason: str
    hint: str = ""
    until: datetime | None = None
    """None: until somebody changes something."""
    offline: bool = False
    """It could not be reached at all."""
    by_network: bool = False
    """May be over as soon as this computer is in another network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that decides about one destination."""

    now: datetime
    consented: bool
    access: Access
    agreed_before: bool = False
    """To another text: something of it became another."""
    paused: bool = False
    paused_until: datetime | None = None
    playing: bool = False
    """A game is played, and its owner wants uploads to wait for that."""
    playing_hint: str = ""
    block: Block | None = None
    breaker_until: datetime | None = None
    spent_until: datetime | None = None
    """Until when it may be caused no more failures."""
    trouble: str = ""
    """What kept failing before the breaker opened."""
    probing: bool = False
    """Whether the breaker has opened, and one try is to find out how things are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The answer: open, closed until a time, or closed until somebody acts (`held`)."""

    open: bool
    held: bool = False
    by_owner: bool = False
    """Its owner closed it, so what is under way stops, too."""
    state: str = "ready"
    reason: str = ""
    hint: str = ""
    until: datetime | None = None
    waits_for: str = ""
    """What everything that nobody asked for waits for, although the gate is open."""
    turn: datetime | None = None
    """When that comes, where a clock says so."""


OPEN = Gate(open=True)
PLAYING = "playing"
"""The reason while a game is played."""

_ACCESS = {
    Access.ABSENT: ("no key", "Give it one with: logferry login {name}"),
    Access.LOCKED: ("keyring locked", "Unlock your keyring; uploads go on by themselves."),
    Access.DENIED: ("keyring denied access", "Allow Logferry to use the keyring, or: logferry login {name}"),
    Access.REFUSED: ("secret file refused", "See why with: logferry doctor"),
    Access.FOREIGN: (
        "its key was laid down for another address",
        "Lay another one down, or let it go to this address with: logferry consent grant {name}",
    ),
    Access.STUCK: ("keyring does not answer", "Restart your keyring service; uploads go on by themselves."),
}


ACCESS_VALID = timedelta(seconds=30)
_FIRST_LOOK = timedelta(seconds=2)
_DOUBLINGS = 4


def asked_again(access: Access, times: int) -> timedelta:
    """After how long the credential store is asked again that said this so many times in a row."""
    if access is Access.AVAILABLE:
        return ACCESS_VALID
    return min(_FIRST_LOOK * (1 << min(times - 1, _DOUBLINGS)), ACCESS_VALID)


def gate_of(name: str, facts: Facts) -> Gate:
    """The first reason against sending to `name`, or OPEN."""
    if not facts.consented:
        hint = f"Read and agree with: logferry consent grant {name}"
        if facts.agreed_before:
            hint = f"It is not what you agreed to any more. {hint}"
        return replace(_held("no consent", hint), by_owner=True)
    if facts.paused:
        hint = "Go on with: logferry resume"
        return replace(_held("paused", hint), by_owner=True, state="paused", until=facts.paused_until)
    if facts.playing:
        return replace(_held(PLAYING, facts.playing_hint), by_owner=True, state="paused")
    if facts.access is not Access.AVAILABLE:
        reason, hint = _ACCESS[facts.access]
        return _held(reason, hint.format(name=name))
    if facts.block is not None and (facts.block.until is None or facts.block.until > facts.now):
        return _blocked(facts.block)
    return _by_failures(facts)


def _by_failures(facts: Facts) -> Gate:
    """What its failures so far come to, which passes by itself."""
    if facts.breaker_until is not None and facts.breaker_until > facts.now:
        return Gate(open=False, state="offline", reason=_why_offline(facts), until=facts.breaker_until)
    if facts.spent_until is not None and facts.spent_until > facts.now:
        reason = f"fails too often: {facts.trouble}"
        return Gate(open=False, state="waiting", reason=reason, until=facts.spent_until)
    if facts.probing:
        # The try may take a minute to fail: nobody is to believe meanwhile that all is well.
        return Gate(open=True, state="offline", reason=_why_offline(facts))
    return OPEN


def _why_offline(facts: Facts) -> str:
    return f"does not work at the moment: {facts.trouble}" if facts.trouble else "cannot be reached"


def _held(reason: str, hint: str) -> Gate:
    return Gate(open=False, held=True, state="held", reason=reason, hint=hint)


def _blocked(block: Block) -> Gate:
    if block.until is None:
        return _held(block.reason, block.hint)
    state = "offline" if block.offline else "waiting"
    return Gate(open=False, state=state, reason=block.reason, hint=block.hint, until=block.until)
