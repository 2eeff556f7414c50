"""From the places where trackers usually write to paths on one computer. Pure: opens nothing, asks nobody.

A recipe says `~`, `%VARIABLE%` and folders of Steam; where a variable is not set its place does not exist here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

_VARIABLE = re.compile(r"%([^%/\\]+)%|\$([A-Za-z_]\w*)")
_LIBRARY = re.compile(r'^\s*"path"\s+"((?:[^"\\]|\\.)*)"', re.MULTILINE)
_STEAM = re.compile(r"^.*?/(?=steamapps/)")
_USER = ("USER", "USERNAME", "LOGNAME")
STEAM_ROOTS = (
    "~/.local/share/Steam",
    "~/.steam/steam",
    "~/.var/app/com.valvesoftware.Steam/.local/share/Steam",
    "~/Library/Application Support/Steam",
    "%PROGRAMFILES(X86)%/Steam",
)
"""Where Steam itself may be: each knows the other folders that its owner has given it."""
LIBRARY_LIST = "steamapps/libraryfolders.vdf"


def usual_paths(
    wanted: Iterable[str], environment: Mapping[str, str], home: PurePath, libraries: Sequence[str] = ()
) -> Iterator[PurePath]:
    """Each place with everything filled in; places below `steamapps` in each of Steam's `libraries`, too."""
    for path in dict.fromkeys(wanted):
        if (filled := filled_in(path, environment, home)) is not None:
            yield filled
    inside = dict.fromkeys(_STEAM.sub("", path) for path in wanted if _STEAM.match(path))
    for library in libraries:
        for path in inside:
            if (filled := filled_in(path, environment, home)) is not None:
                yield type(home)(library) / filled


def filled_in(path: str, environment: Mapping[str, str], home: PurePath) -> PurePath | None:
    """`path` with `~` and variables filled in; None where one of them is not set."""
    known = {name.upper(): value for name, value in environment.items() if value}
    known.setdefault("USERPROFILE", str(home))
    known["USER"] = next((known[name] for name in _USER if name in known), home.name)
    names = {(found[1] or found[2]).upper() for found in _VARIABLE.finditer(path)}
    if not names <= known.keys():
        return None
    filled = _VARIABLE.sub(lambda found: known[(found[1] or found[2]).upper()], path)
    return home / filled.removeprefix("~/") if filled.startswith("~/") else type(home)(filled)


def libraries_in(text: str) -> Sequence[str]:
    """The folders that Steam's own list of them names."""
    return [found.replace("\\\\", "\\") for found in _LIBRARY.findall(text)]
