"""What the doctor says of where things are."""

from __future__ import annotations

from pathlib import Path

from logferry_daemon.checks.places import PlacesCheck
from logferry_daemon.home import Home


async def test_a_person_is_told_which_files_are_his_to_edit_and_which_are_not_there_yet(tmp_path: Path) -> None:
    home = Home.below(tmp_path)
    home.config.mkdir()
    home.settings_file.touch()
    (told,) = [one async for one in PlacesCheck(home).run()]
    assert (told.name, told.level) == ("files", "ok")
    assert f"settings: {home.settings_file};" in told.message
    assert f"queue: {home.spool_file}, not there;" in told.message
