"""The folders of one demo and what goes into them. Makes folders and plan files; starts nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from logferry.demo import tracker
from logferry_daemon.home import HOME_VARIABLE, Home

GAME_NAMES = {"artemis": "artemis-tracker", "elite-dangerous": "EliteDangerous64.exe"}
"""What the tracker scripts are called while they run.

The daemon knows a game by the name of its program, also where Wine or an interpreter runs it: it looks at the first
words of the command line too. So a script of this name, run as `python EliteDangerous64.exe`, is the game to it, and
its end is the end of the game: nothing in the daemon has to know that this is a demo.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where everything of one demo is."""

    root: Path

    @property
    def home(self) -> Home:
        """The daemon's own folders."""
        return Home.below(self.root / "daemon")

    @property
    def database(self) -> Path:
        """What the collector stores."""
        return self.root / "collector.sqlite3"

    @property
    def manifests(self) -> Path:
        """What the trackers say they wrote: outside of everything that is watched."""
        return self.root / "manifests"

    def watched(self, tracker_name: str) -> Path:
        """The folder that a tracker writes to and the daemon reads."""
        return self.root / "games" / tracker_name

    def log(self, name: str) -> Path:
        """What a child process prints."""
        return self.root / "logs" / f"{name}.log"

    def script(self, tracker_name: str) -> Path:
        """The tracker's script, under the game's own name."""
        return self.root / "bin" / GAME_NAMES[tracker_name]

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """For the daemon: this home and no other, and what was left behind before goes without being asked for."""
        return {**inherited, HOME_VARIABLE: str(self.root / "daemon"), "LOGFERRY_WATCH__BACKFILL": "true"}

    def manifest(self, name: str) -> Path:
        """One session's manifest."""
        return self.manifests / f"{name}.json"

    def read_watched(self) -> bytes:
        """The bytes of every file that the trackers wrote, one after the other."""
        files = (file for name in GAME_NAMES for file in sorted(self.watched(name).iterdir()))
        return b"\n".join(file.read_bytes() for file in files)

    def read_manifests(self) -> list[dict[str, Any]]:
        """Everything the trackers say they wrote."""
        return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(self.manifests.iterdir())]


@contextmanager
def open_stage(*, keep: bool) -> Iterator[Stage]:
    """A stage below the system's temporary folder, removed at the end unless it is to be kept."""
    stage = Stage(root=Path(mkdtemp(prefix="logferry-demo-")))
    try:
        _furnish(stage)
        yield stage
    finally:
        if not keep:
            # On Windows a child that has just ended may still hold its log for a moment: a rest is harmless.
            shutil.rmtree(stage.root, ignore_errors=True)


def _furnish(stage: Stage) -> None:
    for folder in (stage.manifests, stage.root / "logs", stage.root / "bin"):
        folder.mkdir()
    for name in GAME_NAMES:
        stage.watched(name).mkdir(parents=True)
        shutil.copyfile(tracker.__file__, stage.script(name))
