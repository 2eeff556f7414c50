"""Hypothesis strategies for values of the model: anything a reader could make of a log."""

from __future__ import annotations

from datetime import UTC
from typing import TypeVar

from hypothesis import strategies as st

from logferry_model.figures import LoadoutTotal, LootTotal, SkillTotal, Statistics
from logferry_model.session import (
    Attachment,
    End,
    EndRule,
    EpochMs,
    Event,
    Loadout,
    Participant,
    Scalar,
    Session,
    SessionId,
    Skill,
)

T = TypeVar("T")
WHOLE = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.datetimes(timezones=st.just(UTC))
LOADOUT_IDS = st.sampled_from(("", "a", "b", "loadout-1", "loadout-2"))


def sendable_text() -> st.SearchStrategy[str]:
    """Any text without lone surrogates and NUL: the loader lets neither through."""
    return st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def scalars(text: st.SearchStrategy[str]) -> st.SearchStrategy[Scalar]:
    return st.none() | st.booleans() | WHOLE | NUMBERS | text


def fields(text: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Scalar]]:
    return st.dictionaries(st.sampled_from(("ship", "mode", "body")), scalars(text), max_size=3)


def ends(text: st.SearchStrategy[str]) -> st.SearchStrategy[End]:
    return st.builds(End, rule=st.sampled_from(EndRule), evidence=text, confidence=st.floats(0, 1))


def events(text: st.SearchStrategy[str]) -> st.SearchStrategy[Event]:
    some = st.none() | text
    return st.builds(
        Event,
        at=WHOLE.map(EpochMs),
        type=st.sampled_from(("loot", "damage_dealt", "Docked")),
        amount=st.none() | NUMBERS,
        value=st.none() | NUMBERS,
        quantity=st.none() | WHOLE,
        critical=st.booleans(),
        skill=some,
        skill_category=some,
        item=some,
        creature=some,
        damage_type=some,
        loadout=st.none() | LOADOUT_IDS,
        participant=st.sampled_from((None, "me", "p1")),
        fields=fields(text),
    )


def statistics(text: st.SearchStrategy[str]) -> st.SearchStrategy[Statistics]:
    some = st.none() | text
    return st.builds(
        Statistics,
        events=WHOLE,
        skills=few(st.builds(SkillTotal, name=text, category=some, gains=WHOLE, gained=NUMBERS)),
        loot=few(st.builds(LootTotal, item=text, drops=WHOLE, quantity=WHOLE, value=NUMBERS)),
        loadouts=few(st.builds(LoadoutTotal, loadout=LOADOUT_IDS, shots=WHOLE, cost=NUMBERS)),
    )


def sessions(text: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Session]:
    """Any session; every field that may hold a log's own words is drawn from `text`."""
    text = sendable_text() if text is None else text
    some = st.none() | text
    person = st.builds(Participant, id=st.sampled_from(("me", "p1")), name=some, local=st.booleans())
    loadout = st.builds(Loadout, id=LOADOUT_IDS, name=some, cost_per_shot=st.none() | NUMBERS)
    attachment = st.builds(Attachment, name=text, media_type=st.just("text/csv"), size=WHOLE, digest=st.just("0" * 64))
    return st.builds(
        Session,
        id=st.just(SessionId("0123456789abcdef")),
        tracker=st.just("artemis"),
        natural_key=st.just("session-1@2026-03-01T20:00:00+00:00"),
        started_at=TIMES,
        ended_at=st.none() | TIMES,
        end=st.none() | ends(text),
        name=some,
        tags=few(text),
        participants=few(person),
        loadouts=few(loadout),
        events=few(events(text)),
        skills=few(st.builds(Skill, name=text, category=some, uses=WHOLE, total=NUMBERS)),
        attachments=few(attachment),
        facts=fields(text),
        statistics=statistics(text),
    )


def few(of: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(of, max_size=3).map(tuple)
