"""Places where trackers write, filled in for one computer; what is not set there does not exist there."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from logferry_daemon.core.usual_paths import filled_in, libraries_in, usual_paths

HOME = PurePosixPath("/home/mila")


@pytest.mark.parametrize(
    ("path", "filled"),
    [
        ("~/logs", "/home/mila/logs"),
        ("/Applications/Game/Logs", "/Applications/Game/Logs"),
        ("~/.wine/drive_c/users/%USER%/Game", "/home/mila/.wine/drive_c/users/mila/Game"),
        ("~/.wine/drive_c/users/$USER/Game", "/home/mila/.wine/drive_c/users/mila/Game"),
        ("%Games%/x", "/games/x"),
        ("%USERPROFILE%/Saved Games", "/home/mila/Saved Games"),
        ("%NOWHERE%/x", None),
        ("%EMPTY%/x", None),
    ],
)
def test_a_place_is_filled_in(path: str, filled: str | None) -> None:
    found = filled_in(path, {"GAMES": "/games", "EMPTY": ""}, HOME)
    assert (found and str(found)) == filled


def test_the_user_goes_by_the_name_that_the_system_gives() -> None:
    assert filled_in("%USER%", {"USERNAME": "Mila K"}, HOME) == PurePosixPath("Mila K")


def test_windows_has_its_own_variables() -> None:
    home = PureWindowsPath("C:/Users/mila")
    filled = filled_in("%PROGRAMFILES(X86)%/Game/Logs", {"ProgramFiles(x86)": "C:\\Program Files (x86)"}, home)
    assert filled == PureWindowsPath("C:/Program Files (x86)/Game/Logs")
    assert filled_in("~/x", {}, home) == PureWindowsPath("C:/Users/mila/x")


def test_places_inside_steam_are_looked_for_in_its_other_folders_too() -> None:
    wanted = ["~/.local/share/Steam/steamapps/common/Game", "~/.steam/steam/steamapps/common/Game", "~/elsewhere"]
    found = [str(path) for path in usual_paths(wanted, {}, HOME, ["/mnt/games"])]
    assert found == [
        "/home/mila/.local/share/Steam/steamapps/common/Game",
        "/home/mila/.steam/steam/steamapps/common/Game",
        "/home/mila/elsewhere",
        "/mnt/games/steamapps/common/Game",
    ]


def test_the_folders_of_steam_are_read_from_its_list() -> None:
    first = '"0"\n{\n\t"path"\t\t"/home/mila/.local/share/Steam"\n\t"label"\t""\n}\n'
    text = f'"libraryfolders"\n{{\n{first}"1"\n{{\n\t"path"\t\t"D:\\\\SteamLibrary"\n}}\n}}\n'
    assert libraries_in(text) == ["/home/mila/.local/share/Steam", "D:\\SteamLibrary"]
    assert libraries_in("\0 not a list") == []
