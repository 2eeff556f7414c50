"""Rows, gates and troubles as the desks get them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from logferry_daemon.core.delivery import State
from logferry_daemon.core.gate import OPEN, Gate
from logferry_daemon.core.reading import Trouble
from logferry_daemon.ports import DeliveryRow, SessionRow, Totals
from logferry_ipc.messages import Attention
from logferry_model.session import SessionId

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
SESSION = SessionId("0123456789abcdef")
HELD = Gate(open=False, held=True, state="held", reason="no consent", hint="logferry consent grant home")
PAUSED = Gate(open=False, held=True, state="paused", reason="paused")
OFFLINE = Gate(open=False, state="offline", reason="cannot be reached", until=NOW)
PLAYED = Gate(open=False, held=True, state="paused", reason="playing")
UNSURE = replace(PLAYED, hint="Nobody tells which window has the focus.")
GATES = {"open": OPEN, "held": HELD, "paused": PAUSED, "offline": OFFLINE}


def totals(by_state: dict[tuple[str, State], int] | None = None, *, homeless: int = 0) -> Totals:
    return Totals(
        by_state=by_state or {},
        found=sum((by_state or {}).values()) + homeless,
        homeless=homeless,
        uploaded=7,
        bytes_sent=1000,
        average_ms=12.5,
        last_upload=NOW,
        last_report_url="/reports/p1",
    )


def row(state: State = State.FAILED, **fields: Any) -> DeliveryRow:  # noqa: ANN401 -- any field
    usual: dict[str, Any] = {
        "id": "d1",
        "session": SESSION,
        "destination": "home",
        "revision": 1,
        "state": state,
        "attempts": 2,
        "created_at": NOW,
        "last_error": "Not a session (422)",
    }
    return DeliveryRow(**usual | fields)


def session_row(end_rule: str = "explicit") -> SessionRow:
    return SessionRow(
        id=SESSION,
        tracker="artemis",
        source="hunts",
        started_at=NOW,
        ended_at=NOW,
        events=3,
        revision=1,
        end_rule=end_rule,
        end_evidence="line 9: Shutdown",
        end_confidence=1.0,
        found_at=NOW,
    )


def troubles(number: int) -> list[tuple[str, str, Trouble]]:
    return [("hunts", f"file-{one}.json", Trouble(code="empty", message="the file is empty.")) for one in range(number)]


def codes(entries: tuple[Attention, ...]) -> list[str]:
    return [entry.code for entry in entries]
