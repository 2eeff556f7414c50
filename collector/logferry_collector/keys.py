"""Makes, lists and revokes accounts and their API keys in a database. Serves nothing, prints nothing.

These are what `logferry collector accounts|keys` calls. They open the database, do one thing and
close it; a collector that is running on the same database sees the change at its next request.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import Connection

from logferry_collector import queries
from logferry_collector.access import (
    PUBLIC_ID_BYTES,
    SECRET_BYTES,
    Account,
    ApiKey,
    StoredKey,
    secret_digest,
)
from logferry_collector.database import (
    database_errors,
    database_name,
    make_file,
    migrate,
    open_engine,
    opening,
    parse_url,
)
from logferry_collector.settings import CollectorSettings
from logferry_model.errors import Misconfigured


class NewKey(Struct, frozen=True, kw_only=True):
    """A key at the only moment when its secret is known."""

    account: str
    public_id: str
    text: str
    """The whole key, to be given to a client; it cannot be shown again."""

    def __repr__(self) -> str:
        return f"NewKey({self.account}, {self.public_id}, ***)"


def place(settings: CollectorSettings) -> str:
    """The database that all of these work on, as people call it."""
    return database_name(parse_url(settings.database_url))


def create_account(settings: CollectorSettings, name: str) -> Account:
    """The account of this name, made if it is new."""
    with _transaction(settings) as connection:
        return _account(connection, name, _now())


def list_accounts(settings: CollectorSettings) -> tuple[Account, ...]:
    """Every account, by name."""
    with _transaction(settings) as connection:
        return queries.all_accounts(connection)


def create_key(settings: CollectorSettings, account: str, note: str = "") -> NewKey:
    """A new key for `account`, which is made if it is new."""
    key = ApiKey(secrets.token_hex(PUBLIC_ID_BYTES), secrets.token_urlsafe(SECRET_BYTES))
    now = _now()
    with _transaction(settings) as connection:
        owner = _account(connection, account, now)
        queries.add_key(
            connection,
            StoredKey(
                public_id=key.public_id,
                account_id=owner.id,
                account=owner.name,
                secret_digest=secret_digest(key.secret),
                note=note,
                created_at=now,
            ),
        )
    return NewKey(account=owner.name, public_id=key.public_id, text=key.text)


def list_keys(settings: CollectorSettings, account: str | None = None) -> tuple[StoredKey, ...]:
    """Every key, or those of one account, oldest first."""
    with _transaction(settings) as connection:
        return tuple(key for key in queries.all_keys(connection) if account in (None, key.account))


def revoke_key(settings: CollectorSettings, public_id: str) -> None:
    """Make a key useless from the next request on; Misconfigured when there is none of this id."""
    with _transaction(settings) as connection:
        if not queries.revoke(connection, public_id, _now()):
            raise Misconfigured(
                "key-unknown",
                f"There is no key {public_id}.",
                hint="`logferry collector keys list` shows every key.",
            )


def revoke_account(settings: CollectorSettings, name: str) -> int:
    """Revoke every key of an account and say how many that were; its sessions stay."""
    with _transaction(settings) as connection:
        active = [key for key in queries.all_keys(connection) if key.account == name and key.revoked_at is None]
        for key in active:
            queries.revoke(connection, key.public_id, _now())
        return len(active)


def _account(connection: Connection, name: str, now: datetime) -> Account:
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise Misconfigured("account-name-invalid", "An account name has 1 to 200 printable characters.")
    return queries.account_named(connection, name) or queries.add_account(connection, name, now)


@contextmanager
def _transaction(settings: CollectorSettings) -> Iterator[Connection]:
    url = parse_url(settings.database_url)
    with open_engine(url, begin="IMMEDIATE") as engine:
        with opening(url):
            make_file(url)
            migrate(engine)
        with database_errors(), engine.begin() as connection:
            yield connection


def _now() -> datetime:
    return datetime.now(UTC)
