"""What one answer to several letters means for each of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from logferry_daemon.core.exchange import Acked, Alone, GoneByOwner, Later, Outcome, Parked


def for_all(outcome: Outcome, number: int) -> Sequence[Outcome | Alone]:
    """The same for each; a destination is caused one failure by one request, and not one a letter."""
    match outcome:
        case Later(trouble=True):
            rest = Later(reason=outcome.reason, floor=outcome.floor, trouble=False, unreached=outcome.unreached)
            return [outcome, *[rest] * (number - 1)]
        case Acked() | GoneByOwner() | Parked():
            return [Alone()] * number
    return [outcome] * number
