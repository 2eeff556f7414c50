from pathlib import Path

import pytest

from logferry.exits import Exit
from logferry_daemon.home import Home
from tests.cli.conftest import Command
from tests.daemon.recipes.small import TEXT as TAVERN
from tests.daemon.recipes.small import line, log
from tests.factories import artemis_document, encode_document, file_name, journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two sessions of Artemis and a journal with two games."""
    found = tmp_path / "logs"
    found.mkdir()
    for seed in (1, 2):
        document = artemis_document(seed)
        (found / file_name(document)).write_bytes(encode_document(document))
    made = journal(games=2)
    (found / made.name).write_bytes(made.encode())
    return found


def test_a_folder_is_read_without_a_daemon_in_the_promised_shape(logferry: Command, folder: Path) -> None:
    ran = logferry("inspect", str(folder), "--json")
    assert ran.code == Exit.DONE
    files = ran.json["files"]
    assert sorted((each["tracker"], len(each["sessions"])) for each in files) == [
        ("artemis", 1),
        ("artemis", 1),
        ("elite-dangerous", 2),
    ]
    for file in files:
        assert file.keys() >= {"path", "tracker", "sessions", "problems"}
        for session in file["sessions"]:
            assert session.keys() >= {"id", "started_at", "ended_at", "end", "identity", "events", "statistics"}
            assert session["end"].keys() >= {"rule", "evidence", "confidence"}


def test_totals_say_how_many_of_what(logferry: Command, folder: Path) -> None:
    (folder / "session-empty.json").write_bytes(b"")
    totals = logferry("inspect", str(folder), "--json").json["totals"]
    assert totals == {
        "files": 4,
        "sessions": 4,
        "starts": 4,
        "ends": {"explicit": 4},
        "running": 0,
        "problems": {"empty": 1},
    }


def test_a_session_that_two_files_hold_starts_twice_and_counts_once(logferry: Command, folder: Path) -> None:
    file = next(folder.glob("Journal.*"))
    (folder / f"Journal.copy-of-{file.name}").write_bytes(file.read_bytes())
    totals = logferry("inspect", str(folder), "--json").json["totals"]
    assert (totals["sessions"], totals["starts"]) == (4, 6)
    assert sum(totals["ends"].values()) + totals["running"] == totals["starts"]


def test_people_see_the_same_totals(logferry: Command, folder: Path) -> None:
    (folder / "session-empty.json").write_bytes(b"")
    last = logferry("inspect", str(folder)).out.splitlines()[-3:]
    assert last == [
        "4 files, 4 sessions, 1 problem; nothing was sent",
        "4 starts; ends: 4 by explicit",
        "problems: empty 1",
    ]


def test_what_belongs_to_a_database_is_read_with_it(logferry: Command, tmp_path: Path) -> None:
    place = tmp_path / "db"
    place.mkdir()
    for name in ("resonance-logs.db", "resonance-logs.db-wal", "resonance-logs.db-shm", "other.db-wal"):
        (place / name).write_bytes(b"")
    files = logferry("inspect", str(place), "--json").json["files"]
    assert {file["path"] for file in files} == {"resonance-logs.db", "other.db-wal"}


def test_the_owners_own_recipes_read_files_too(logferry: Command, home: Home, tmp_path: Path) -> None:
    home.recipes_folder.mkdir(parents=True)
    (home.recipes_folder / "tavern.toml").write_text(TAVERN)
    (tmp_path / "tavern-1.log").write_bytes(log(line("Enter", table=3), line("Drink", 5), line("Leave", 9)))
    (file,) = logferry("inspect", str(tmp_path / "tavern-1.log"), "--json").json["files"]
    assert (file["tracker"], len(file["sessions"])) == ("tavern", 1)


def test_people_see_why_each_session_ended(logferry: Command, folder: Path) -> None:
    out = logferry("inspect", str(folder)).out
    assert "explicit: endedAt" in out
    assert "Shutdown" in out
    assert "3 files, 4 sessions" in out
    assert "nothing was sent" in out


def test_one_file_is_read_as_the_tracker_that_was_named(logferry: Command, folder: Path) -> None:
    file = next(folder.glob("Journal.*"))
    files = logferry("inspect", str(file), "--tracker", "elite-dangerous", "--json").json["files"]
    assert [len(each["sessions"]) for each in files] == [2]


def test_a_folder_with_one_known_file_is_read(logferry: Command, folder: Path) -> None:
    (folder / "photo.xcf").write_bytes(b"pixels")
    assert logferry("inspect", str(folder)).code == Exit.DONE


@pytest.mark.parametrize("name", ["photo.xcf", "artemis-hunt-00000000.json", None])
def test_where_no_tracker_can_read_anything_it_is_a_failure(
    logferry: Command, tmp_path: Path, name: str | None
) -> None:
    place = tmp_path / "logs"
    place.mkdir()
    if name:
        (place / name).write_bytes(b"neither this nor that")
    for argv in ((), ("--json",)):
        ran = logferry("inspect", str(place), *argv)
        assert ran.code == Exit.FAILED
        assert ran.err.startswith(f"logferry: No tracker can read anything at {place}.")


def test_a_file_name_writes_no_line_of_its_own(logferry: Command, tmp_path: Path) -> None:
    (tmp_path / "a\n3 files, 3 sessions, 0 problems").write_bytes(b"")
    out = logferry("inspect", str(tmp_path)).out
    assert not any(row.startswith("3 files") for row in out.splitlines())


@pytest.mark.parametrize("argv", [("nowhere",), (".", "--tracker", "astemis")], ids=" ".join)
def test_what_cannot_be_read_is_a_failure(logferry: Command, argv: tuple[str, ...]) -> None:
    ran = logferry("inspect", *argv)
    assert ran.code == Exit.FAILED
    assert ran.err.startswith("logferry: ")


def test_a_file_that_was_renamed_is_read_as_the_ones_beside_it(logferry: Command, folder: Path) -> None:
    file = next(folder.glob("Journal.*"))
    (folder / "my best evening.log").write_bytes(journal(7).encode())
    files = {each["path"]: each for each in logferry("inspect", str(folder), "--json").json["files"]}
    renamed = files["my best evening.log"]
    assert (renamed["tracker"], len(renamed["sessions"])) == (files[file.name]["tracker"], 1)
    assert [one["code"] for one in renamed["problems"]] == ["guessed"]


def test_a_file_of_another_kind_is_not_guessed_at(logferry: Command, folder: Path) -> None:
    (folder / "notes.txt").write_text("milk, eggs")
    files = {each["path"]: each for each in logferry("inspect", str(folder), "--json").json["files"]}
    assert [one["code"] for one in files["notes.txt"]["problems"]] == ["unknown-file"]
