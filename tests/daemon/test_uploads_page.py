"""What the page about uploads tells people to write into their settings is what they mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from logferry_daemon.settings import Settings, UploadSettings, parse_settings

PAGE = Path(__file__).parents[2] / "docs" / "uploads.md"
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def _no_settings_of_whoever_runs_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOGFERRY_UPLOAD__PARTIALS", raising=False)


def parsed(example: str) -> Settings:
    return parse_settings(example, Path("logferry.toml"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_read(example: str) -> None:
    assert parsed(example) != Settings() or parsed(example).upload == UploadSettings()


def test_the_first_example_is_what_holds_when_nothing_is_set() -> None:
    assert "partial_every" in EXAMPLES[0]
    assert parsed(EXAMPLES[0]).upload == UploadSettings()


def test_every_setting_is_in_an_example() -> None:
    sending = PAGE.with_name("sending.md").read_text("utf-8")
    written = "\n".join(EXAMPLES) + re.sub("`", "\n", sending)
    missing = [name for name in UploadSettings.model_fields if not re.search(rf"^{name} = ", written, re.MULTILINE)]
    assert missing == []


def test_a_destination_has_the_last_word() -> None:
    settings = parsed(EXAMPLES[1])
    assert settings.upload.partials
    assert not settings.upload.sending(settings.destinations["home"]).partials
