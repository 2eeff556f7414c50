from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.packing import pack
from logferry_daemon.core.summaries import EVENTS, summary_of
from logferry_model.envelope import encode_session
from logferry_model.session import EpochMs, Hit, Session, Skill
from tests.factories import event, session

TIMED = Skill(name="Bolt", uses=2, total=9.0, timeline=(Hit(at=EpochMs(1), value=4.0), Hit(at=EpochMs(2), value=5.0)))


def summed(whole: Session) -> Session:
    return msgspec.json.decode(summary_of(encode_session(whole)), type=Session)


def test_a_summary_has_everything_but_events_and_blows() -> None:
    whole = session(skills=(TIMED,), facts={"ship": "Asp"}, name="Evening")
    small = summed(whole)
    assert (small.events, small.skills[0].timeline) == ((), ())
    assert small.skills[0].total == 9.0
    assert msgspec.structs.replace(small, events=whole.events, skills=whole.skills) == whole


@given(st.integers(0, 50))
def test_a_summary_of_a_summary_is_the_same(events: int) -> None:
    document = encode_session(session(events=tuple(event() for _ in range(events)), skills=(TIMED,)))
    assert summary_of(summary_of(document)) == summary_of(document)


def test_a_summary_is_small_however_long_the_session_was() -> None:
    few, many = (session(events=tuple(event(item=f"{one}") for one in range(number))) for number in (1, EVENTS))
    assert len(summary_of(encode_session(many))) == len(summary_of(encode_session(few)))
    assert len(pack(summary_of(encode_session(many)), ("gzip",))[0]) * 10 < len(
        pack(encode_session(many), ("gzip",))[0]
    )
