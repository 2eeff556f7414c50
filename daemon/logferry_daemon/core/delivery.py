"""The states of a delivery as a table. Code only walks it; the spool stores the result.

`held` is not stored: a delivery is held while its destination's gate is closed (see gate.py), which is one fact about
the destination and not one about each of its deliveries. What was there before Logferry knew it is held, too,
until its owner asks for it: that is a fact about the delivery, and stored as `backlog`. Whose sessions may go where is
one fact about a player and a destination, and not stored here either (see identities.py): deliveries of unknown players
are held, those of denied ones excluded, and one answer makes all of them what they were before.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from logferry_daemon.core.gate import Gate
from logferry_daemon.core.identities import Standing
from logferry_model.errors import Misconfigured


class State(StrEnum):
    """What the spool stores."""

    BACKLOG = "backlog"
    """From before its source was followed or its destination set: it waits for its owner to ask."""
    PENDING = "pending"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    FAILED = "failed"
    EXCLUDED = "excluded"


class Step(StrEnum):
    """What happens to a delivery."""

    RELEASE = "release"
    """Its owner asked for what was there before."""
    CLAIM = "claim"
    """The worker takes it."""
    ACK = "ack"
    """The destination proved that it has it."""
    DEFER = "defer"
    """Not now: again later."""
    PARK = "park"
    """Refused for good: a person decides."""
    RETRY = "retry"
    """A person asked for another try."""
    SUPERSEDE = "supersede"
    """A newer revision of the session makes it pointless, or the session became part of another one."""
    RECOVER = "recover"
    """Sending was broken off: the daemon ended, or its owner held it."""


FIRST = (State.PENDING, State.BACKLOG)
"""Where a delivery begins."""

BACKLOG_REASON = "found before you asked for it; send it with: logferry upload --all"
UNKNOWN_REASON = "unknown identity; see: logferry identities list"
DENIED_REASON = "not for this destination: identity"
FILTER_REASON = "not for this destination: you chose other trackers for it"
LEFT_OUT: Mapping[Standing, str] = {Standing.DENIED: DENIED_REASON, Standing.OTHER_TRACKER: FILTER_REASON}
"""What keeps a session from a destination by its owner's word, and how that is told."""
UNSENT = frozenset({State.BACKLOG, State.PENDING, State.FAILED})
"""What a player who is denied there takes out, or a filter."""

NEXT: Mapping[tuple[State, Step], State] = {
    (State.BACKLOG, Step.RELEASE): State.PENDING,
    (State.BACKLOG, Step.SUPERSEDE): State.EXCLUDED,
    (State.PENDING, Step.CLAIM): State.UPLOADING,
    (State.PENDING, Step.SUPERSEDE): State.EXCLUDED,
    (State.UPLOADING, Step.ACK): State.UPLOADED,
    (State.UPLOADING, Step.DEFER): State.PENDING,
    (State.UPLOADING, Step.PARK): State.FAILED,
    (State.UPLOADING, Step.RECOVER): State.PENDING,
    (State.FAILED, Step.RETRY): State.PENDING,
    (State.FAILED, Step.SUPERSEDE): State.EXCLUDED,
}


class IllegalStep(Misconfigured):
    """This cannot happen to a delivery in its state."""


def step(state: State, what: Step) -> State:
    """The state after `what`, or IllegalStep."""
    try:
        return NEXT[state, what]
    except KeyError:
        raise IllegalStep("illegal-step", f"A delivery that is {state} cannot {what}.") from None


def first_state(*, old: bool, unasked: bool, before: State | None) -> State:
    """Where a delivery begins: `old` ones wait to be asked for, unless `unasked` says that none has to.

    `before` is where the delivery of the revision before it stands: what was asked for once is not asked for again.
    """
    asked = unasked or before not in {None, State.BACKLOG, State.EXCLUDED}
    return State.BACKLOG if old and not asked else State.PENDING


def stays_asked(before: State, *, asked: bool) -> bool:
    """Whether what takes the place of a delivery waits for no time, as that one did not.

    What has not arrived yet is still owed to whoever asked; a later version of what has arrived waits for its own time.
    """
    return asked and before in {State.PENDING, State.UPLOADING, State.FAILED}


def public_state(state: State, gate: Gate, standing: Standing = Standing.ALLOWED) -> tuple[str, str]:
    """What people see of a delivery and why: backlog is held, and so is a pending one behind a closed gate.

    One of an unknown player is held as well, and one of a denied player or of a tracker that is left out is excluded.
    """
    if standing in LEFT_OUT and state in UNSENT:
        return "excluded", LEFT_OUT[standing]
    if state is State.BACKLOG:
        return "held", BACKLOG_REASON
    if state is State.PENDING and gate.held:
        return "held", gate.reason
    if state is State.PENDING and standing is Standing.UNKNOWN:
        return "held", UNKNOWN_REASON
    return state.value, ""


def diagram() -> str:
    """The table as a Mermaid state diagram: docs/deliveries.md shows it, and a test compares the two."""
    steps = (f"    {before} --> {after}: {what}" for (before, what), after in NEXT.items())
    leaves = {before for before, _ in NEXT}
    ends = (f"    {state} --> [*]" for state in State if state not in leaves)
    begins = (f"    [*] --> {state}" for state in FIRST)
    return "\n".join(("stateDiagram-v2", *begins, *steps, *ends))
