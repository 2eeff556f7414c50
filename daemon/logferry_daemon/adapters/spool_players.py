"""Who played, and whose sessions may go where, in the spool's database.

SQL stands in sql/identities.sql. What an answer means, and which one counts, is decided in core/identities.py: the
database is only asked who is known, and told who may go.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from logferry_daemon.adapters.database_sqlite import Database, Query
from logferry_daemon.adapters.spool_filters import filters, left_out, sifted
from logferry_daemon.adapters.spool_rows import at, ms
from logferry_daemon.core.delivery import State
from logferry_daemon.core.filters import Filters, is_wanted
from logferry_daemon.core.identities import (
    UNSURE,
    Binding,
    Decided,
    Player,
    Standing,
    decided,
    standing,
    together,
    void,
)
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.ports import DeliveryRow, Seen
from logferry_model.session import Session


class PlayersInSqlite:
    """The roster, over the database that the rest of the spool is in."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def seen(self) -> Sequence[Seen]:
        """Every player of a session that is for a destination."""
        return [
            Seen(destination=row["destination"], player=_player(row), sessions=row["sessions"], waiting=row["waiting"])
            for row in await self.database.look(self._seen)
        ]

    def _seen(self) -> Sequence[sqlite3.Row]:
        rules = filters(self.database.query)
        return [row for row in self.database.query("seen") if is_wanted(rules, row["destination"], row["tracker"])]

    async def bindings(self) -> Sequence[Binding]:
        """Everything the owner said of players."""
        return await self.database.look(lambda: _bindings(self.database.query))

    async def bind(self, bindings: Sequence[Binding]) -> None:
        """Answers in place of those that they make void."""

        def work() -> None:
            with self.database.writing() as query:
                for one in bindings:
                    _drop(query, void(_bindings(query), one.destination, one.tracker, one.identity))
                    query("add_binding", **_binding_values(one))

        await self.database.run(work)

    async def unbind(self, destination: str, tracker: str, identity: str) -> int:
        """Answers forgotten; how many there were."""

        def work() -> int:
            with self.database.writing() as query:
                gone = void(_bindings(query), destination, tracker, identity)
                _drop(query, gone)
                return len(gone)

        return await self.database.run(work)


def may_go(query: Query, destination: str) -> str:
    """For `due` and `next_due`: a JSON list of the players whose sessions may go there."""
    answers = decided(_bindings(query))
    known = map(_player, query("known_players"))
    return json.dumps([_key(one) for one in known if standing(answers, destination, one) is Standing.ALLOWED])


def judged(query: Query, found: Sequence[DeliveryRow], session: str | None = None) -> list[DeliveryRow]:
    """Deliveries with what their players' standing is, or their trackers'; all of `session` where one is named."""
    answers = decided(_bindings(query))
    players = {row["session"]: _player(row) for row in query("players", session=session)}
    return sifted(query, [_judge(one, standing(answers, one.destination, players.get(one.session))) for one in found])


def _judge(row: DeliveryRow, said: Standing) -> DeliveryRow:
    """Most are as they were: a copy of each of ten thousand can be felt."""
    return row if row.standing is said else replace(row, standing=said)


def barred(query: Query, destinations: Collection[str]) -> Mapping[tuple[str, State, Standing], int]:
    """How many deliveries of each state are of players who are not allowed there, or of trackers that are left out."""
    answers, rules, numbers = decided(_bindings(query)), filters(query), Counter(left_out(query))
    for player in map(_player, query("known_players")):
        told = {one: _said(answers, rules, one, player) for one in destinations}
        if set(told.values()) <= {Standing.ALLOWED}:
            continue  # nearly everybody: what they played is not counted again at each look
        for row in query("counts_of_player", tracker=player.tracker, identity=player.identity):
            said = told[row["destination"]]
            if said is not Standing.ALLOWED:
                numbers[row["destination"], State(row["state"]), said] += row["number"]
    return numbers


def _said(answers: Decided, rules: Filters, destination: str, player: Player) -> Standing:
    """What is to be counted of a player; whose tracker is left out is counted already, whoever played it."""
    return standing(answers, destination, player) if is_wanted(rules, destination, player.tracker) else Standing.ALLOWED


def tell_player(query: Query, new: NewSession, *, recut: bool) -> None:
    """Whom its file names. Whose a `recut` session is follows from its plan."""
    session = new.session
    otherwise = UNSURE if new.names_player else None
    told = {"session": session.id, "tracker": session.tracker, "identity": new.identity, "otherwise": otherwise}
    query("tell_player" if recut else "trust_player", **told)


def name_players(query: Query, plan: str, made: Iterable[tuple[Session, Sequence[str]]]) -> None:
    """Each part of a plan is whose the originals are that it is made of."""
    told = {row["id"]: row["told"] for row in query("told_players", plan=plan)}
    for part, originals in made:
        identity = together(told.get(one) for one in originals)
        query("name_player", session=part.id, tracker=part.tracker, identity=identity)


def _player(row: sqlite3.Row) -> Player:
    return Player(row["tracker"], row["identity"])


def _key(player: Player) -> str:
    return f"{player.tracker}\n{player.identity}"


def _bindings(query: Query) -> list[Binding]:
    return [
        Binding(
            destination=row["destination"],
            tracker=row["tracker"],
            identity=row["identity"],
            allowed=bool(row["allowed"]),
            decided_at=at(row["decided_at"]),
        )
        for row in query("bindings")
    ]


def _binding_values(one: Binding) -> dict[str, object]:
    return {
        "destination": one.destination,
        "tracker": one.tracker,
        "identity": one.identity,
        "allowed": int(one.allowed),
        "decided_at": ms(one.decided_at),
    }


def _drop(query: Query, these: Iterable[Binding]) -> None:
    for one in these:
        query("drop_binding", destination=one.destination, tracker=one.tracker, identity=one.identity)
