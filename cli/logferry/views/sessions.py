"""Sessions and their deliveries as blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from logferry.blocks import GAP, Block, Grid, Span, Tone, Words, dim, heading, line
from logferry.views.words import counted, duration, moment, short, state
from logferry_ipc.messages import Attempt, Delivery, DeliveryState, SessionDetail, SessionList, SessionSummary
from logferry_model.figures import Combat, Economy, Statistics

LAST_TRIES = 10
"""Of a delivery, that `show` tells; `--json` has all that are kept."""
TOP = 8
"""Skills and items that `show` names."""


def session_list(found: SessionList, *, of: int = 0) -> Iterator[Block]:
    """A line a session, its deliveries as destination and state; `of` is how many there are, where these are some."""
    if not found.sessions:
        yield line("No session is like that." if of else "No sessions yet. A session appears here when it is over.")
        return
    rows = tuple(row for session in found.sessions for row in _rows(session))
    columns = ("id", "tracker", "began", "took", "events", "destination", "state")
    yield Grid(columns, rows, right=frozenset({"events"}), whole=frozenset(columns[:5]), indent=0)
    yield from _backlog(found)
    if of > len(found.sessions):
        yield GAP
        yield line(dim(f"{len(found.sessions):,} of {counted(of, 'session')}"))


def _backlog(found: SessionList) -> Iterator[Block]:
    waiting = sum(any(delivery.backlog for delivery in session.deliveries) for session in found.sessions)
    if waiting:
        yield GAP
        said = f"{counted(waiting, 'session')} from before: "
        yield line(Span(said, Tone.WARN), "send all with `logferry upload --all`, or some with `logferry upload ID`")


def session_detail(found: SessionDetail) -> Iterator[Block]:
    """Everything about one session."""
    session = found.session
    yield heading(f"{session.tracker} session {session.id}")
    yield Grid(("", ""), tuple(_facts(found)))
    yield GAP
    yield heading("Deliveries")
    if not session.deliveries:
        yield line(dim("none: there is no destination yet"), indent=2)
    for delivery in session.deliveries:
        yield from delivery_lines(delivery)
    yield from statistics(found.statistics)


def delivery_lines(delivery: Delivery) -> Iterator[Block]:
    """One delivery: where, how it stands and why."""
    tries = f"  {counted(delivery.attempts, 'attempt')}" if delivery.attempts else ""
    yield line(f"{delivery.destination}  ", state(delivery.state), dim(f"{tries}  {delivery.id}"), indent=2)
    for words in _remarks(delivery):
        yield line(words, indent=4)
    if len(delivery.history) > 1:
        rows = tuple(_attempt(one) for one in delivery.history[-LAST_TRIES:])
        yield Grid(
            ("try", "when", "took", "bytes", "outcome", "why"),
            rows,
            right=frozenset({"try", "took", "bytes"}),
            indent=4,
        )


def _attempt(one: Attempt) -> tuple[Words, ...]:
    took = "-" if one.took_ms is None else f"{one.took_ms:,} ms"
    return str(one.number), moment(one.started_at), took, f"{one.bytes:,}", one.outcome, one.reason


def _remarks(delivery: Delivery) -> Iterator[Words]:
    if delivery.report_url:
        yield delivery.report_url
    if delivery.reason:
        yield delivery.reason
    if delivery.last_error:
        yield f"last error: {delivery.last_error} ({moment(delivery.last_attempt)})"
    if delivery.next_attempt and delivery.state is DeliveryState.PENDING:
        yield f"next attempt: {moment(delivery.next_attempt)}"


def _rows(session: SessionSummary) -> Iterator[tuple[Words, ...]]:
    took = session.ended_at - session.started_at if session.ended_at else None
    head = (short(session.id), session.tracker, moment(session.started_at), duration(took), f"{session.events:,}")
    if session.merged_into:
        yield (*head, dim("-"), _joined(session))
        head = ("", "", "", "", "")
    elif not session.deliveries:
        yield (*head, dim("-"), state(DeliveryState.HELD))
    for delivery in session.deliveries:
        yield (*head, delivery.destination, _state_and_reason(delivery))
        head = ("", "", "", "", "")


def _joined(session: SessionSummary) -> Span:
    return dim(f"merged into {short(session.merged_into or '')}")


def _state_and_reason(delivery: Delivery) -> Span:
    word = state(delivery.state)
    return Span(f"{word.text}: {delivery.reason}", word.tone) if delivery.reason else word


def _facts(found: SessionDetail) -> Iterator[tuple[Words, ...]]:
    session = found.session
    took = session.ended_at - session.started_at if session.ended_at else None
    yield "source", session.source
    yield "began", moment(session.started_at)
    yield "ended", f"{moment(session.ended_at)}, after {duration(took)}" if session.ended_at else "it still runs"
    if session.end:
        yield "ended by", f"{session.end.rule} ({session.end.evidence}), {session.end.confidence:.0%} sure"
    yield "events", f"{session.events:,}"
    yield "revision", str(session.revision)
    if session.merged_into:
        yield "merged into", session.merged_into
    for name, value in found.facts.items():
        yield name.replace("_", " "), str(value)


def statistics(found: Statistics) -> Iterator[Block]:
    """What a session adds up to."""
    rows = (*_combat(found.combat), *_economy(found.economy), *_measures(found))
    if rows:
        yield GAP
        yield heading("Statistics")
        yield Grid(("", ""), tuple(rows), right=frozenset({""}))
    if found.skills:
        yield GAP
        yield heading("Skills")
        skills = tuple((skill.name, f"{skill.gains:,}", f"{skill.gained:,.4f}") for skill in found.skills[:TOP])
        yield Grid(("name", "gains", "gained"), skills, right=frozenset({"gains", "gained"}))
    if found.loot:
        yield GAP
        yield heading("Loot")
        loot = tuple((item.item, f"{item.quantity:,}", f"{item.value:,.4f}") for item in found.loot[:TOP])
        yield Grid(("item", "quantity", "value"), loot, right=frozenset({"quantity", "value"}))


def _combat(combat: Combat | None) -> Iterator[tuple[Words, ...]]:
    if combat is None:
        return
    rate = "" if combat.hit_rate is None else f" ({combat.hit_rate:.1%} hit)"
    yield "shots", f"{combat.shots:,}{rate}"
    yield "damage dealt", f"{combat.damage_dealt:,.1f}"
    yield "damage taken", f"{combat.damage_taken:,.1f}"
    yield "kills, about", f"{combat.kills:,}"


def _economy(economy: Economy | None) -> Iterator[tuple[Words, ...]]:
    if economy is None:
        return
    rate = "" if economy.return_rate is None else f" ({economy.return_rate:.1%} of the cost)"
    yield "loot value", f"{economy.loot_value:,.4f}{rate}"
    yield "cost", f"{economy.cost:,.4f}"


def _measures(found: Statistics) -> Iterator[tuple[Words, ...]]:
    for measure in found.measures:
        yield measure.label, f"{measure.value:,.10g} {measure.unit}".strip()
