"""Accounts that nobody made by hand: begun by a first upload, taken over by an account that has a name.

Functions over one connection inside somebody else's transaction. Nothing is moved when one takes over another: reports,
answers and deletions stay where they are, and the account's own are all of them. So no address changes, and a
session that both of them sent are two reports as before.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from logferry_collector import queries
from logferry_collector.access import Account, ApiKey, StoredKey, secret_digest
from logferry_collector.tables import joined_accounts, reports
from logferry_model.envelope import Joined
from logferry_model.errors import Refused

NOTE = "made by an installation for itself"


def welcome(connection: Connection, key: ApiKey, now: datetime) -> tuple[StoredKey, bool]:
    """The key and its account; made, unless another request was first."""
    if stored := queries.stored_key(connection, key.public_id):
        return stored, False
    name = f"anonymous-{key.public_id}"
    account = queries.account_named(connection, name) or queries.add_account(connection, name, now)
    stored = StoredKey(
        public_id=key.public_id,
        account_id=account.id,
        account=account.name,
        secret_digest=secret_digest(key.secret),
        note=NOTE,
        created_at=now,
    )
    queries.add_key(connection, stored)
    return stored, True


def join(connection: Connection, into: Account, key: ApiKey, now: datetime) -> Joined:
    """What was sent with `key` is also `into`'s from now on, and the key opens nothing any more.

    The same request again has the same answer; a key that nothing was sent with has nothing to give.
    """
    stored = queries.stored_key(connection, key.public_id)
    if stored is None:
        return Joined(reports=0)
    if not hmac.compare_digest(secret_digest(key.secret), stored.secret_digest):
        raise _not_that_one()
    taken_by = connection.scalar(
        select(joined_accounts.c.into_id).where(joined_accounts.c.account_id == stored.account_id)
    )
    if taken_by is None:
        if stored.revoked_at is not None:
            raise _not_that_one()
        _take_over(connection, into, stored, now)
    elif taken_by != into.id:
        raise _not_that_one()
    there = connection.scalar(select(func.count()).where(reports.c.account_id == stored.account_id))
    return Joined(reports=there or 0)


def _take_over(connection: Connection, into: Account, stored: StoredKey, now: datetime) -> None:
    connection.execute(insert(joined_accounts).values(account_id=stored.account_id, into_id=into.id, joined_at=now))
    queries.revoke(connection, stored.public_id, now)


def _not_that_one() -> Refused:
    return Refused("join-refused", "That key is wrong, revoked, or was joined to another account.")
