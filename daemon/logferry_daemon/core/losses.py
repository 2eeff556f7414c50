"""What becomes of what cost the process that was to do it: tried again, and set aside after three. Pure.

Each letter and each file has a count of its own: a computer that runs out of memory once is the fault of none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from logferry_daemon.core.exchange import Later, Parked
from logferry_daemon.core.reading import Trouble
from logferry_model.errors import Damaged

WORKER_LOST = "worker-lost"
TRIES = 3
"""Workers that one letter may cost, until somebody asks for it again; or one file, until it changes or we restart."""


def worker_lost(how: str) -> Damaged:
    """The process that was to make a letter is gone, and this is what is known of it."""
    hint = "An upload is tried again by itself. More free memory may help."
    return Damaged(WORKER_LOST, f"The process that makes letters was lost over this session: {how}.", hint=hint)


def file_lost(how: str) -> Damaged:
    """The process that was to read a file, or to make a session of it ready, is gone."""
    return Damaged(WORKER_LOST, f"the process that reads files was lost over it: {how}.")


@dataclass(slots=True)
class Losses:
    """Of the deliveries to one destination, or of the files of one source, since the daemon began."""

    _counts: dict[str, int] = field(default_factory=dict)

    def trouble(self, what: str, error: Damaged) -> Trouble | None:
        """What is told of a file that has this error; None while it is tried again after one more of its own."""
        if error.code != WORKER_LOST:
            return Trouble(code=error.code, message=error.message)
        count = self._counts[what] = self._counts.get(what, 0) + 1
        if count < TRIES:
            return None
        self.forget(what)
        said = f"{error.message} That was so {count} times, so it is left alone until it changes or Logferry restarts."
        return Trouble(code=WORKER_LOST, message=f"{said} Close other programs to free some memory, then restart it.")

    def outcome(self, delivery: str, session: str, error: Damaged) -> Later | Parked:
        """After one more of its own."""
        count = self._counts[delivery] = self._counts.get(delivery, 0) + 1
        if count < TRIES:
            return Later(reason=str(error), trouble=False)
        self.forget(delivery)
        return Parked(
            reason=f"{error.message} That was so {count} times, and nothing of it was sent. "
            f"Close other programs to free some memory, then: logferry retry {session}"
        )

    def forget(self, delivery: str) -> None:
        """It is done."""
        self._counts.pop(delivery, None)
