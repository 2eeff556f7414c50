"""What an owner may be called at a destination."""

from __future__ import annotations

import pytest

from logferry_daemon.core.account import LONGEST, NAMED, reason_against_account
from logferry_daemon.dialects.catalogue import all_dialects

KEY = "lf_0123456789abcdef_" + "k" * 43


@pytest.mark.parametrize("account", ["", "mila", "mila@example.org", "Zoë Ümit", "x" * LONGEST])
def test_a_name_an_e_mail_and_nothing_at_all_will_do(account: str) -> None:
    assert reason_against_account("logferry", account) is None


@pytest.mark.parametrize("account", [" mila", "mila\n", "a\nb", "a\x1b[1mb", "x" * (LONGEST + 1), " "])
def test_what_would_not_be_read_as_one_name_will_not(account: str) -> None:
    assert "printable" in (reason_against_account("logferry", account) or "")


@pytest.mark.parametrize("key", [KEY, KEY.replace("lf_", "lfa_")])
def test_a_key_is_no_name(key: str) -> None:
    reason = reason_against_account("logferry", key)
    assert "logferry login" in (reason or "")
    assert key not in (reason or "")


@pytest.mark.parametrize("dialect", all_dialects())
def test_a_dialect_without_a_place_for_it_says_so(dialect: str) -> None:
    reason = reason_against_account(dialect, "mila")
    assert (reason is None) is (dialect in NAMED)
    assert reason_against_account(dialect, "") is None
