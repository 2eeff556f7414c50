"""The one module that prints: blocks for people (`drawing.py`), plain JSON for programs. Decides nothing.

rich is imported when the first block is shown on a terminal, so neither `--json` nor a pipe waits for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, TypeVar

import msgspec

from logferry.blocks import Block, Line, Span, Tone, Words
from logferry.columns import laid_out, plain, widths
from logferry.printable import printable
from logferry_model.errors import LogferryError

if TYPE_CHECKING:
    from rich.console import Console

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
        """Blocks for a person; in a pipe or a file each line is whole, however long it is."""
        if not _is_terminal(self._stdout):
            for block in blocks:
                for row in _rows(block):
                    print(plain(row, block.indent), file=self._stdout)
        else:
            from logferry.drawing import drawn

            console = _console(self._stdout)
            for block in blocks:
                console.print(drawn(block, console))
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
            print(plain(words), file=self._stderr, flush=True)

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
        if not _is_terminal(self._stdout):
            yield self.blocks
            return
        from rich.console import Group
        from rich.live import Live

        from logferry.drawing import drawn

        console = _console(self._stdout)
        with Live(console=console, auto_refresh=False) as live:
            yield lambda blocks: live.update(Group(*(drawn(one, console) for one in blocks)), refresh=True)


def _unseen(done: int, total: int, what: str) -> None:
    """A bar that nobody watches."""


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream, highlight=False, emoji=False, markup=False)


def _is_terminal(stream: TextIO) -> bool:
    """Whether it shows colours and has a width: a terminal, or what is to be taken for one."""
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR"))


def _rows(block: Block) -> Iterable[Sequence[Words]]:
    if isinstance(block, Line):
        return (block.words,)
    return laid_out(block, widths(block), 2)
