"""Events keep their content on the wire; whatever else is there is passed over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_ipc import sse
from logferry_ipc.messages import EventKind, StreamEvent

AT = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.sampled_from(EventKind), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_framed_event_is_read_back(kind: EventKind, session: str) -> None:
    event = StreamEvent(cursor="boot1.7", kind=kind, at=AT, session=session)
    lines = sse.frame(event).split(b"\n")
    assert [read for line in lines if (read := sse.read_line(line)) is not None] == [event]
    assert lines[0] == b"id: boot1.7"
    assert lines[-2:] == [b"", b""]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b": still here\n",
        b"id: 3\n",
        b"event: reset\n",
        b"data",
        b"data:",
        b"data: {\n",
        b"data: \xff",
        b'data: {"cursor":"a.1","kind":"brand.new","at":"2026-03-01T00:00:00Z"}\n',
        sse.OPENING,
        sse.HEARTBEAT,
    ],
)
def test_other_lines_and_unknown_kinds_are_passed_over(line: bytes) -> None:
    assert sse.read_line(line) is None


def test_fields_this_version_does_not_know_are_ignored() -> None:
    line = b'data: {"cursor":"a.1","kind":"reset","at":"2026-03-01T00:00:00Z","new":[1]}\r\n'
    assert sse.read_line(line) == StreamEvent(cursor="a.1", kind=EventKind.RESET, at=AT)
