"""Keys are made, listed and revoked; the database holds nothing that could be used as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from logferry_collector.access import account_of, parse_key
from logferry_collector.keys import (
    create_account,
    create_key,
    list_accounts,
    list_keys,
    revoke_account,
    revoke_key,
)
from logferry_collector.settings import CollectorSettings
from logferry_model.errors import Misconfigured, Refused


def test_a_new_key_opens_its_account(settings: CollectorSettings) -> None:
    made = create_key(settings, "mila", "laptop")
    key = parse_key(made.text)
    (stored,) = list_keys(settings)
    assert key is not None
    assert account_of(key, stored).name == "mila"
    assert stored.note == "laptop"


def test_two_keys_of_one_account_share_it(settings: CollectorSettings) -> None:
    create_key(settings, "mila")
    create_key(settings, "mila")
    create_key(settings, "noa")
    assert len({key.account_id for key in list_keys(settings, "mila")}) == 1
    assert [account.name for account in list_accounts(settings)] == ["mila", "noa"]


def test_a_revoked_key_opens_nothing(settings: CollectorSettings) -> None:
    made = create_key(settings, "mila")
    revoke_key(settings, made.public_id)
    key = parse_key(made.text)
    assert key is not None
    with pytest.raises(Refused):
        account_of(key, list_keys(settings)[0])


def test_revoking_twice_keeps_the_first_date(settings: CollectorSettings) -> None:
    made = create_key(settings, "mila")
    revoke_key(settings, made.public_id)
    (before,) = list_keys(settings)
    revoke_key(settings, made.public_id)
    assert list_keys(settings) == (before,)


def test_revoking_an_account_revokes_its_keys_alone(settings: CollectorSettings) -> None:
    create_key(settings, "mila")
    create_key(settings, "mila")
    create_key(settings, "noa")
    assert revoke_account(settings, "mila") == 2
    assert [key.account for key in list_keys(settings) if key.revoked_at is None] == ["noa"]


def test_an_unknown_key_cannot_be_revoked(settings: CollectorSettings) -> None:
    with pytest.raises(Misconfigured, match="nosuch"):
        revoke_key(settings, "nosuch")


@pytest.mark.parametrize("name", ["", "  ", "a" * 201, "line\nbreak"])
def test_an_account_needs_a_name_for_people(settings: CollectorSettings, name: str) -> None:
    with pytest.raises(Misconfigured):
        create_account(settings, name)


def test_no_usable_key_is_in_the_database(settings: CollectorSettings, tmp_path: Path) -> None:
    made = create_key(settings, "mila")
    secret = made.text.rpartition("_")[2] if "_" not in made.text[20:] else made.text[20:]
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes()


def test_a_new_key_hides_its_secret_in_logs(settings: CollectorSettings) -> None:
    made = create_key(settings, "mila")
    assert made.text not in repr(made)
