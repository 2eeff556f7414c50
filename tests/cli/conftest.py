from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from logferry.__main__ import main
from logferry_daemon.home import HOME_VARIABLE, Home
from tests.ipc.serving import ThreadedDaemon, daemon_in_thread


@dataclass(frozen=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 -- any JSON value
        return msgspec.json.decode(self.out)


Command = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home of its own, in which no daemon runs."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return Home.below(tmp_path / "home")


@pytest.fixture
def daemon(home: Home) -> Iterator[ThreadedDaemon]:
    """A real server on a real socket, with a fake behind it."""
    with daemon_in_thread(home.runtime) as running:
        yield running


@pytest.fixture
def logferry(home: Home, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in this process."""

    def run(*argv: str) -> Ran:
        capsys.readouterr()
        code = main(argv)
        seen = capsys.readouterr()
        return Ran(code, seen.out, seen.err)

    return run
