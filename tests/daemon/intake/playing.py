"""Games that write a journal: one that begins now, and one that goes on."""

from __future__ import annotations

from tests.daemon.shell.stage import JOURNAL, Stage, begin, jump, shutdown


def play(stage: Stage, path: str = JOURNAL, *, jumps: int = 3, end: bool = False) -> None:
    """A journal of a session that began now."""
    now = stage.clock.now()
    stage.files.append(path, begin(now) + b"".join(jump(now, number) for number in range(jumps)))
    if end:
        stage.files.append(path, shutdown(now))


def go_on(stage: Stage, path: str = JOURNAL, number: int = 0) -> None:
    stage.files.append(path, jump(stage.clock.now(), number))
