"""What the page about uploads tells people to write into their settings is what they mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from logferry_daemon.core.sending import Occasion
from logferry_daemon.settings import Settings, UploadSettings, parse_settings
from logferry_model.errors import Misconfigured

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


def test_what_is_said_to_hold_when_nothing_is_set_does() -> None:
    usual = [one for one in EXAMPLES if "partial_every" in one or "session-end" in one]
    assert [parsed(one).upload for one in usual] == [UploadSettings(), UploadSettings()]


def test_every_setting_is_in_an_example() -> None:
    others = [page.read_text("utf-8").replace("`", "\n") for page in PAGE.parent.glob("*.md") if page != PAGE]
    written = "\n".join([*EXAMPLES, *others])
    missing = [name for name in UploadSettings.model_fields if not re.search(rf"^{name} = ", written, re.MULTILINE)]
    assert missing == []


def test_a_destination_has_the_last_word() -> None:
    (settings,) = [parsed(one) for one in EXAMPLES if "partials = false" in one]
    assert settings.upload.partials
    assert not settings.upload.sending(settings.destinations["home"]).partials
    (settings,) = [parsed(one) for one in EXAMPLES if "23:00" in one]
    guild = settings.upload.sending(settings.destinations["guild"])
    assert (settings.upload.when, guild.when, list(map(str, guild.times))) == (
        Occasion.DEMAND,
        Occasion.SCHEDULE,
        ["23:00"],
    )


def test_every_word_for_when_is_explained() -> None:
    page = PAGE.read_text("utf-8")
    assert [one for one in Occasion if f'| `"{one}"` |' not in page] == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[upload]\nwhen = "schedule"', r"needs times in \[upload\]"),
        ('[destinations.home]\nurl = "https://a.example"\nwhen = "schedule"', r"needs times in \[destinations.home\]"),
        ('[upload]\nschedule = ["25:00"]', "is no time; write it as"),
        ('[upload]\nschedule = ["funday 03:00"]', "is no day"),
        ('[upload]\nwhen = "sometimes"', "session-end"),
    ],
)
def test_what_cannot_be_meant_is_told(text: str, complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        parsed(text)
