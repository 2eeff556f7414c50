from pathlib import Path

import pytest

from logferry.exits import Exit
from tests.cli.conftest import Command


@pytest.fixture
def database(tmp_path: Path) -> tuple[str, str]:
    return ("--database", f"sqlite:///{tmp_path / 'games.sqlite3'}")


def test_a_key_is_printed_alone_and_once(logferry: Command, database: tuple[str, str]) -> None:
    ran = logferry("collector", "keys", "create", "guild", "--note", "laptop", *database)
    assert ran.code == Exit.DONE
    key = ran.out.strip()
    assert len(key.split()) == 1
    assert "cannot be shown again" in ran.err
    listed = logferry("collector", "keys", "list", "--json", *database)
    secret = key.split("_")[-1]
    assert secret not in listed.out
    assert [(each["account"], each["note"], each["revoked_at"]) for each in listed.json["keys"]] == [
        ("guild", "laptop", None)
    ]


def test_a_revoked_key_is_listed_as_revoked(logferry: Command, database: tuple[str, str]) -> None:
    logferry("collector", "keys", "create", "guild", *database)
    (key,) = logferry("collector", "keys", "list", "--json", *database).json["keys"]
    assert logferry("collector", "keys", "revoke", key["id"], *database).code == Exit.DONE
    assert "revoked" in logferry("collector", "keys", "list", *database).out


def test_no_key_says_how_to_make_one(logferry: Command, database: tuple[str, str]) -> None:
    assert "logferry collector keys create ACCOUNT" in logferry("collector", "keys", "list", *database).out


@pytest.mark.parametrize(
    "argv",
    [
        ("keys", "revoke", "0000"),
        ("keys", "list", "--database", "sqlite://"),
        ("serve", "--port", "99999"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_a_failure_with_a_reason(
    logferry: Command, database: tuple[str, str], argv: tuple[str, ...]
) -> None:
    ran = logferry("collector", *argv, *(() if "--database" in argv else database))
    assert ran.code == Exit.FAILED
    assert ran.err.startswith("logferry: ")
