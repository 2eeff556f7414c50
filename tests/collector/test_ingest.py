"""The pipeline believes a body step by step, in order, and decides from plain values what it means."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import msgspec
import pytest

from logferry_collector.headers import Head
from logferry_collector.ingest import (
    Decision,
    Known,
    Parcel,
    Remembered,
    decide,
    open_parcel,
    receipt_for,
)
from logferry_collector.limits import Limits
from logferry_collector.rejections import MEANINGS, Unacceptable
from logferry_model.envelope import ReceiptStatus, encode_session, sha256_hex
from logferry_model.errors import LogferryError
from logferry_model.figures import LootTotal, SkillTotal, Statistics
from logferry_model.session import Boss, EpochMs, Event, Hit, Loadout, Participant, Session, Skill

from .factories import KEY, START, document_of, pack, raid_session, tiny_session

LIMITS = Limits()


def head_for(wire: bytes, **changes: str) -> Head:
    head = Head(idempotency_key=KEY, digest=hashlib.sha256(wire).digest(), encoding="gzip")
    return msgspec.structs.replace(head, **changes)


def opened(document: bytes) -> Parcel:
    wire = pack(document)
    return open_parcel(head_for(wire), wire, LIMITS)


def refused(document: bytes, limits: Limits = LIMITS) -> tuple[str, str]:
    """Code and pointer with which `document` is turned away."""
    wire = pack(document)
    with pytest.raises(Unacceptable) as error:
        open_parcel(head_for(wire), wire, limits)
    return error.value.code, error.value.errors[0].pointer


def test_an_honest_upload_becomes_a_parcel() -> None:
    session = tiny_session()
    parcel = opened(document_of(session))
    assert parcel.session == session
    assert parcel.payload_digest == sha256_hex(encode_session(session))
    assert parcel.received_digest == sha256_hex(parcel.wire)


def test_the_payload_digest_covers_the_bytes_as_they_were_written() -> None:
    payload = b'{ "id":"x", "tracker":"artemis", "natural_key":"artemis-1", "started_at":"2026-11-18T18:04:00Z", "ended_at":"2026-11-18T18:09:00Z" }'
    parcel = opened(document_of(tiny_session(), payload=msgspec.Raw(payload)))
    assert parcel.payload_digest == sha256_hex(payload)


def test_nothing_is_parsed_before_the_digest_holds() -> None:
    with pytest.raises(LogferryError) as error:
        open_parcel(head_for(b"another body"), b"neither gzip nor JSON", LIMITS)
    assert error.value.code == "digest-mismatch"
    assert MEANINGS["digest-mismatch"].retryable


def test_the_same_content_packed_anew_has_the_same_fingerprint() -> None:
    document = document_of(tiny_session())
    plain = open_parcel(head_for(document, encoding="identity"), document, LIMITS)
    assert plain.fingerprint == opened(document).fingerprint
    assert plain.received_digest != opened(document).received_digest


def test_strictness_reaches_into_the_payload() -> None:
    document = document_of(tiny_session()).replace(b'"confidence":0.6', b'"confidence":1e999')
    assert refused(document) == ("json-invalid", "/payload/end/confidence")


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        (b'"revision":1', b'"revision":"1"', "/revision"),
        (b'"confidence":0.6', b'"confidence":"high"', "/payload/end/confidence"),
        (b'"rule":"silence"', b'"rule":"boredom"', "/payload/end/rule"),
        (b'"install_id":"install-0001",', b"", ""),
    ],
)
def test_a_document_off_the_schema_is_refused_with_its_place(old: bytes, new: bytes, pointer: str) -> None:
    assert refused(document_of(tiny_session()).replace(old, new)) == ("schema-invalid", pointer)


def test_the_place_of_a_wrong_event_has_its_index() -> None:
    session = tiny_session(events=(Event(at=EpochMs(1), type="x"), Event(at=EpochMs(22), type="y")))
    document = document_of(session).replace(b'"at":22', b'"at":"late"')
    assert refused(document) == ("schema-invalid", "/payload/events/1/at")


def test_unknown_fields_are_kept_and_ignored() -> None:
    opened(document_of(tiny_session()).replace(b'"revision":1', b'"revision":1,"colour":"red"'))


@pytest.mark.parametrize(("body", "header"), [(2, None), (1, "2"), (1, "one")])
def test_schema_versions_have_to_agree_and_be_known(body: int, header: str | None) -> None:
    wire = pack(document_of(tiny_session(), schema_version=body))
    with pytest.raises(Unacceptable) as error:
        open_parcel(msgspec.structs.replace(head_for(wire), schema_version=header), wire, LIMITS)
    assert error.value.code == "schema-version-unsupported"


@pytest.mark.parametrize(
    ("envelope", "pointer"),
    [
        ({"tracker": "putt"}, "/payload/tracker"),
        ({"natural_key": "another"}, "/payload/natural_key"),
        ({"tracker": ""}, "/tracker"),
        ({"natural_key": "k" * 201}, "/natural_key"),
        ({"install_id": "i" * 201}, "/install_id"),
        ({"account": "a" * 201}, "/account"),
        ({"app_version": "v" * 201}, "/app_version"),
        ({"platform": "amiga"}, "/platform"),
        ({"revision": 0}, "/revision"),
        ({"revision": 2**31}, "/revision"),
        ({"started_at": START - timedelta(seconds=1)}, "/payload/started_at"),
        ({"started_at": START.replace(tzinfo=None)}, "/started_at"),
        ({"started_at": START.replace(year=1969)}, "/started_at"),
        ({"ended_at": None}, "/payload/ended_at"),
    ],
)
def test_an_envelope_that_contradicts_its_session_is_refused(envelope: dict[str, object], pointer: str) -> None:
    assert refused(document_of(tiny_session(), **envelope)) == ("session-contradicts", pointer)


@pytest.mark.parametrize(
    ("ended_at", "pointer"),
    [(START - timedelta(seconds=1), "/ended_at"), (START.replace(year=3000), "/ended_at"), (None, "/ended_at")],
    ids=["before its start", "in a thousand years", "never"],
)
def test_a_complete_session_ends_after_it_began(ended_at: datetime | None, pointer: str) -> None:
    document = document_of(tiny_session(ended_at=ended_at), partial=False)
    assert refused(document) == ("session-contradicts", pointer)


def test_a_partial_session_needs_no_end() -> None:
    assert opened(document_of(tiny_session(ended_at=None, end=None), partial=True)).envelope.partial


def with_events(count: int) -> Session:
    return tiny_session(events=tuple(Event(at=EpochMs(at), type="x") for at in range(count)))


def with_participants(count: int) -> Session:
    return tiny_session(participants=tuple(Participant(id=str(at)) for at in range(count)))


def test_the_number_of_events_and_participants_is_exact() -> None:
    limits = Limits(events=3, participants=2)
    for session in (with_events(3), with_participants(2)):
        wire = pack(document_of(session))
        open_parcel(head_for(wire), wire, limits)
    assert refused(document_of(with_events(4)), limits) == ("limit-exceeded", "/payload/events")
    assert refused(document_of(with_participants(3)), limits) == ("limit-exceeded", "/payload/participants")


def with_hits(*counts: int) -> Session:
    return tiny_session(
        skills=tuple(Skill(name="Ray", timeline=(Hit(at=EpochMs(1), value=1.0),) * count) for count in counts)
    )


def test_a_fight_is_taken_and_stored_as_it_was_sent() -> None:
    session = raid_session()
    assert opened(document_of(session)).session == session


def test_the_hits_of_all_timelines_are_counted_together() -> None:
    limits = Limits(hits=5)
    wire = pack(document_of(with_hits(3, 2)))
    open_parcel(head_for(wire), wire, limits)
    assert refused(document_of(with_hits(3, 3)), limits) == ("limit-exceeded", "/payload/skills")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"bosses": (Boss(name="b"),) * 3}, "/payload/bosses"),
        ({"skills": (Skill(name="s"),) * 3}, "/payload/skills"),
        ({"loadouts": (Loadout(id="l"),) * 3}, "/payload/loadouts"),
        ({"tags": ("t",) * 3}, "/payload/tags"),
        ({"statistics": Statistics(loot=(LootTotal(item="i"),) * 3)}, "/payload/statistics/loot"),
        ({"statistics": Statistics(skills=(SkillTotal(name="s"),) * 3)}, "/payload/statistics/skills"),
        ({"facts": dict.fromkeys("abc", 1)}, "/payload/facts"),
        ({"participants": (Participant(id="p", facts=dict.fromkeys("abc", 1)),)}, "/payload/participants/0/facts"),
        (
            {"participants": (Participant(id="p", figures=dict.fromkeys("abc", 1.0)),)},
            "/payload/participants/0/figures",
        ),
        ({"skills": (Skill(name="s", figures=dict.fromkeys("abc", 1.0)),)}, "/payload/skills/0/figures"),
        (
            {
                "events": (
                    Event(at=EpochMs(1), type="t"),
                    Event(at=EpochMs(1), type="t", fields=dict.fromkeys("abc", 1)),
                )
            },
            "/payload/events/1/fields",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_more_than_a_page_or_a_table_could_hold_is_refused_with_its_place(
    changes: dict[str, object], pointer: str
) -> None:
    limits = Limits(bosses=2, skills=2, rows=2, entries=2)
    assert refused(document_of(tiny_session(**changes)), limits) == ("limit-exceeded", pointer)


def test_a_refusal_says_how_much_would_have_been_taken() -> None:
    wire = pack(document_of(with_participants(LIMITS.participants + 1)))
    with pytest.raises(Unacceptable) as error:
        open_parcel(head_for(wire), wire, LIMITS)
    assert error.value.message == "/payload/participants: more than 500."


@pytest.mark.parametrize("active_ms", [-1, 2**62])
def test_a_time_that_nobody_can_have_played_is_refused(active_ms: int) -> None:
    session = tiny_session(statistics=Statistics(active_ms=active_ms))
    assert refused(document_of(session)) == ("session-contradicts", "/payload/statistics/active_ms")


def remembered(parcel: Parcel, fingerprint: str) -> Remembered:
    receipt = receipt_for(parcel, receipt_id="c", report_id="r", report_url="u", duplicate=False, now=START)
    return Remembered(fingerprint, receipt)


@pytest.mark.parametrize(
    ("report_id", "has_digest", "expected"),
    [
        (None, False, Decision.NEW_REPORT),
        ("r", False, Decision.NEW_REVISION),
        ("r", True, Decision.DUPLICATE),
    ],
)
def test_under_a_new_key_the_content_decides(report_id: str | None, has_digest: bool, expected: Decision) -> None:
    known = Known(report_id=report_id, has_digest=has_digest)
    assert decide(opened(document_of(tiny_session())), known) is expected


@pytest.mark.parametrize("has_digest", [True, False])
def test_under_a_known_key_the_fingerprint_decides(has_digest: bool) -> None:
    parcel = opened(document_of(tiny_session()))
    same = Known(remembered=remembered(parcel, parcel.fingerprint), report_id="r", has_digest=has_digest)
    other = Known(remembered=remembered(parcel, "another"), report_id="r", has_digest=has_digest)
    assert decide(parcel, same) is Decision.REPLAY
    assert decide(parcel, other) is Decision.CONFLICT


def test_a_receipt_echoes_what_was_sent() -> None:
    parcel = opened(document_of(tiny_session(), revision=7))
    receipt = receipt_for(parcel, receipt_id="c", report_id="r", report_url="u", duplicate=True, now=START)
    assert (receipt.revision, receipt.natural_key, receipt.idempotency_key) == (7, "artemis-1", KEY)
    assert receipt.received_digest == sha256_hex(parcel.wire)
    assert receipt.payload_digest == sha256_hex(encode_session(tiny_session()))
    assert receipt.status is ReceiptStatus.DUPLICATE
