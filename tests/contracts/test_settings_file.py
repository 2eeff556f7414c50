"""The settings file as commands change it: what its owner wrote stays where and how he wrote it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from logferry_daemon.adapters.settings_file import SettingsFile
from logferry_daemon.core.policy import Group, Treatment
from logferry_model.errors import Misconfigured

TEXT = """\
# mine
[watch]
settle = 2.5  # slow disk

[destinations.home]
# the one in the cellar
url = "https://collector.example"
dialect = "logferry"

[destinations.home.privacy]
# nobody's business
tags = "drop"
players = "token"

[destinations.away]
url = "https://elsewhere.example"
"""


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("LOGFERRY_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "logferry.toml").write_text(TEXT, "utf-8")
    return tmp_path / "logferry.toml"


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def comments(path: Path) -> list[str]:
    return [line.partition("#")[2] for line in path.read_text("utf-8").splitlines() if "#" in line]


def test_a_value_in_a_table_of_a_table_is_changed_and_the_rest_of_it_stays(path: Path) -> None:
    settings = SettingsFile(path).change("destinations", "home", {"privacy": {"players": "keep", "locations": "drop"}})
    policy = settings.destinations["home"].policy
    assert (policy.of(Group.PLAYERS), policy.of(Group.LOCATIONS)) == (Treatment.KEEP, Treatment.DROP)
    assert read(path)["destinations"]["home"]["privacy"] == {"tags": "drop", "players": "keep", "locations": "drop"}
    assert read(path)["destinations"]["away"] == {"url": "https://elsewhere.example"}


def test_comments_and_order_stay(path: Path) -> None:
    before = comments(path)
    SettingsFile(path).change("destinations", "home", {"privacy": {"players": "keep"}, "url": "https://new.example"})
    assert comments(path) == before
    assert path.read_text("utf-8") == TEXT.replace('players = "token"', 'players = "keep"').replace(
        "https://collector.example", "https://new.example"
    )


def test_a_table_of_a_table_is_made_where_there_is_none(path: Path) -> None:
    SettingsFile(path).change("destinations", "away", {"privacy": {"players": "drop"}})
    assert read(path)["destinations"]["away"] == {"url": "https://elsewhere.example", "privacy": {"players": "drop"}}
    assert read(path)["destinations"]["home"] == read_of(TEXT)["destinations"]["home"]


@pytest.mark.parametrize("name", ["home", "away"])
def test_a_value_that_comes_after_a_table_of_the_table_is_not_written_into_that(path: Path, name: str) -> None:
    """In the file it has to stand before it: whatever follows a table's head belongs to that table."""
    file = SettingsFile(path)
    file.change("destinations", name, {"privacy": {"players": "drop"}})
    file.change("destinations", name, {"pin": f"sha256:{'ab' * 32}"})
    changed = read(path)["destinations"][name]
    assert changed["pin"] == f"sha256:{'ab' * 32}"
    assert changed["privacy"]["players"] == "drop"
    assert "pin" not in changed["privacy"]


def test_what_is_added_beside_a_nested_table_is_a_table_of_its_own(path: Path) -> None:
    file = SettingsFile(path)
    file.add("destinations", "third", {"url": "https://third.example"})
    file.change("destinations", "third", {"privacy": {"tags": "keep"}})
    file.remove("destinations", "home")
    assert read(path)["destinations"] == {
        "away": {"url": "https://elsewhere.example"},
        "third": {"url": "https://third.example", "privacy": {"tags": "keep"}},
    }
    assert read(path)["watch"] == {"settle": 2.5}


def test_a_table_on_one_line_is_changed_on_its_line(path: Path) -> None:
    path.write_text('destinations = { home = { url = "https://collector.example" } }\n', "utf-8")
    SettingsFile(path).change("destinations", "home", {"privacy": {"tags": "keep"}, "dialect": "logferry"})
    assert read(path)["destinations"]["home"] == {
        "url": "https://collector.example",
        "privacy": {"tags": "keep"},
        "dialect": "logferry",
    }


@pytest.mark.parametrize(
    "values", [{"privacy": {"players": "shout"}}, {"privacy": {"weather": "keep"}}, {"url": "ftp://x"}]
)
def test_what_would_not_be_valid_is_not_written(path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        SettingsFile(path).change("destinations", "home", values)
    assert path.read_text("utf-8") == TEXT


def test_what_is_not_in_the_file_cannot_be_changed(path: Path) -> None:
    with pytest.raises(Misconfigured, match="not in the settings file"):
        SettingsFile(path).change("destinations", "gone", {"privacy": {"players": "drop"}})


def read_of(text: str) -> dict[str, Any]:
    return tomllib.loads(text)
