import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from logferry.demo.told import Told, told_by
from logferry.demo.verdict import Report, Verdict, judge, leaks
from logferry_daemon.core.sanitise import sanitise
from logferry_model.envelope import encode_session
from logferry_model.session import Session
from tests.cli.whole import read_whole
from tests.factories import Ending, artemis_document, cast, encode_document, journal
from tests.privacy import privacy

SEEDS = range(5)
DOCUMENT = artemis_document()
PLANTED = cast().planted


def manifest(tracker: str, written: object) -> dict[str, Any]:
    """As it comes out of the tracker's JSON."""
    told: dict[str, Any] = json.loads(json.dumps({"tracker": tracker, "file": "f", "written": written}))
    return told


def arrived(tracker: str, data: bytes) -> list[Session]:
    """What an honest daemon sends."""
    return [sanitise(found.session, found.names, privacy()).session for found in read_whole(tracker, data).found]


def report(session: Session, *, url: str = "http://c/r/1", revisions: int = 1) -> Report:
    return Report(url=url, session=session, body=encode_session(session), revisions=revisions)


def verdict(told: Sequence[Told], *reports: Report, linked: Sequence[str] | None = None) -> Verdict:
    return judge(
        told,
        reports,
        linked=[each.url for each in reports] if linked is None else linked,
        planted=PLANTED,
        files=encode_document(DOCUMENT),
    )


TOLD = told_by(manifest("artemis", DOCUMENT))
SESSION = arrived("artemis", encode_document(DOCUMENT))[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_an_honest_artemis_session_is_the_same(seed: int) -> None:
    document = artemis_document(seed)
    (session,) = arrived("artemis", encode_document(document))
    assert verdict(told_by(manifest("artemis", document)), report(session)).same


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("ending", Ending)
def test_honest_games_of_a_journal_are_the_same(seed: int, ending: Ending) -> None:
    made = journal(seed, games=2, ending=ending)
    told = told_by(manifest("elite-dangerous", list(made.texts)))
    sessions = arrived("elite-dangerous", made.encode())
    reports = [report(session, url=f"http://c/r/{number}") for number, session in enumerate(sessions)]
    assert len(told) == len(reports) == 2
    assert verdict(told, *reports).same


def altered(number: int, **changes: object) -> Session:
    """The session with one of its events changed."""
    events = list(SESSION.events)
    events[number] = replace(events[number], **changes)
    return replace(SESSION, events=tuple(events))


def of_type(kind: str) -> int:
    return next(number for number, event in enumerate(SESSION.events) if event.type == kind)


@pytest.mark.parametrize(
    ("session", "why"),
    [
        (altered(of_type("loot"), value=0.0), "event "),
        (altered(of_type("loot"), quantity=999), "event "),
        (altered(of_type("damage_dealt"), amount=1e6), "event "),
        (altered(of_type("damage_dealt"), type="miss"), "event "),
        (altered(0, at=SESSION.events[0].at + 1), "event 1 "),
        (replace(SESSION, events=SESSION.events[:-1]), "90 events were written, 89 are stored"),
        (replace(SESSION, events=(*SESSION.events, SESSION.events[-1])), "90 events were written, 91 are stored"),
        (replace(SESSION, ended_at=SESSION.started_at), "it ended "),
        (replace(SESSION, name=PLANTED[0]), "the name "),
        (replace(SESSION, facts={"note": PLANTED[-1]}), "the name "),
    ],
)
def test_a_report_that_was_tampered_with_is_told_apart(session: Session, why: str) -> None:
    found = verdict(TOLD, report(session))
    assert not found.same
    assert any(difference.startswith(why) for row in found.rows for difference in row.differences)


def test_a_session_that_never_arrived_is_missed() -> None:
    assert verdict(TOLD).rows[0].differences == ("it never arrived",)


def test_a_session_with_another_beginning_is_missed_and_a_stray() -> None:
    moved = replace(SESSION, started_at=SESSION.started_at + timedelta(seconds=1))
    found = verdict(TOLD, report(moved))
    assert found.rows[0].reports == 0
    assert found.differences == ("http://c/r/1 holds a session that no tracker wrote",)


def test_a_session_that_is_stored_twice_is_told() -> None:
    found = verdict(TOLD, report(SESSION), report(SESSION, url="http://c/r/2"))
    assert not found.same
    assert found.rows[0].reports == 2


def test_a_second_version_of_a_session_is_told() -> None:
    found = verdict(TOLD, report(SESSION, revisions=2))
    assert found.rows[0].differences == ("http://c/r/1 has 2 versions, not one",)


@pytest.mark.parametrize("url", ["http://c/r/9", ""])
def test_an_address_that_leads_nowhere_is_told(url: str) -> None:
    assert not verdict(TOLD, report(SESSION), linked=[url]).same


def test_nothing_written_is_no_success() -> None:
    assert not verdict([]).same


def test_a_search_that_finds_no_name_in_the_trackers_own_files_proves_nothing() -> None:
    found = judge(TOLD, [report(SESSION)], linked=["http://c/r/1"], planted=PLANTED, files=b"")
    assert not found.same


@pytest.mark.parametrize(
    "body",
    [
        "Tobbe Lindqvärn".encode(),
        "TOBBE LINDQVÄRN".encode(),
        json.dumps("Tobbe Lindqvärn").encode(),
        b"/r/Tobbe%20Lindqv%C3%A4rn",
    ],
)
def test_a_name_is_found_in_every_spelling(body: bytes) -> None:
    assert leaks(["Tobbe Lindqvärn"], body) == ("Tobbe Lindqvärn",)


def test_markup_does_not_hide_a_name() -> None:
    assert leaks(["Yselle d'Harcombe"], b"<td>Yselle d&#x27;Harcombe</td>")


def test_a_report_is_read_back_as_the_session_it_was() -> None:
    assert msgspec.json.decode(report(SESSION).body, type=Session) == SESSION
