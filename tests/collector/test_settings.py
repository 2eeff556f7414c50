"""Settings come from arguments or the environment, and explain themselves."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest
from pydantic import ValidationError

from logferry_collector.place import default_database
from logferry_collector.settings import CollectorSettings


def test_the_defaults_listen_to_this_machine_only() -> None:
    settings = CollectorSettings()
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8765, None)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGFERRY_COLLECTOR_PORT", "9000")
    monkeypatch.setenv("LOGFERRY_COLLECTOR_PUBLIC_URL", "https://games.example.org/")
    settings = CollectorSettings()
    assert (settings.port, settings.public_url) == (9000, "https://games.example.org")


def test_the_database_lies_below_the_home_that_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGFERRY_HOME", str(tmp_path))
    assert CollectorSettings().database_url == f"sqlite:///{tmp_path.as_posix()}/collector/collector.sqlite3"


def test_without_a_home_it_lies_where_the_system_wants_it() -> None:
    assert default_database({}) == platformdirs.user_data_path("logferry", False) / "collector" / "collector.sqlite3"


def test_a_home_named_in_short_is_made_whole() -> None:
    assert default_database({"LOGFERRY_HOME": "here"}) == Path.cwd() / "here" / "collector" / "collector.sqlite3"


@pytest.mark.parametrize("change", [{"port": 65_536}, {"port": -1}, {"public_url": "games.example.org"}, {"prot": 1}])
def test_a_setting_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CollectorSettings.model_validate(change)


def test_every_setting_has_a_sentence() -> None:
    assert all(field.description for field in CollectorSettings.model_fields.values())
