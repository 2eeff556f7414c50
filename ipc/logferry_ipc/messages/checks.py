"""What `doctor` found, and answers that say only that it is done."""

from __future__ import annotations

from msgspec import Struct, field

from logferry_ipc.messages.state import Counts


class Check(Struct, frozen=True, kw_only=True):
    """One thing that doctor looked at; `level` is `ok`, `advice` or `problem`."""

    name: str
    level: str
    message: str
    hint: str = ""


class Checks(Struct, frozen=True, kw_only=True):
    """Everything doctor looked at."""

    checks: tuple[Check, ...]


class Done(Struct, frozen=True, kw_only=True):
    """It is done."""

    ok: bool = True
    note: str = ""
    """What its owner should know about it."""


class Stopped(Done, frozen=True, kw_only=True):
    """The daemon ends; what is not sent stays in the spool and goes on at the next start."""

    waiting: int = 0
    """Deliveries that would have gone by themselves."""
    counts: Counts = field(default_factory=Counts)
