"""Usual folders on a real disk: those that are there, once each, without links."""

from __future__ import annotations

from pathlib import Path

import pytest

from logferry_daemon.adapters.usual_folders import UsualFolders
from logferry_daemon.core.reading import AnyTracker
from logferry_daemon.trackers.catalogue import all_trackers
from tests.conftest import only_on

ELITE = all_trackers()["elite-dangerous"]
INSIDE = "steamapps/compatdata/359320/pfx/drive_c/users/steamuser/Saved Games/Frontier Developments/Elite Dangerous"
STEAM = ".local/share/Steam"


@pytest.fixture
def folders(tmp_path: Path) -> UsualFolders:
    return UsualFolders({}, tmp_path, "linux")


def there(folders: UsualFolders, tracker: AnyTracker = ELITE) -> list[Path]:
    return list(folders.there(tracker))


def test_where_nothing_is_nothing_is_found(folders: UsualFolders) -> None:
    assert there(folders) == []
    assert len(folders.places(ELITE)) >= 2


@only_on("linux", "darwin")
def test_a_folder_that_links_lead_to_is_found_once_and_under_its_own_name(
    tmp_path: Path, folders: UsualFolders
) -> None:
    logs = tmp_path / STEAM / INSIDE
    logs.mkdir(parents=True)
    (tmp_path / ".steam").mkdir()
    (tmp_path / ".steam/steam").symlink_to(tmp_path / STEAM)
    assert there(folders) == [logs]


@only_on("linux", "darwin")
def test_another_disk_that_steam_was_given_is_looked_at(tmp_path: Path, folders: UsualFolders) -> None:
    disk = tmp_path / "disk"
    logs = disk / INSIDE
    logs.mkdir(parents=True)
    known = tmp_path / STEAM / "steamapps"
    known.mkdir(parents=True)
    (known / "libraryfolders.vdf").write_text(f'"libraryfolders"\n{{\n"1"\n{{\n"path"  "{disk}"\n}}\n}}\n')
    assert there(folders) == [logs]


def test_a_file_of_that_name_is_no_folder(tmp_path: Path, folders: UsualFolders) -> None:
    logs = tmp_path / STEAM / INSIDE
    logs.parent.mkdir(parents=True)
    logs.write_text("")
    assert there(folders) == []
