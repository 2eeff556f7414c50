"""One transaction that several calls have a part in: a savepoint for each, one commit, one sync of the disk for all.

A call that fails takes back its own part and no other. When the transaction itself fails (a full disk, an error of it,
somebody else's lock, no memory), everybody who had a part in it is told so, and nothing of it was done, as far as
anybody knows. Whatever it is that goes wrong, each of them hears of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from logferry_daemon.adapters.database_calls import Call
from logferry_model.errors import LogferryError


class Owner(Protocol):
    """Whose transactions they are."""

    def written(self) -> None:
        """Something is on the disk that was not there before."""

    def lost(self, error: BaseException) -> LogferryError:
        """Nothing of the transaction was done, as far as anybody knows; what to tell of that. Raises nothing."""


class Group:
    """Calls that are made one after the other and committed together. Used on the database's thread alone."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._connection: sqlite3.Connection | None = None
        """That of the transaction; None while none is open."""
        self._calls: list[Call] = []
        self._making: Call | None = None
        self._after: list[tuple[Call | None, Callable[[], None]]] = []
        self._changed = False
        self._why: LogferryError | None = None

    def make(self, call: Call) -> None:
        """Do it, in the transaction that is open or in the one that it begins."""
        self._making = call
        call.make()
        if self._connection is not None:
            self._calls.append(call)

    @contextmanager
    def part(self, connection: sqlite3.Connection) -> Iterator[None]:
        """All or nothing of what is done inside, whatever becomes of the parts of others."""
        if self._why is not None:
            raise _again(self._why)
        if self._connection is None:
            self._must(connection, "BEGIN IMMEDIATE")
            self._connection = connection
        before = connection.total_changes
        self._must(connection, "SAVEPOINT part")
        try:
            yield
        except sqlite3.OperationalError as error:
            raise self.fail(error) from error  # SQLite itself may have taken back all of it
        except BaseException:
            self._must(connection, "ROLLBACK TO part", "RELEASE part")
            raise
        self._must(connection, "RELEASE part")
        self._changed |= connection.total_changes != before

    def _must(self, connection: sqlite3.Connection, *statements: str) -> None:
        """What the transaction stands or falls with: without it nobody knows whose parts are in it."""
        try:
            for statement in statements:
                connection.execute(statement)
        except BaseException as error:
            raise self.fail(error) from error

    def afterwards(self, do: Callable[[], None]) -> None:
        """Do this once the transaction is on the disk, and never when it fails."""
        if self._connection is None:
            do()
        else:
            self._after.append((self._making, do))

    def end(self) -> None:
        """Commit what is open."""
        if self._connection is None:
            return
        try:
            self._connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 -- it is told to all who had a part in it
            self.fail(error)
            return
        changed, after = self._changed, self._after
        self._forget()
        if changed:
            self._owner.written()
        for call, do in after:
            self._do(call, do)

    def _do(self, call: Call | None, do: Callable[[], None]) -> None:
        try:
            do()
        except BaseException as error:  # noqa: BLE001 -- of the one who asked for it, and of nobody else
            why = self._owner.lost(error)
            if call is not None:
                call.error = call.error or why

    def renew(self) -> None:
        """Others come: what failed before does not concern them."""
        self._why = None

    def fail(self, error: BaseException) -> LogferryError:
        """Give up what is open, and tell all who had a part in it; returns what to tell the one who met the error."""
        calls = self._calls
        self._forget()
        self._why = self._owner.lost(error)
        for call in calls:
            if call.error is None:
                call.error = _again(self._why)
        return _again(self._why)

    def _forget(self) -> None:
        self._connection, self._changed = None, False
        self._calls, self._after = [], []


def _again(error: LogferryError) -> LogferryError:
    """The same for one more of those it happened to: each has its own way up."""
    again = type(error)(error.code, error.message, hint=error.hint)
    again.__cause__ = error.__cause__
    return again
