"""The states of a delivery as a table. Code only walks it; the spool stores the result.

`held` is not stored: a delivery is held while its destination's gate is closed (see gate.py), which is one fact about
the destination and not one about each of its deliveries.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from logferry_daemon.core.gate import Gate
from logferry_model.errors import Misconfigured


class State(StrEnum):
    """What the spool stores."""

    PENDING = "pending"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    FAILED = "failed"
    EXCLUDED = "excluded"


class Step(StrEnum):
    """What happens to a delivery."""

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
    """A newer revision of the session makes it pointless."""
    RECOVER = "recover"
    """Sending was broken off: the daemon ended, or its owner held it."""


NEXT: Mapping[tuple[State, Step], State] = {
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


def public_state(state: State, gate: Gate) -> tuple[str, str]:
    """What people see of a delivery and why: a pending one behind a closed gate is held."""
    if state is State.PENDING and gate.held:
        return "held", gate.reason
    return state.value, ""


def diagram() -> str:
    """The table as a Mermaid state diagram: docs/deliveries.md shows it, and a test compares the two."""
    steps = (f"    {before} --> {after}: {what}" for (before, what), after in NEXT.items())
    leaves = {before for before, _ in NEXT}
    ends = (f"    {state} --> [*]" for state in State if state not in leaves)
    return "\n".join(("stateDiagram-v2", f"    [*] --> {State.PENDING}", *steps, *ends))
