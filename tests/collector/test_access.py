"""A key is recognised whole, once and only while it is valid; what is stored of it cannot be used."""

from __future__ import annotations

import msgspec
import pytest

from logferry_collector.access import ApiKey, StoredKey, account_of, parse_key, presented_key, secret_digest
from logferry_model.errors import Refused

from .factories import START

KEY = ApiKey("0123456789abcdef", "s" * 43)
OTHER = ApiKey("0123456789abcdef", "t" * 43)
STORED = StoredKey(
    public_id=KEY.public_id,
    account_id=7,
    account="mila",
    secret_digest=secret_digest(KEY.secret),
    note="",
    created_at=START,
)
REVOKED = StoredKey(
    public_id=KEY.public_id,
    account_id=7,
    account="mila",
    secret_digest=secret_digest(KEY.secret),
    note="",
    created_at=START,
    revoked_at=START,
)


def code(headers: dict[str, str]) -> str:
    with pytest.raises(Refused) as refused:
        presented_key(headers)
    return refused.value.code


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY.text}"},
        {"Authorization": f"bearer  {KEY.text}"},
        {"X-API-Key": KEY.text},
        {"X-API-Key": KEY.text, "Authorization": f"Bearer {KEY.text}"},
    ],
)
def test_a_key_may_come_either_way_or_twice_the_same(headers: dict[str, str]) -> None:
    assert presented_key(headers) == KEY


def test_two_different_keys_are_ambiguous() -> None:
    assert code({"X-API-Key": KEY.text, "Authorization": f"Bearer {OTHER.text}"}) == "credential-ambiguous"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic bWlsYTpzZWNyZXQ="}, {"X-API-Key": " "}])
def test_no_key_is_missing(headers: dict[str, str]) -> None:
    assert code(headers) == "credential-missing"


@pytest.mark.parametrize(
    "text", ["lf_", "lf_0123456789abcdef_short", KEY.text + "x", KEY.text.upper(), "lf_0123456789abcdef_" + "é" * 43]
)
def test_text_that_is_no_key_is_invalid(text: str) -> None:
    assert parse_key(text) is None
    assert code({"X-API-Key": text}) == "credential-invalid"


def test_the_right_secret_opens_its_account() -> None:
    account = account_of(KEY, STORED)
    assert (account.id, account.name) == (7, "mila")


@pytest.mark.parametrize(
    ("presented", "stored"), [(OTHER, STORED), (KEY, None), (KEY, REVOKED)], ids=["wrong", "unknown", "revoked"]
)
def test_wrong_unknown_and_revoked_keys_get_one_answer(presented: ApiKey, stored: StoredKey | None) -> None:
    with pytest.raises(Refused) as refused:
        account_of(presented, stored)
    assert refused.value.code == "credential-invalid"
    assert str(refused.value) == (
        "The API key is unknown, wrong or revoked. Ask the operator of this collector for a new key."
    )


def test_no_text_of_a_key_shows_its_secret() -> None:
    assert KEY.secret not in repr(KEY)
    assert KEY.secret.encode() not in STORED.secret_digest


OWN = "lfa_" + "o" * 43


def test_a_key_of_ones_own_making_has_an_id_that_follows_from_it_alone() -> None:
    key, again, other = parse_key(OWN), parse_key(OWN), parse_key("lfa_" + "p" * 43)
    assert key is not None
    assert other is not None
    assert (key.own, key.text, key) == (True, OWN, again)
    assert key.public_id != other.public_id
    # The id may be in logs: it must not be the beginning of what is stored.
    assert not secret_digest(key.secret).hex().startswith(key.public_id)
    assert key.secret not in repr(key)


def test_a_key_that_was_given_out_is_not_of_ones_own_making() -> None:
    key = parse_key(KEY.text)
    assert key is not None
    assert not key.own


def test_who_took_others_over_is_all_of_them() -> None:
    stored = msgspec.structs.replace(STORED, joined=(9, 11))
    assert account_of(KEY, stored).ids == (7, 9, 11)
    assert account_of(KEY, STORED).ids == (7,)
