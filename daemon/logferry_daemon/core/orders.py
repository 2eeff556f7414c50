"""What is to be prepared for the spool, and on what terms. A value; the work of it is done in `preparing.py`."""

from __future__ import annotations

from dataclasses import dataclass

from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.preparing import prepare
from logferry_daemon.core.reading import Found
from logferry_daemon.core.sanitise import Privacy
from logferry_model.session import End


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One session, and what may be kept of it."""

    found: Found
    end: End | None
    """None while it runs: then as far as it has come."""
    only_grows: bool
    privacy: Privacy
    names_player: bool = False
    """Whether its tracker's files can say who played."""
    beside: frozenset[str] = frozenset()
    """Whom other sessions of the same file name."""

    def __repr__(self) -> str:
        return "Order(***)"


def prepared(order: Order) -> NewSession:
    """As it may be kept."""
    return prepare(
        order.found,
        order.end,
        only_grows=order.only_grows,
        privacy=order.privacy,
        names_player=order.names_player,
        beside=order.beside,
    )
