from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.identities import UNSURE
from logferry_daemon.core.reading import Found, found_whole
from logferry_model.envelope import encode_session
from logferry_model.session import EndRule, Session
from tests.daemon.texts import holding
from tests.factories import event, session
from tests.privacy import prepare

SHUTDOWN = end_by(EndRule.EXPLICIT, "line 9: Shutdown")
SILENCE = end_by(EndRule.SILENCE, "nothing written for 0:30:00")
NAME = "Oriana Quellmont"


def found(one: Session | None = None, *names: str, identity: str | None = None) -> Found:
    return found_whole(one or session(end=None), names=frozenset(names), identity=identity)


def test_a_prepared_session_says_how_it_ended() -> None:
    assert prepare(found(), SHUTDOWN, only_grows=True).session.end == SHUTDOWN


def test_the_document_is_the_session_encoded() -> None:
    prepared = prepare(found(), SHUTDOWN, only_grows=True)
    assert prepared.document == encode_session(prepared.session)


def test_no_name_that_the_log_gave_is_in_the_document() -> None:
    one = session(end=None, events=(event("loot", item=f"Hat of {NAME}"),))
    assert holding(prepare(found(one, NAME), SHUTDOWN, only_grows=True).document, NAME) == []


def test_who_played_is_told_beside_the_document_and_not_in_it() -> None:
    prepared = prepare(found(identity=NAME), SHUTDOWN, only_grows=True)
    assert prepared.identity == NAME
    assert holding(prepared.document, NAME) == []
    assert prepared.fingerprint == prepare(found(), SHUTDOWN, only_grows=True).fingerprint


def test_a_session_in_which_two_are_named_is_somebodys() -> None:
    two = dataclasses.replace(found(), unsure=True)
    assert prepare(two, SHUTDOWN, only_grows=True).identity == UNSURE


@pytest.mark.parametrize(("told", "known"), [(None, None), ("", None), ("*", '"*"')])
def test_nobody_and_everybody_are_no_names(told: str | None, known: str | None) -> None:
    assert prepare(found(identity=told), SHUTDOWN, only_grows=True).identity == known


def test_the_same_play_ended_by_another_rule_has_the_same_fingerprint() -> None:
    by_silence, by_line = (prepare(found(), end, only_grows=True).fingerprint for end in (SILENCE, SHUTDOWN))
    assert by_silence == by_line


def test_one_event_more_makes_another_fingerprint() -> None:
    longer = replace(session(end=None), events=(*session().events, event("loot")))
    assert prepare(found(longer), SHUTDOWN, only_grows=True) != prepare(found(), SHUTDOWN, only_grows=True)
