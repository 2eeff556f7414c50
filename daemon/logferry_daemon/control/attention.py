"""What a person should know, in sentences, and what he can do about each. Rows in, entries out.

Times are told in `zone`, None is the system's: what a person reads here is typed into commands that go by his clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from logferry_daemon.core.delivery import LEFT_OUT
from logferry_daemon.core.gate import PLAYING, Gate
from logferry_daemon.core.reading import Trouble
from logferry_daemon.ports import Backlog, DeliveryRow, KeyNote
from logferry_ipc.messages import (
    Attention,
)

RENEWED_IS_NEWS = timedelta(days=30)
NOTHING_WAITS: Mapping[str, int] = {}
SAME_DAY = timedelta(hours=12)
"""A time that is nearer than this is told without its day."""
MAX_ATTENTION = 50
"""Entries; the rest is counted in one more."""


def attention(
    gates: Mapping[str, Gate],
    failures: Sequence[DeliveryRow],
    sources: Mapping[str, str],
    troubles: Sequence[tuple[str, str, Trouble]],
    *,
    recipes: Sequence[Trouble] = (),
    backlog: Backlog | None = None,
    keys: Sequence[KeyNote] = (),
    questions: Sequence[Attention] = (),
    queue: Iterable[Attention] = (),
    deletions: Iterable[Attention] = (),
    tokens: Iterable[Attention] = (),
    waiting: Mapping[str, int] = NOTHING_WAITS,
    zone: tzinfo | None = None,
    now: datetime | None = None,
) -> tuple[Attention, ...]:
    """What a person should know, the most urgent first. `sources` is name -> state; times far from `now` have a day."""
    all_of_it = [
        *queue,
        *_closed(gates, waiting, zone, now),
        *_failed(failures),
        *questions,
        *deletions,
        *_waiting(backlog, zone),
        *missing(sources),
        *(Attention(code=note.code, message=note.message, hint=note.hint) for note in keys),
        *tokens,
        *_broken(recipes),
        *_unread(troubles),
    ]
    if len(all_of_it) <= MAX_ATTENTION:
        return tuple(all_of_it)
    more = len(all_of_it) - MAX_ATTENTION
    return (*all_of_it[:MAX_ATTENTION], Attention(code="more", message=f"... and {more} more."))


def closed(gates: Mapping[str, Gate], zone: tzinfo | None = None) -> Iterator[str]:
    """A sentence for each destination that nothing goes to now, and until when or until what."""
    for name, gate in gates.items():
        if gate.held:
            yield f"{name} is held: {gate.reason}. {gate.hint}".rstrip()
        elif not gate.open:
            until = f"; next try at {gate.until.astimezone(zone):%H:%M:%S}" if gate.until else ""
            yield f"{name} waits: {gate.reason}{until}."


def tokens_renewed(at: datetime | None, now: datetime) -> Iterator[Attention]:
    """Said for a while: nobody but the owner can tell why the same players look like others from then on."""
    if at is None or now - at > RENEWED_IS_NEWS:
        return
    yield Attention(
        code="tokens-renewed",
        message=f"Since {at:%Y-%m-%d %H:%M} UTC names become other tokens than before: the key for them was lost "
        "or replaced in the keyring.",
        hint="The same players look like others in new reports; nothing else is different, and there is nothing to do.",
    )


def _closed(
    gates: Mapping[str, Gate], waiting: Mapping[str, int], zone: tzinfo | None, now: datetime | None
) -> Iterator[Attention]:
    for name, gate in gates.items():
        if gate.reason and (gate.state != "paused" or (gate.reason == PLAYING and gate.hint)):
            said = f"{name}: {gate.reason}; {_held_up(waiting.get(name, 0), gate, zone, now)}."
            yield Attention(code=f"destination-{gate.state}", message=said, hint=gate.hint)


def _held_up(number: int, gate: Gate, zone: tzinfo | None, now: datetime | None) -> str:
    if not number:
        return "nothing waits for it"
    return f"{'1 upload waits' if number == 1 else f'{number:,} uploads wait'}{_and_then(gate, zone, now)}"


def _and_then(gate: Gate, zone: tzinfo | None, now: datetime | None) -> str:
    """What comes next: a time, or a person."""
    if gate.reason == PLAYING:
        return " until the game ends"
    if gate.open:
        return ", and it is tried right now"
    if gate.until is None:
        return " until you change that"
    # A server may ask for a day: a time alone would be read as one of today.
    far = now is not None and gate.until - now >= SAME_DAY
    return f", next try at {gate.until.astimezone(zone):{'%Y-%m-%d %H:%M' if far else '%H:%M:%S'}}"


def _failed(failures: Sequence[DeliveryRow]) -> Iterator[Attention]:
    for row in failures:
        if row.standing in LEFT_OUT:
            continue
        yield Attention(
            code="delivery-failed",
            message=f"Session {row.session} was refused by {row.destination}: {row.last_error}.",
            hint=f"Look at it with: logferry sessions show {row.session}; try again with: logferry retry {row.session}",
        )


def _waiting(backlog: Backlog | None, zone: tzinfo | None) -> Iterator[Attention]:
    if backlog is None:
        return
    first, last = (f"{at.astimezone(zone):%Y-%m-%d}" for at in (backlog.first, backlog.last))
    when = f"of {first}" if first == last else f"from {first} to {last}"
    found = "1 session" if backlog.sessions == 1 else f"{backlog.sessions:,} sessions"
    verb = "was" if backlog.sessions == 1 else "were"
    yield Attention(
        code="backlog",
        message=f"{found} {when} {verb} there before Logferry followed the folder, or knew the destination; "
        "nothing of that is sent until you ask.",
        hint=f"Send all: logferry upload --all; or only later ones: logferry upload --all --since {last}",
    )


def missing(sources: Mapping[str, str]) -> Iterator[Attention]:
    """One for each source that is not followed as it should be."""
    for name, state in sources.items():
        if state not in {"watching", "starting"}:
            hint = "It is tried again and again. What else is wrong: logferry doctor"
            yield Attention(code="source-missing", message=f"{name}: {state}", hint=hint)


def _broken(recipes: Sequence[Trouble]) -> Iterator[Attention]:
    for trouble in recipes:
        hint = "Mend it, try it with: logferry recipe test --recipe FILE, and start the daemon again."
        yield Attention(code=trouble.code, message=trouble.message, hint=hint)


def _unread(troubles: Sequence[tuple[str, str, Trouble]]) -> Iterator[Attention]:
    for source, path, trouble in troubles:
        yield Attention(code=trouble.code, message=f"{source}: {path}: {trouble.message}")
