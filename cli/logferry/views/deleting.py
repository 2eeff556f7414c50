"""What a deletion takes away and what it leaves elsewhere, as blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from logferry.blocks import GAP, Block, Grid, Span, Tone, Words, dim, heading, line
from logferry.views.words import counted, duration, moment, short, state
from logferry_ipc.messages import Copy, Deleted, DeletedSession, Delivery, DeliveryState, SessionList

SETTLED = frozenset({"deleted", "kept"})


def before(known: SessionList, session: str, *, remote: bool) -> Iterator[Block]:
    """What will be gone, and where copies stay."""
    for one in known.sessions:
        if one.id == session:
            took = duration(one.ended_at - one.started_at if one.ended_at else None)
            yield heading(f"{one.tracker} session {one.id}")
            yield line(f"began {moment(one.started_at)}, took {took}, {counted(one.events, 'event')}", indent=2)
            places = {each.destination for each in one.deliveries if each.state is DeliveryState.UPLOADED}
            yield from _places(sorted(places), remote=remote)
            tried = (each.destination for each in one.deliveries if _may_be_there(each))
            yield from _perhaps(sorted(set(tried) - places), remote=remote)
    for running in known.running:
        if running.id == session:
            yield line(Span(f"{running.tracker} session {running.id} still runs; it will not be kept.", Tone.WARN))
    for gone in known.deleted:
        if gone.id == session:
            yield line(f"{gone.tracker} session {gone.id} was deleted here on {moment(gone.deleted_at)}.")
            left = (each.destination for each in gone.copies if each.certain and each.state != "deleted")
            yield from _places(sorted(set(left)), remote=remote)
    yield line("Its log is not touched, and is not read for it any more. This cannot be taken back.")


def _places(names: list[str], *, remote: bool) -> Iterator[Block]:
    if names and remote:
        yield line(f"{', '.join(names)} will be told to delete it, too.", indent=2)
    elif names:
        yield line(
            Span(f"A copy stays at {', '.join(names)}", Tone.WARN), "; --remote deletes it there, too.", indent=2
        )


def _may_be_there(each: Delivery) -> bool:
    """It was tried, and no proof came: an answer may have been lost."""
    return each.state is not DeliveryState.UPLOADED and each.last_attempt is not None


def _perhaps(names: list[str], *, remote: bool) -> Iterator[Block]:
    if names:
        said = "; that is told to delete it, should it be there." if remote else "; --remote has it deleted there, too."
        yield line(Span(f"A copy may be at {', '.join(names)}, where it was tried", Tone.WARN), said, indent=2)


def after(done: Deleted) -> Iterator[Block]:
    """What became of it."""
    yield line(Span(f"{counted(len(done.sessions), 'session')} deleted.", Tone.GOOD))
    waiting = [each for each in done.copies if each.state == "pending"]
    if waiting:
        names = ", ".join(sorted({each.destination for each in waiting}))
        yield line(f"Asked for at {names}; `logferry sessions list` shows it until it is confirmed.")
    if done.note:
        yield line(done.note)


def deleted_session(one: DeletedSession) -> Iterator[Block]:
    """Everything about a deleted session."""
    yield heading(f"{one.tracker} session {one.id}")
    yield line(f"deleted {moment(one.deleted_at)}", indent=2)
    yield GAP
    yield heading("Copies elsewhere")
    if not one.copies:
        yield line(dim("none that Logferry knows of"), indent=2)
    for each in one.copies:
        tries = f"  {counted(each.attempts, 'attempt')}" if each.attempts else ""
        yield line(f"{each.destination}  ", state(each.state), dim(tries), indent=2)
        for words in _remarks(each):
            yield line(words, indent=4)


def _remarks(each: Copy) -> Iterator[Words]:
    if each.report_url:
        yield each.report_url
    if each.pieces:
        yield "what arrived of an upload that was not ended: part of no report"
        yield f"it lies there until {moment(each.until)}" if each.until else "nobody said how long it lies there"
    elif not each.certain:
        yield "it was sent and no answer came: it may not be there"
    if each.last_error:
        yield f"{each.last_error} ({moment(each.last_attempt)})"
    if each.next_attempt and each.state == "pending":
        yield f"next attempt: {moment(each.next_attempt)}"


def unfinished(found: SessionList) -> Iterator[Block]:
    """Deletions that destinations have not confirmed."""
    rows = tuple(
        (short(one.id), one.tracker, moment(one.deleted_at), each.destination, _state(each))
        for one in found.deleted
        for each in one.copies
        if each.state not in SETTLED
    )
    if rows:
        yield GAP
        yield heading("Deleted here, not yet there")
        yield Grid(("id", "tracker", "deleted", "destination", "state"), rows, indent=0)


def _state(each: Copy) -> Span:
    word = state(each.state)
    return Span(f"{word.text}: {each.last_error}", word.tone) if each.last_error else word
