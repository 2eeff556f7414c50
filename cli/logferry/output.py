"""The one module that prints: blocks for people through rich, plain JSON for programs. Decides nothing.

rich is imported when the first block is printed, so `--json` never waits for it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, TypeVar

import msgspec

from logferry.blocks import Block, Grid, Line, Span, Tone, Words
from logferry_model.errors import LogferryError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.DIM: "dim",
    Tone.GOOD: "green",
    Tone.BUSY: "cyan",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
}

PIPE_WIDTH = 200
"""A program that reads our tables should not get cut lines."""

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""In a file name or a server's answer these could steer the terminal, write lines of their own, turn words round or
hide in them. Line breaks are among them: a line is made by a `Line`, never by a character."""

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
        console = _console(self._stdout)
        for block in blocks:
            console.print(_rendered(block), soft_wrap=not console.is_terminal)
        self._stdout.flush()

    def say(self, *words: Words) -> None:
        """One line of answer."""
        self.blocks([Line(words)])

    def note(self, *words: Words) -> None:
        """One line beside the answer: never part of what a program reads."""
        if self._stderr.isatty():
            _console(self._stderr).print(_text(words), soft_wrap=True)
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

        with Live(console=console, auto_refresh=False) as live:
            yield lambda blocks: live.update(Group(*map(_rendered, blocks)), refresh=True)


def printable(text: str) -> str:
    """The text with a mark in place of whatever could steer a terminal or end the line."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _plain(word: Words) -> str:
    return printable(word.text if isinstance(word, Span) else word)


def _unseen(done: int, total: int, what: str) -> None:
    """A bar that nobody watches."""


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, emoji=False, markup=False)


def _text(words: Iterable[Words]) -> Text:
    from rich.text import Text

    text = Text()
    for word in words:
        span = word if isinstance(word, Span) else Span(word)
        text.append(printable(span.text), STYLES[span.tone])
    return text


def _rendered(block: Block) -> RenderableType:
    from rich.padding import Padding

    content = _table(block) if isinstance(block, Grid) else _text(block.words)
    return Padding(content, (0, 0, 0, block.indent), expand=False) if block.indent else content


def _table(grid: Grid) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in grid.columns:
        table.add_column(name, justify="right" if name in grid.right else "left", no_wrap=name in grid.whole)
    for row in grid.rows:
        table.add_row(*(_text((cell,)) for cell in row))
    return table
