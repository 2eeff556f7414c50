from __future__ import annotations

from msgspec.structs import replace

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.reading import Found, found_whole
from logferry_model.envelope import encode_session
from logferry_model.session import EndRule, Session
from tests.daemon.texts import holding
from tests.factories import event, session
from tests.privacy import prepare

SHUTDOWN = end_by(EndRule.EXPLICIT, "line 9: Shutdown")
SILENCE = end_by(EndRule.SILENCE, "nothing written for 0:30:00")
NAME = "Oriana Quellmont"


def found(one: Session | None = None, *names: str) -> Found:
    return found_whole(one or session(end=None), names=frozenset(names))


def test_a_prepared_session_says_how_it_ended() -> None:
    assert prepare(found(), SHUTDOWN, only_grows=True).session.end == SHUTDOWN


def test_the_document_is_the_session_encoded() -> None:
    prepared = prepare(found(), SHUTDOWN, only_grows=True)
    assert prepared.document == encode_session(prepared.session)


def test_no_name_that_the_log_gave_is_in_the_document() -> None:
    one = session(end=None, events=(event("loot", item=f"Hat of {NAME}"),))
    assert holding(prepare(found(one, NAME), SHUTDOWN, only_grows=True).document, NAME) == []


def test_the_same_play_ended_by_another_rule_has_the_same_fingerprint() -> None:
    by_silence, by_line = (prepare(found(), end, only_grows=True).fingerprint for end in (SILENCE, SHUTDOWN))
    assert by_silence == by_line


def test_one_event_more_makes_another_fingerprint() -> None:
    longer = replace(session(end=None), events=(*session().events, event("loot")))
    assert prepare(found(longer), SHUTDOWN, only_grows=True) != prepare(found(), SHUTDOWN, only_grows=True)
