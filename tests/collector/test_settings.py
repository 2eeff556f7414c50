"""Settings come from arguments or the environment, and explain themselves."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from logferry_collector.settings import CollectorSettings


def test_the_defaults_listen_to_this_machine_only() -> None:
    settings = CollectorSettings()
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8765, None)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGFERRY_COLLECTOR_PORT", "9000")
    monkeypatch.setenv("LOGFERRY_COLLECTOR_PUBLIC_URL", "https://games.example.org/")
    settings = CollectorSettings()
    assert (settings.port, settings.public_url) == (9000, "https://games.example.org")


@pytest.mark.parametrize("change", [{"port": 65_536}, {"port": -1}, {"public_url": "games.example.org"}, {"prot": 1}])
def test_a_setting_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CollectorSettings.model_validate(change)


def test_every_setting_has_a_sentence() -> None:
    assert all(field.description for field in CollectorSettings.model_fields.values())
