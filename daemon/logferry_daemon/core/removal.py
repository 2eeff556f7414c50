"""What becomes of the copies that destinations have of a deleted session, as a table. Code only walks it.

The session itself is gone from the spool at once; of a copy elsewhere it keeps where that is until it is gone, too. An
upload that was begun and that nobody goes on with walks the same table, from `pending` on: nobody has to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from logferry_model.errors import Misconfigured


class CopyState(StrEnum):
    """What the spool stores."""

    KEPT = "kept"
    """Nobody asked for its deletion."""
    PENDING = "pending"
    """Its destination is to delete it, and has not confirmed that yet."""
    DELETED = "deleted"
    FAILED = "failed"
    """Refused: a person decides."""


class CopyStep(StrEnum):
    """What happens to a copy."""

    ASK = "ask"
    """Its owner wants it gone."""
    DEFER = "defer"
    """Not now: again later."""
    CONFIRM = "confirm"
    """The destination proved that it has it no more."""
    REFUSE = "refuse"
    """It will not be deleted like this."""
    LEAVE = "leave"
    """Its owner lets it be: it was deleted by hand, or nobody can be asked any more."""


NEXT: Mapping[tuple[CopyState, CopyStep], CopyState] = {
    (CopyState.KEPT, CopyStep.ASK): CopyState.PENDING,
    (CopyState.PENDING, CopyStep.DEFER): CopyState.PENDING,
    (CopyState.PENDING, CopyStep.CONFIRM): CopyState.DELETED,
    (CopyState.PENDING, CopyStep.REFUSE): CopyState.FAILED,
    (CopyState.FAILED, CopyStep.ASK): CopyState.PENDING,
    (CopyState.FAILED, CopyStep.LEAVE): CopyState.KEPT,
}


class IllegalCopyStep(Misconfigured):
    """This cannot happen to a copy in its state."""


def copy_step(state: CopyState, what: CopyStep) -> CopyState:
    """The state after `what`, or IllegalCopyStep."""
    try:
        return NEXT[state, what]
    except KeyError:
        raise IllegalCopyStep("illegal-step", f"A copy that is {state} cannot {what}.") from None


def diagram() -> str:
    """The table as a Mermaid state diagram: docs/deleting.md shows it, and a test compares the two."""
    steps = (f"    {before} --> {after}: {what}" for (before, what), after in NEXT.items())
    leaves = {before for before, _ in NEXT}
    ends = (f"    {state} --> [*]" for state in CopyState if state not in leaves)
    return "\n".join(("stateDiagram-v2", f"    [*] --> {CopyState.KEPT}", *steps, *ends))
