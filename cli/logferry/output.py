"""The one module that prints: blocks for people (`drawing.py`), plain JSON for programs. Decides nothing.

rich is imported when the first block is printed, so `--json` never waits for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, TypeVar

import msgspec

from logferry.blocks import Block, Line, Span, Tone, Words, text_of
from logferry.printable import printable
from logferry_model.errors import LogferryError

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 1_000_000
"""What is read by a program, or kept in a file, has whole lines: rich cuts what is indented at the width."""

Shown = TypeVar("Shown")

Step = Callable[[int, int, str], None]
"""Moves a progress bar: done, of how many, and what is being done."""


class Output:
    """Where a verb's words go."""

    def __init__(self, *, as_json: bool = False, stdout: TextIO, stderr: TextIO) -> None:
        self.as_json = as_json
        self._stdout = stdout
        self._stderr = stderr

    @classmethod
    def of_process(cls, *, as_json: bool) -> Output:
        """The process's own streams; letters that a console cannot show become question marks, not errors."""
        for stream in (sys.stdout, sys.stderr):
            if reconfigure := getattr(stream, "reconfigure", None):
                reconfigure(errors="replace")
        return cls(as_json=as_json, stdout=sys.stdout, stderr=sys.stderr)

    @property
    def interactive(self) -> bool:
        """Whether a person sits there who can answer a question."""
        return sys.stdin.isatty() and self._stderr.isatty()

    @property
    def watched(self) -> bool:
        """Whether somebody sees what is said beside the answer."""
        return self._stderr.isatty()

    def show(self, value: Shown, view: Callable[[Shown], Iterable[Block]]) -> None:
        """The value as JSON, or as its view where a person reads."""
        if self.as_json:
            self.json(value)
        else:
            self.blocks(view(value))

    def json(self, value: object, *, indent: int = 2) -> None:
        """The value as JSON; `indent=0` puts it on one line."""
        text = msgspec.json.encode(value)
        print(msgspec.json.format(text, indent=indent or -1).decode(), file=self._stdout, flush=True)

    def raw(self, data: bytes) -> None:
        """Bytes as they are, for a file or a pipe."""
        self._stdout.flush()
        self._stdout.buffer.write(data)
        self._stdout.buffer.flush()

    def blocks(self, blocks: Iterable[Block]) -> None:
        """Blocks for a person."""
        from logferry.drawing import drawn

        console = _console(self._stdout)
        for block in blocks:
            console.print(drawn(block, console), soft_wrap=not console.is_terminal)
        self._stdout.flush()

    def say(self, *words: Words) -> None:
        """One line of answer."""
        self.blocks([Line(words)])

    def note(self, *words: Words) -> None:
        """One line beside the answer: never part of what a program reads."""
        if self._stderr.isatty():
            from logferry.drawing import text

            _console(self._stderr).print(text(words), soft_wrap=True)
        else:
            # Scripts ask in vain more often than people do, and need not wait for rich to hear it.
            print("".join(map(_plain, words)), file=self._stderr, flush=True)

    def trouble(self, message: str, hint: str = "") -> None:
        """What went wrong and what to do."""
        self.note(Span("logferry: ", Tone.BAD), message)
        if hint:
            self.note("  ", hint)

    def error(self, error: LogferryError) -> None:
        """A known trouble in its own words."""
        self.trouble(error.message, error.hint)

    def ask(self, question: str) -> bool:
        """A yes or no from a person; anything but yes is a no."""
        print(f"{printable(question)} [y/N] ", end="", file=self._stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def ask_secret(self, prompt: str) -> str:
        """A secret typed by a person: it is not echoed."""
        import getpass

        return getpass.getpass(f"{printable(prompt)}: ", stream=self._stderr)

    @contextmanager
    def progress(self, label: str) -> Iterator[Step]:
        """A bar on the error stream while long work goes on; silent where nobody watches."""
        if self.as_json or not self._stderr.isatty():
            yield _unseen
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[what]}"),
        )
        with Progress(*columns, console=_console(self._stderr), transient=True) as bars:
            task = bars.add_task(label, total=None, what="")
            yield lambda done, total, what: bars.update(task, completed=done, total=total, what=printable(what))

    @contextmanager
    def live(self) -> Iterator[Callable[[Iterable[Block]], None]]:
        """Blocks that replace each other in place; one after the other where there is no terminal."""
        console = _console(self._stdout)
        if not console.is_terminal:
            yield self.blocks
            return
        from rich.console import Group
        from rich.live import Live

        from logferry.drawing import drawn

        with Live(console=console, auto_refresh=False) as live:
            yield lambda blocks: live.update(Group(*(drawn(one, console) for one in blocks)), refresh=True)


def _plain(word: Words) -> str:
    return printable(text_of(word))


def _unseen(done: int, total: int, what: str) -> None:
    """A bar that nobody watches."""


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, emoji=False, markup=False)
