"""Streams that a test can look into while somebody else writes."""

import io
import threading

from logferry.output import Output


class Recording(io.StringIO):
    """Keeps what is written and wakes whoever waits for it."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self._news = threading.Condition()
        self._terminal = terminal

    def write(self, text: str) -> int:
        with self._news:
            count = super().write(text)
            self._news.notify_all()
        return count

    def isatty(self) -> bool:
        return self._terminal

    def wait_for(self, text: str) -> None:
        with self._news:
            assert self._news.wait_for(lambda: text in self.getvalue(), timeout=60), self.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


def piped(*, as_json: bool = False) -> tuple[Output, Recording]:
    """An output that goes to a program."""
    stream = Recording()
    return Output(as_json=as_json, stdout=stream, stderr=io.StringIO()), stream


def on_terminal() -> tuple[Output, Recording]:
    """An output that a person looks at."""
    stream = Recording(terminal=True)
    return Output(stdout=stream, stderr=stream), stream
