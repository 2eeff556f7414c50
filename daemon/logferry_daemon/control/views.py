"""What the spool and the gates hold, in the words of the local API. Pure: rows in, messages out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from msgspec.structs import replace

from logferry_daemon.control.attention import missing
from logferry_daemon.core.delivery import State, public_state
from logferry_daemon.core.gate import OPEN, PLAYING, Gate
from logferry_daemon.core.history import Attempt as Tried
from logferry_daemon.core.papers import Journaled
from logferry_daemon.ports import DeliveryRow, SessionRow, Totals
from logferry_ipc.messages import (
    Attempt,
    Counts,
    DaemonState,
    Delivery,
    DeliveryState,
    DestinationMetrics,
    DestinationStatus,
    Metrics,
    PaperChange,
    SessionSummary,
)
from logferry_model.session import End, EndRule

NO_FILTERS: Mapping[str, Sequence[str]] = {}
NO_TRIES: Mapping[str, Sequence[Tried]] = {}
MAX_ATTENTION = 50
"""Entries; the rest is counted in one more."""


def delivery(row: DeliveryRow, gates: Mapping[str, Gate], tries: Sequence[Tried] = ()) -> Delivery:
    """One delivery as people see it."""
    gate = gates.get(row.destination, OPEN)
    state, reason = public_state(row.state, gate, row.standing)
    waits = gate.waits_for if state == State.PENDING and not row.asked else ""
    return Delivery(
        id=row.id,
        destination=place_name(row.destination),
        revision=row.revision,
        state=DeliveryState(state),
        reason=reason or waits or (row.last_error if row.state in {State.FAILED, State.EXCLUDED} else ""),
        attempts=row.attempts,
        last_error=row.last_error,
        last_attempt=row.last_attempt,
        next_attempt=gate.turn if waits and gate.turn else row.next_attempt,
        report_url=row.report_url,
        backlog=row.state is State.BACKLOG,
        history=tuple(map(attempt, tries)),
    )


def attempt(tried: Tried) -> Attempt:
    """One try at a delivery."""
    return Attempt(
        number=tried.number,
        started_at=tried.started_at,
        outcome=tried.outcome.value,
        reason=tried.reason,
        took_ms=None if tried.took is None else tried.took // timedelta(milliseconds=1),
        bytes=tried.bytes,
    )


def place_name(destination: str) -> str:
    """The destination's name; deliveries to an address it had before say so."""
    name, _, before = destination.partition("~")
    return f"{name} (earlier address)" if before else name


def session(
    row: SessionRow,
    deliveries: Sequence[DeliveryRow],
    gates: Mapping[str, Gate],
    tries: Mapping[str, Sequence[Tried]] = NO_TRIES,
) -> SessionSummary:
    """One session as a list shows it; with `tries`, its deliveries have their history."""
    end = None
    if row.end_rule:
        end = End(rule=EndRule(row.end_rule), evidence=row.end_evidence, confidence=row.end_confidence)
    return SessionSummary(
        id=row.id,
        tracker=row.tracker,
        source=row.source,
        started_at=row.started_at,
        ended_at=row.ended_at,
        events=row.events,
        revision=row.revision,
        end=end,
        deliveries=tuple(delivery(one, gates, tries.get(one.id, ())) for one in deliveries),
        merged_into=row.merged_into,
    )


def paper_change(line: Journaled) -> PaperChange:
    """One line of the journal of papers."""
    change = line.change
    return PaperChange(
        seq=line.seq, source=line.source, kind=change.kind, id=change.id, action=change.action.value, at=line.at
    )


def counts(totals: Totals, gates: Mapping[str, Gate]) -> Counts:
    """Deliveries by public state; `found` is counted by itself, so that what is missing shows."""
    by_state = sum(_by_destination(totals, gates).values(), Counter(held=totals.homeless))
    return replace(counted(by_state), found=totals.found)


def _by_destination(totals: Totals, gates: Mapping[str, Gate]) -> Mapping[str, Counter[str]]:
    """Public states by the name of the destination."""
    found: dict[str, Counter[str]] = {}
    for (destination, state), number in totals.by_state.items():
        by_state = found.setdefault(place_name(destination), Counter())
        by_state[public_state(state, gates.get(destination, OPEN))[0]] += number
    for (destination, state, standing), number in totals.barred.items():
        by_state, gate = found.setdefault(place_name(destination), Counter()), gates.get(destination, OPEN)
        by_state[public_state(state, gate)[0]] -= number
        by_state[public_state(state, gate, standing)[0]] += number
    return found


def counted(by_state: Counter[str]) -> Counts:
    """The same as a message."""
    return Counts(
        found=by_state.total(),
        pending=by_state["pending"],
        uploading=by_state["uploading"],
        uploaded=by_state["uploaded"],
        failed=by_state["failed"],
        held=by_state["held"],
        excluded=by_state["excluded"],
    )


def metrics(totals: Totals, gates: Mapping[str, Gate]) -> Metrics:
    """What was sent so far."""
    return Metrics(
        uploaded=totals.uploaded,
        failed=counts(totals, gates).failed,
        average_upload_ms=totals.average_ms,
        bytes_sent=totals.bytes_sent,
        last_upload=totals.last_upload,
        destinations=tuple(_metrics_by_destination(totals, gates)),
    )


def _metrics_by_destination(totals: Totals, gates: Mapping[str, Gate]) -> Iterator[DestinationMetrics]:
    """Of those that there are and of those that something was sent to; those at an earlier address together."""
    found = _by_destination(totals, gates)
    for name in sorted({*gates, *found}):
        these = [sent for destination, sent in totals.sent.items() if place_name(destination) == name]
        timed = sum(one.timed for one in these)
        took = sum((one.took for one in these), timedelta())
        states = counted(found.get(name, Counter()))
        yield DestinationMetrics(
            name=name,
            counts=states,
            uploaded=sum(one.uploaded for one in these),
            failed=states.failed,
            average_upload_ms=took / timedelta(milliseconds=1) / timed if timed else None,
            bytes_sent=sum(one.bytes_sent for one in these),
            last_upload=max((one.last_upload for one in these if one.last_upload), default=None),
        )


def destinations(
    gates: Mapping[str, Gate], totals: Totals, trackers: Mapping[str, Sequence[str]] = NO_FILTERS
) -> tuple[DestinationStatus, ...]:
    """Each destination, what it waits for, and whose sessions it is sent."""
    return tuple(
        DestinationStatus(
            name=name,
            state=gate.state,
            reason=gate.reason or _waits(gate, totals.unasked.get(name, 0)),
            next_attempt=gate.until or gate.turn,
            trackers=tuple(trackers.get(name, ())),
        )
        for name, gate in gates.items()
    )


def _waits(gate: Gate, number: int) -> str:
    """What waits for its time, and for which."""
    if not gate.waits_for:
        return ""
    return f"what is over {gate.waits_for}" if not number else f"{number:,} waiting: each {gate.waits_for}"


def not_yet(gates: Mapping[str, Gate], totals: Totals) -> int:
    """How many deliveries are pending only because their time has not come."""
    return sum(totals.unasked.get(name, 0) for name, gate in gates.items() if gate.waits_for and not gate.held)


def daemon_state(
    found: Counts,
    gates: Mapping[str, Gate],
    sources: Mapping[str, str],
    *,
    paused: bool,
    asked: bool = False,
    not_yet: int = 0,
) -> DaemonState:
    """The most urgent thing that is true. `sources` is name -> state; `asked` says that a question is open.

    So many as `not_yet` says are pending only because their time has not come.
    """
    moving = found.pending > not_yet
    closed = [gate for gate in gates.values() if not gate.open]
    if paused:
        return DaemonState.PAUSED
    urgent = any((gate.held or gate.hint) and gate.reason != PLAYING for gate in closed)
    if found.failed or asked or urgent or any(missing(sources)):
        return DaemonState.ATTENTION
    if any(gate.reason == PLAYING for gate in closed):
        return DaemonState.PAUSED
    if found.uploading or (moving and not closed):
        return DaemonState.WORKING
    return DaemonState.OFFLINE if moving else DaemonState.IDLE


def waiting(totals: Totals, gates: Mapping[str, Gate]) -> Mapping[str, int]:
    """Destination -> how many uploads it holds up."""
    by_name = _by_destination(totals, gates)
    return {name: counts["pending"] + counts["uploading"] + counts["held"] for name, counts in by_name.items()}
