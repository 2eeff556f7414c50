"""The child process: one question on its standard input, one reply on its standard output, and it is gone.

Started with `-I` and without an environment; imports no event loop. It writes nothing but SQLite's own shared memory
file, or a copy in the room it was given.
"""

from __future__ import annotations

import os
import sys

import msgspec

from logferry_daemon.core.rows import Question
from logferry_daemon.isolation.asking import answer
from logferry_daemon.isolation.confined import confine
from logferry_daemon.isolation.guarded import CopyNeeded, How, guarded, too_big
from logferry_daemon.isolation.limits import limit
from logferry_daemon.isolation.messages import MAX_ASK, Ask, Kind, Refusal, Rows, Sent
from logferry_daemon.isolation.place import Place, found
from logferry_model.errors import Damaged, LogferryError, Unreachable


def main() -> int:
    """Answer what is asked."""
    ask = msgspec.msgpack.decode(sys.stdin.buffer.read(MAX_ASK), type=Ask)
    limit(copying=ask.room is not None)
    try:
        reply = msgspec.msgpack.encode(replied(ask))
    except MemoryError:
        reply = msgspec.msgpack.encode(Sent(refusal=_refusal(too_big())))
    sys.stdout.buffer.write(reply)
    sys.stdout.buffer.flush()
    return 0


def replied(ask: Ask) -> Sent:
    """The reply to one question; raises nothing that a file can cause."""
    try:
        return Sent(answer=_answered(ask))
    except CopyNeeded:
        return Sent(refusal=Refusal(kind=Kind.COPY))
    except LogferryError as error:
        return Sent(refusal=_refusal(error))


def _answered(ask: Ask) -> Rows:
    with found(os.fsdecode(ask.root), os.fsdecode(ask.path)) as place:
        if ask.room is not None:
            confine(os.fsdecode(ask.room))
            with guarded(place.copy_into(os.fsdecode(ask.room)), How.COPIED) as connection:
                return answer(connection, ask.question)
        return _answered_in_place(place, ask.question)


def _answered_in_place(place: Place, question: Question) -> Rows:
    how, before = How.RESTING if place.resting else How.LIVE, place.states()
    try:
        with guarded(place.name, how) as connection:
            rows = answer(connection, question)
            place.check_handles()
    except Damaged:
        if how is How.LIVE or place.states() == before:
            raise
    else:
        if how is How.LIVE or place.states() == before:
            return rows
    raise Unreachable("database-busy", "somebody opened it while it was read; it is read again in a moment.")


def _refusal(error: LogferryError) -> Refusal:
    kind = Kind.DAMAGED if isinstance(error, Damaged) else Kind.UNREACHABLE
    return Refusal(kind=kind, code=error.code, message=error.message, hint=error.hint)


if __name__ == "__main__":
    sys.exit(main())
