"""`recipe list` and `recipe test`: without a daemon, on the owner's own screen."""

import json
from pathlib import Path
from typing import Any

import pytest

from logferry.exits import Exit
from logferry_daemon.adapters.recipe_folder import read_own_recipes
from logferry_daemon.home import Home
from logferry_daemon.recipes.shipped import shipped_texts
from logferry_daemon.trackers.catalogue import all_trackers
from tests.cli.conftest import Command
from tests.daemon.recipes.small import TEXT as TAVERN
from tests.daemon.recipes.small import line, log
from tests.factories import artemis_document, encode_document, file_name, journal

EVENING = log(
    line("Enter", guest="Sir Bertram", table=3),
    line("Drink", 5, brand="Ale", cups=2, price=4),
    line("Toast", 6, words="To Bertram", loudness=7, others="Hildegard", to="Hildegard"),
    line("Toast", 7, words="To the house", loudness=9),
    line("Leave", 9),
)


@pytest.fixture
def evening(tmp_path: Path) -> Path:
    """A log of the tavern."""
    file = tmp_path / "tavern-1.log"
    file.write_bytes(EVENING)
    return file


@pytest.fixture
def tavern(tmp_path: Path) -> Path:
    """A recipe that is not installed."""
    file = tmp_path / "tavern.toml"
    file.write_text(TAVERN)
    return file


def own(home: Home, name: str, text: str) -> None:
    home.recipes_folder.mkdir(parents=True, exist_ok=True)
    (home.recipes_folder / name).write_text(text)


def tried(logferry: Command, *argv: object) -> dict[str, Any]:
    (file,) = logferry("recipe", "test", *map(str, argv), "--json").json["files"]
    (session,) = file["sessions"]
    assert isinstance(session, dict)
    return session


# list


def test_every_shipped_recipe_is_listed(logferry: Command) -> None:
    ran = logferry("recipe", "list", "--json")
    listed = {each["name"]: each for each in ran.json["recipes"]}
    assert ran.code == Exit.DONE
    assert len(listed) == len(shipped_texts())
    elite = listed["elite-dangerous"]
    assert (elite["origin"], elite["format"], elite["patterns"]) == ("shipped", "json-lines", ["Journal.*.log"])
    assert elite["title"] in logferry("recipe", "list").out


def test_an_own_recipe_takes_the_place_of_a_shipped_one(logferry: Command, home: Home) -> None:
    own(home, "mine.toml", TAVERN.replace('"tavern"', '"swtor"', 1))
    own(home, "tavern.toml", TAVERN)
    listed = {each["name"]: each for each in logferry("recipe", "list", "--json").json["recipes"]}
    assert (listed["swtor"]["origin"], listed["swtor"]["replaces"]) == ("own", True)
    assert (listed["tavern"]["origin"], listed["tavern"]["replaces"]) == ("own", False)
    assert "own, instead of the shipped one" in logferry("recipe", "list").out


def test_an_own_recipe_cannot_take_the_place_of_a_tracker_that_needs_none(logferry: Command, home: Home) -> None:
    own(home, "mine.toml", TAVERN.replace('"tavern"', '"artemis"', 1))
    ran = logferry("recipe", "list")
    assert ran.code == Exit.FAILED
    assert 'The recipe mine.toml: "artemis" is the name of a tracker that needs no recipe.' in ran.out
    assert all_trackers(read_own_recipes(home.recipes_folder).trackers)["artemis"].title == "Artemis Tracker"


def test_of_two_own_recipes_of_one_name_the_first_is_used_and_the_other_reported(logferry: Command, home: Home) -> None:
    own(home, "a.toml", TAVERN.replace("The Tavern", "The First"))
    own(home, "b.toml", TAVERN)
    ran = logferry("recipe", "list")
    assert ran.code == Exit.FAILED
    assert 'The recipe b.toml: it is not used, as a.toml has the name "tavern", too.' in ran.out
    (first,) = [one for one in logferry("recipe", "list", "--json").json["recipes"] if one["name"] == "tavern"]
    assert first["title"] == "The First"


def test_a_broken_own_recipe_is_listed_with_what_is_wrong(logferry: Command, home: Home) -> None:
    own(home, "tavern.toml", TAVERN.replace("patterns", "paterns"))
    ran = logferry("recipe", "list")
    assert ran.code == Exit.FAILED
    assert 'The recipe tavern.toml: unknown key "paterns" in [files]; did you mean "patterns"?' in ran.out
    assert "elite-dangerous" in ran.out


# test


def test_a_trial_shows_the_cut_and_what_is_in_it(logferry: Command, evening: Path, tavern: Path) -> None:
    found = tried(logferry, evening, "--recipe", tavern)
    assert found["session"]["end"] == {"rule": "explicit", "evidence": "line 5: Leave", "confidence": 1.0}
    assert found["session"]["identity"] == "Sir Bertram"
    assert found["types"]["Toast"] == 2
    assert found["facts"] == {"table": 3}
    assert {one["name"]: one["value"] for one in found["session"]["statistics"]["measures"]} == {
        "drinks": 1,
        "spent": 4,
    }


def test_a_trial_shows_what_stays_and_what_is_taken_out(logferry: Command, evening: Path, tavern: Path) -> None:
    found = tried(logferry, evening, "--recipe", tavern)
    assert found["stays"] == {"amount": 2, "loudness": 2, "item": 1, "quantity": 1, "value": 1, "words": 1}
    assert found["redacted"]["words"] == 1, "a toast to somebody whom the log names"
    assert found["redacted"]["creature"] == 1
    assert found["names"] >= 2


def test_people_see_the_same(logferry: Command, evening: Path, tavern: Path) -> None:
    out = logferry("recipe", "test", str(evening), "--recipe", str(tavern)).out
    for words in (
        "explicit: line 5: Leave (100% sure)",
        "played by Sir Bertram",
        "facts: table = 3",
        "words 1",
        "stays:",
    ):
        assert words in out
    assert "1 file, 1 session, 0 problems; nothing was sent" in out


def test_no_text_of_what_is_taken_out_is_shown(logferry: Command, evening: Path, tavern: Path) -> None:
    ran = logferry("recipe", "test", str(evening), "--recipe", str(tavern), "--json")
    assert "Hildegard" not in ran.out
    assert ran.out.count("Bertram") == 1, "as who played, on the owner's own screen"


def test_a_recipe_that_is_not_named_is_guessed_from_the_file(logferry: Command, tmp_path: Path) -> None:
    made, document = journal(), artemis_document()
    (tmp_path / made.name).write_bytes(made.encode())
    (tmp_path / file_name(document)).write_bytes(encode_document(document))
    ran = logferry("recipe", "test", str(tmp_path / made.name), str(tmp_path / file_name(document)), "--json")
    assert sorted(each["tracker"] for each in ran.json["files"]) == ["artemis", "elite-dangerous"]
    assert ran.json["totals"]["sessions"] == 2


def test_a_later_file_ends_the_session_of_an_earlier_one(logferry: Command, tavern: Path, tmp_path: Path) -> None:
    later = EVENING.replace(b"T20:", b"T21:")
    (tmp_path / "tavern-1.log").write_bytes(log(*EVENING.splitlines()[:-1]))
    (tmp_path / "tavern-2.log").write_bytes(later)
    files = (str(tmp_path / f"tavern-{number}.log") for number in (1, 2))
    ran = logferry("recipe", "test", *files, "--recipe", str(tavern), "--json")
    assert ran.json["totals"]["ends"] == {"explicit": 1, "next-start": 1}


def test_every_session_of_a_log_is_taken_apart(logferry: Command, tavern: Path, tmp_path: Path) -> None:
    evenings = (EVENING.replace(b"T20:", b"T%02d:" % hour) for hour in range(10, 20))
    (tmp_path / "tavern-1.log").write_bytes(b"".join(evenings))
    found = logferry("recipe", "test", str(tmp_path / "tavern-1.log"), "--recipe", str(tavern), "--json").json
    assert [each["types"]["Toast"] for each in found["files"][0]["sessions"]] == [2] * 10


def test_a_recipe_alone_is_checked(logferry: Command, tavern: Path) -> None:
    ran = logferry("recipe", "test", "--recipe", str(tavern))
    assert ran.code == Exit.DONE
    assert "The recipe tavern can be used." in ran.out
    assert logferry("recipe", "test", "--recipe", "swtor").code == Exit.DONE


@pytest.mark.parametrize("with_file", [False, True])
def test_a_recipe_that_cannot_be_used_is_told_where_and_why(
    logferry: Command, tavern: Path, evening: Path, *, with_file: bool
) -> None:
    tavern.write_text(TAVERN.replace("silence", "silense"))
    ran = logferry("recipe", "test", *([str(evening)] if with_file else []), "--recipe", str(tavern))
    assert ran.code == Exit.FAILED
    assert 'The recipe tavern.toml: unknown key "silense" in [session]; did you mean "silence"?' in ran.err


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("--recipe", "swtoor"), 'Did you mean "swtor"?'),
        (("--recipe", "nowhere/mine.toml"), "The recipe mine.toml: no such file or directory."),
        (("--recipe", "artemis"), "is a tracker and no recipe"),
        (("nowhere.log",), "There is nothing at nowhere.log."),
    ],
)
def test_what_is_not_there_is_told(logferry: Command, argv: tuple[str, ...], why: str) -> None:
    ran = logferry("recipe", "test", *argv)
    assert ran.code == Exit.FAILED
    assert why in ran.err


def test_a_file_without_a_session_is_a_failure_with_its_reason(logferry: Command, tmp_path: Path) -> None:
    (tmp_path / "Journal.1.log").write_bytes(json.dumps({"event": "Music"}).encode())
    ran = logferry("recipe", "test", str(tmp_path / "Journal.1.log"))
    assert ran.code == Exit.FAILED
    assert "0 sessions" in ran.out
