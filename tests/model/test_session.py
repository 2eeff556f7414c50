from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import given

from logferry_model.envelope import encode_session
from logferry_model.session import Session
from tests.factories import session
from tests.model.strategies import sessions


@given(sessions())
def test_what_is_encoded_is_decoded_as_it_was(one: Session) -> None:
    assert msgspec.json.decode(encode_session(one), type=Session) == one


@given(sessions())
def test_equal_sessions_have_equal_bytes(one: Session) -> None:
    again = msgspec.json.decode(encode_session(one), type=Session)
    assert encode_session(again) == encode_session(one)


def test_a_session_takes_from_its_start_to_its_end() -> None:
    assert session().duration == timedelta(hours=1)


def test_a_running_session_has_no_duration() -> None:
    assert session(ended_at=None).duration is None


def test_what_is_not_given_is_not_written() -> None:
    assert b"attachments" not in encode_session(session())
