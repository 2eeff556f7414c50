"""What `docs/PRIVACY.md` promises is what happens: its table is the program's own, and no group is missing."""

from __future__ import annotations

import re
from pathlib import Path

from logferry_daemon.core.policy import DEFAULT, TITLES, Group

PAGE = (Path(__file__).parents[3] / "docs" / "PRIVACY.md").read_text("utf-8")
ROW = re.compile(r"^\| `([a-z-]+)` \| ([^|]+) \| (keep|token|drop)\b", re.MULTILINE)


def test_the_page_says_of_every_group_what_becomes_of_it() -> None:
    assert [(group, treatment) for group, _, treatment in ROW.findall(PAGE)] == [
        (group.value, DEFAULT[group].value) for group in Group
    ]


def test_the_page_calls_every_group_as_the_consent_does() -> None:
    assert {group: title for group, title, _ in ROW.findall(PAGE)} == {group.value: TITLES[group] for group in Group}


def test_the_page_says_that_a_token_is_personal_data() -> None:
    """R-P2."""
    assert "A token is still personal data" in PAGE
