"""Looks which of the places where trackers usually write are there on this computer. Opens no log."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.core.usual_paths import LIBRARY_LIST, STEAM_ROOTS, filled_in, libraries_in, usual_paths

PLATFORMS = {"win32": "windows", "darwin": "macos"}
MAX_LIST = 2**20
"""Bytes: more folders than anybody has."""


class UsualFolders:
    """The usual places of one person's trackers."""

    def __init__(self, environment: Mapping[str, str], home: Path, platform: str = sys.platform) -> None:
        self._environment = environment
        self._home = home
        self._platform = PLATFORMS.get(platform, "linux")

    def places(self, tracker: AnyTracker) -> Sequence[Path]:
        """Where its files may be, there or not, in the order in which they are looked for."""
        wanted = tracker.usual_paths(self._platform)
        return [Path(path) for path in usual_paths(wanted, self._environment, self._home, self._libraries())]

    def there(self, tracker: AnyTracker) -> Sequence[Path]:
        """Those that are folders on this computer, without links in them, each once."""
        return list(dict.fromkeys(path.resolve() for path in self.places(tracker) if _is_folder(path)))

    def _libraries(self) -> Sequence[str]:
        """Folders on other disks that Steam was given."""
        roots = (filled_in(root, self._environment, self._home) for root in STEAM_ROOTS)
        found = [library for root in roots if root for library in libraries_in(_text(Path(root) / LIBRARY_LIST))]
        return list(dict.fromkeys(found))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_LIST).decode("utf-8", "replace")
    except OSError:
        return ""
