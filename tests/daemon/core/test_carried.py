"""Whatever was found goes to another process and comes back as it was, to the byte."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import encode

from logferry_daemon.core.carried import Carried, CarriedReading, Opaque, carried, carried_reading, found_of, reading_of
from logferry_daemon.core.exact import exact
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.new_session import NewSession, head_of
from logferry_daemon.core.policy import Group, Listing
from logferry_daemon.core.reading import About, Document, Found, Paper, Raw, Reading, Trouble, found_whole
from logferry_daemon.core.slots import Slots
from logferry_daemon.workshop.messages import Held, Prepare, Prepared, Read, answer_of, encoded, task_of
from logferry_model.figures import Statistics
from logferry_model.session import Event, Session
from tests.factories import event, session
from tests.model.strategies import TIMES, WHOLE, ends, few, sendable_text, sessions

TEXT = sendable_text()
LISTING = Listing(fields=frozenset({"a"}), groups={"b": Group.TEXTS}, types=frozenset({"loot"}))
SEVERAL = st.frozensets(TEXT, max_size=3)


@st.composite
def found(draw: st.DrawFn) -> Found:
    """Any."""
    one, names, statistics = draw(sessions()), draw(SEVERAL), draw(sessions()).statistics
    raw, known = Raw(session=one, names=draw(SEVERAL)), draw(st.booleans())
    return Found(
        id=one.id,
        started_at=one.started_at,
        last_at=draw(TIMES),
        events=draw(WHOLE),
        weight=draw(WHOLE),
        raw=lambda: raw,
        statistics=lambda: statistics,
        offset=draw(WHOLE),
        line=draw(WHOLE),
        days=draw(WHOLE),
        end=draw(st.none() | ends(TEXT)),
        identity=draw(st.none() | TEXT),
        unsure=draw(st.booleans()),
        mark=draw(TEXT),
        whom=(lambda: names) if known else None,
    )


TROUBLES = few(st.builds(Trouble, code=TEXT, message=TEXT))
READINGS = st.builds(
    Reading,
    found=few(found()),
    troubles=TROUBLES,
    papers=st.none() | few(st.builds(Paper, kind=TEXT, id=TEXT, digest=TEXT)),
    first_at=st.none() | TIMES,
    unfinished=st.booleans(),
)
NEW = st.builds(
    NewSession,
    session=sessions().map(head_of),
    document=st.binary(max_size=50),
    events=WHOLE,
    fingerprint=TEXT,
    weight=WHOLE,
    only_grows=st.booleans(),
    removed=st.dictionaries(st.tuples(TEXT, TEXT), st.integers(1, 9), max_size=3),
    kept=st.dictionaries(TEXT, TEXT, max_size=3),
    leaks=few(TEXT),
    last_at=st.none() | TIMES,
    identity=st.none() | TEXT,
    names_player=st.booleans(),
)


def same(one: Found, other: Found) -> None:
    assert one == other
    assert encode(one.raw().session) == encode(other.raw().session)
    assert one.raw().names == other.raw().names
    assert encode(one.statistics()) == encode(other.statistics())
    assert one.names == other.names


@given(READINGS)
def test_a_reading_survives_the_wire(reading: Reading) -> None:
    answer = answer_of(encoded(Held(reading=carried_reading(reading))))
    assert isinstance(answer, Held)
    again = reading_of(answer.reading)
    assert again == reading
    for one, other in zip(again.found, reading.found, strict=True):
        same(one, other)


@given(NEW)
def test_a_prepared_session_survives_the_wire(new: NewSession) -> None:
    assert answer_of(encoded(Prepared(new=new))) == Prepared(new=new)


@given(found())
def test_what_was_carried_once_is_carried_again_as_the_same_bytes(one: Found) -> None:
    assert carried(found_of(carried(one))) == carried(one)


def test_all_that_is_found_is_carried() -> None:
    of_found = {one.name for one in fields(Found)} - {"whom"}
    assert {one.name for one in msgspec.structs.fields(Carried)} == of_found | {"names"}
    assert {one.name for one in msgspec.structs.fields(CarriedReading)} == {one.name for one in fields(Reading)}


@pytest.mark.parametrize("figure", [43, 43.0, 0, -1, 2**60])
def test_a_whole_number_stays_whole_and_a_broken_one_broken(figure: float) -> None:
    one = session(events=(event(amount=figure, fields={"a": figure}),))
    again = found_of(carried(found_whole(one))).raw().session
    assert encode(again) == encode(one)
    assert type(again.events[0].amount) is type(figure)


def test_the_exact_types_are_the_models_own_but_for_numbers() -> None:
    assert issubclass(exact(Session), Session)
    assert [one.name for one in msgspec.structs.fields(exact(Event))] == [
        one.name for one in msgspec.structs.fields(Event)
    ]
    assert exact(str) is str
    assert exact(bool) is bool
    assert exact(Statistics) is exact(Statistics)


def test_secrets_and_slots_do_there_what_they_do_here() -> None:
    told = Prepare(
        found=carried(found_whole(session())),
        end=None,
        only_grows=True,
        names_player=False,
        beside=frozenset(),
        slots=Slots(b"key"),
        listing=LISTING,
        keeps=frozenset(Group),
        secrets=Secrets(("12345678", "lf_s3cret_of_mine")),
    )
    there = task_of(encoded(told))
    assert isinstance(there, Prepare)
    assert there.slots.slot(Group.PLAYERS, "Oriana") == Slots(b"key").slot(Group.PLAYERS, "Oriana")
    assert there.secrets.carried() == told.secrets.carried()
    assert list(there.secrets.places(b'{"a":12345678,"b":"x lf_s3cret_of_mine"}')) == ["a", "b"]
    assert (there.listing, there.keeps, there.found) == (told.listing, told.keeps, told.found)


@given(st.binary(max_size=20), TEXT, TIMES, st.none() | st.integers(-14, 14))
def test_a_document_survives_the_wire(data: bytes, path: str, modified: datetime, hours: int | None) -> None:
    zone = None if hours is None else timezone(timedelta(hours=hours))
    one = Document(data=data, about=About(path=path, modified=modified, size=9, zone=zone), beside={path: data})
    task = task_of(encoded(Read(tracker="artemis", document=one)))
    assert isinstance(task, Read)
    assert task.document == one


def test_it_shows_nothing_of_itself() -> None:
    one = carried(found_whole(session()))
    assert repr(one) == "Carried(***)"
    assert repr(found_of(one).raw) == "Opaque(***)"
    assert isinstance(found_of(one).raw, Opaque)
