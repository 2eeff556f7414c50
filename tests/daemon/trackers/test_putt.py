from __future__ import annotations

import json
from datetime import UTC, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.reading import About, Document, DocumentTracker, Found, Reading
from logferry_daemon.trackers.putt import ProofOfPutt
from logferry_model.errors import Damaged
from logferry_model.figures import Statistics
from logferry_model.session import EndRule, Session
from tests.daemon.golden import expected, stored
from tests.daemon.recutting import joined, measured, twin
from tests.daemon.texts import holding
from tests.factories import START
from tests.factories_putt import Round, putt_round
from tests.privacy import prepare

SEEDS = range(1, 9)
STAMP = "20260301_200000"
JSON, CSV = f"session_{STAMP}.json", f"session_report_{STAMP}.csv"
END = end_by(EndRule.EXPLICIT, "seen")


def read(data: bytes, path: str = JSON, **beside: bytes) -> Reading:
    """`beside` by kind: csv, json."""
    others = {one: beside[one.rpartition(".")[2]] for one in (JSON, CSV) if one.rpartition(".")[2] in beside}
    return ProofOfPutt().read(Document(data=data, about=About(path=path, zone=UTC), beside=others))


def found_in(data: bytes, path: str = JSON, **beside: bytes) -> Found:
    (found,) = read(data, path, **beside).found
    return found


def of(one: Round, *, first: str = "json", both: bool = True, figures: bytes | None = None) -> Found:
    """Its session, read from the figures or from the report."""
    contents = {one.json_name: figures or one.flat(), one.csv_name: one.report()}
    path = one.json_name if first == "json" else one.csv_name
    beside = {other: data for other, data in contents.items() if other != path} if both else {}
    document = Document(data=contents[path], about=About(path=path, zone=UTC), beside=beside)
    (found,) = ProofOfPutt().read(document).found
    return found


def doc(**fields: Any) -> bytes:  # noqa: ANN401 -- any JSON value
    return json.dumps({"total_makes": 3, "total_misses": 1} | fields).encode()


def measures(found: Found) -> dict[str, float]:
    return {one.name: one.value for one in found.statistics().measures}


def content(found: Found) -> tuple[object, ...]:
    return (found.raw(), found.end, found.identity, found.weight, found.statistics())


def test_its_files_are_read_whole() -> None:
    assert isinstance(ProofOfPutt(), DocumentTracker)


@pytest.mark.parametrize("system", ["windows", "macos", "linux"])
def test_the_apps_data_folder_is_looked_at_on_every_system(system: str) -> None:
    assert ProofOfPutt().usual_paths(system)[0].endswith("/com.proofofputt.desktop")


def test_figures_and_report_belong_together_by_their_stamp_in_whatever_folder() -> None:
    tracker = ProofOfPutt()
    assert "a/b/session_report_7.csv" in tracker.companions("a/b/session_7.json")
    assert "a/b/session_7.json" in tracker.companions("a/b/session_report_7.csv")


@pytest.mark.parametrize("path", ["session_7.json", "session_report_7.csv", "notes.txt", ""])
def test_a_file_is_no_companion_of_itself(path: str) -> None:
    assert path not in ProofOfPutt().companions(path)


def test_a_generated_session_is_sent_as_it_was_when_somebody_last_looked() -> None:
    found = found_in(stored(f"putt/{JSON}"), csv=stored(f"putt/{CSV}"))
    made = json.loads(prepare(found, END, only_grows=False).document)
    assert made == expected("putt/sent.json", made)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", [Round.flat, Round.short, Round.sections])
def test_whichever_file_is_read_the_session_of_both_is_the_same(seed: int, shape: Any) -> None:  # noqa: ANN401 -- a method
    one = putt_round(seed)
    figures = shape(one)
    assert content(of(one, first="json", figures=figures)) == content(of(one, first="csv", figures=figures))


REPORT = b"Total Makes,3\nMake Percentage,10%\n\nTime (s),Classification,Detailed Classification\n5,MAKE,MAKE - TOP\n"


@pytest.mark.parametrize("path", [JSON, CSV])
def test_where_both_tell_a_figure_that_of_the_document_counts(path: str) -> None:
    contents = {"json": doc(total_makes=4), "csv": REPORT}
    data = contents.pop(path.rpartition(".")[2])
    assert measures(found_in(data, path, **contents))["makes"] == 4


@pytest.mark.parametrize("path", [JSON, CSV])
def test_where_both_tell_of_the_putts_those_of_the_report_count(path: str) -> None:
    contents = {"json": doc(putt_list=[{"Putt Classification": "MISS"}]), "csv": REPORT}
    data = contents.pop(path.rpartition(".")[2])
    (event,) = found_in(data, path, **contents).session.events
    assert (event.type, event.fields) == ("make", {"category": "top"})


FIGURES = doc(session_id="desktop_1756699455646", session_duration_seconds=60, timestamp="2026-03-01T20:00:00Z")
LATER = b"Report Generated At,2026-03-01T20:00:01Z\nTotal Makes,3\n\nTime (s),Classification\n1,MAKE\n75,MAKE\n"


def orders(stamp: str, figures: bytes) -> list[Reading]:
    """The figures alone, the report alone, then each with the other beside it."""
    json_name, csv_name = f"session_{stamp}.json", f"session_report_{stamp}.csv"
    contents = {json_name: figures, csv_name: LATER}

    def one(path: str, *beside: str) -> Reading:
        about = About(path=path, zone=UTC)
        companions = {other: contents[other] for other in beside}
        return ProofOfPutt().read(Document(data=contents[path], about=about, beside=companions))

    return [one(json_name), one(csv_name), one(json_name, csv_name), one(csv_name, json_name)]


@pytest.mark.parametrize("stamp", [STAMP, "evening", "7", "evening_20260301_200000"])
@pytest.mark.parametrize("figures", [FIGURES, doc(timestamp="2026-03-01T20:00:00Z", session_duration_seconds=60)])
def test_one_play_is_one_session_in_whatever_order_its_files_come(stamp: str, figures: bytes) -> None:
    readings = orders(stamp, figures)
    assert len({found.id for reading in readings for found in reading.found}) == 1
    assert [len(reading.found) for reading in (readings[0], *readings[2:])] == [1, 1, 1]


@pytest.mark.parametrize("stamp", ["evening", "7"])
def test_a_report_whose_name_has_no_time_waits_for_its_figures_and_says_so(stamp: str) -> None:
    _, alone, *_ = orders(stamp, FIGURES)
    assert [trouble.code for trouble in alone.troubles] == ["waits-for-figures"]
    assert stamp not in alone.troubles[0].message


def test_times_that_only_the_report_tells_date_the_figures_too() -> None:
    alone, report, *both = orders("evening", doc())
    assert ([trouble.code for trouble in alone.troubles], report.found) == (["no-time"], ())
    assert len({found.id for reading in both for found in reading.found}) == 1


@pytest.mark.parametrize("first", ["json", "csv"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_file_alone_is_the_same_session_as_both(seed: int, first: str) -> None:
    one = putt_round(seed)
    assert of(one, first=first, both=False).id == of(one).id


@pytest.mark.parametrize("first", ["json", "csv"])
def test_what_comes_later_makes_more_of_the_session(first: str) -> None:
    one = putt_round(2)
    assert of(one, first=first, both=False).weight < of(one).weight


@pytest.mark.parametrize("first", ["json", "csv"])
def test_what_comes_later_weighs_more_also_when_it_tells_nothing_new(first: str) -> None:
    contents = {"json": doc(total_putts=4, makes_by_category={"TOP": 3}), "csv": b"Total Makes,3\nTotal Misses,1\n"}
    path = JSON if first == "json" else CSV
    data = contents.pop(first)
    assert found_in(data, path).weight < found_in(data, path, **contents).weight


@pytest.mark.parametrize("first", ["json", "csv"])
def test_what_comes_later_is_a_new_content(first: str) -> None:
    one = putt_round(2)
    alone, both = (prepare(of(one, first=first, both=beside), END, only_grows=False) for beside in (False, True))
    assert alone.fingerprint != both.fingerprint


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"a": 1}', b"\0\0"])
def test_a_companion_that_cannot_be_read_is_as_if_it_were_not_there(broken: bytes) -> None:
    one = putt_round(2)
    table = Document(data=one.report(), about=About(path=one.csv_name, zone=UTC), beside={one.json_name: broken})
    assert content(ProofOfPutt().read(table).found[0]) == content(of(one, first="csv", both=False))


def test_the_end_is_the_report_itself() -> None:
    end = found_in(doc()).end
    assert end is not None
    assert end.rule is EndRule.EXPLICIT


def test_the_stamp_is_the_end_and_the_duration_leads_to_the_start() -> None:
    session = found_in(doc(session_duration_seconds=90)).session
    assert (session.started_at, session.ended_at) == (START - timedelta(seconds=90), START)


@pytest.mark.parametrize(
    "stamp", ["20260301_200000", "1772395200", "1772395200000", "desktop_1772395200000", "2026-03-01T20-00-00"]
)
def test_a_stamp_is_a_date_or_a_number_of_seconds_or_milliseconds(stamp: str) -> None:
    assert found_in(doc(), f"session_{stamp}.json").session.ended_at == START


def test_times_in_the_file_are_better_than_its_stamp() -> None:
    one = found_in(doc(start_time="2026-03-01T10:00:00Z", end_time="2026-03-01T10:30:00Z")).session
    assert (one.started_at, one.ended_at) == (START - timedelta(hours=10), START - timedelta(hours=9.5))


@pytest.mark.parametrize("seconds", [-5, 1e12, "long", None, True])
def test_a_duration_that_cannot_be_is_none(seconds: object) -> None:
    assert found_in(doc(session_duration=seconds)).session.duration == timedelta()


def test_without_any_time_its_owner_is_told_what_to_do() -> None:
    reading = read(doc(), "session_ours.json")
    assert (reading.found, [one.code for one in reading.troubles]) == ((), ["no-time"])


@pytest.mark.parametrize("key", ["session_id", "sessionId", "id"])
@pytest.mark.parametrize("nested", [False, True])
def test_where_the_name_says_nothing_the_session_is_known_by_its_own_id(key: str, *, nested: bool) -> None:
    fields = {key: "desktop_1756699455646", "total_makes": 1, "end_time": "2026-03-01T20:00:00Z"}
    data = json.dumps({"data": fields} if nested else fields).encode()
    assert found_in(data, "").session.natural_key == "desktop_1756699455646"


def test_the_stamp_in_the_name_goes_before_the_id_in_the_file() -> None:
    assert found_in(doc(session_id="desktop_1756699455646")).session.natural_key == STAMP


def test_a_stamp_that_is_only_counted_up_may_come_again_another_day() -> None:
    keys = {found_in(doc(end_time=f"2026-03-0{day}T20:00:00Z"), "session_1.json").session.natural_key for day in (1, 2)}
    assert len(keys) == 2


def test_an_id_that_somebody_typed_is_not_sent() -> None:
    found = found_in(doc(id="Oriana", end_time="2026-03-01T20:00:00Z"), "session_oriana.json")
    assert holding(prepare(found, END, only_grows=False).document, "oriana") == []


def test_the_figures_of_both_spellings_are_the_same() -> None:
    one = putt_round(3)
    short, flat = (measures(of(one, both=False, figures=data)) for data in (one.short(), one.flat()))
    wanted = ("putts", "makes", "misses", "accuracy")
    assert [short[name] for name in wanted] == [flat[name] for name in wanted]


def test_figures_that_the_tracker_wrote_are_taken_over_as_they_are() -> None:
    one = measures(found_in(doc(best_streak=9, makes_per_minute=3.5, fastest_21_makes_seconds=61.5)))
    assert (one["best_streak"], one["makes_per_minute"], one["fastest_21_makes"]) == (9, 3.5, 61.5)


def test_figures_that_nobody_wrote_are_counted_from_the_putts() -> None:
    rows = "".join(f"{second},{word}\n" for second, word in enumerate(["MAKE"] * 25 + ["MISS", "MAKE"]))
    one = measures(found_in(f"Time (s),Classification\n{rows}".encode(), CSV))
    assert (one["putts"], one["makes"], one["best_streak"]) == (27, 26, 25)
    assert (one["most_makes_in_60_seconds"], one["fastest_21_makes"]) == (26, 20.0)


def test_a_makes_older_than_a_minute_is_not_in_the_same_minute() -> None:
    rows = "0,MAKE\n60,MAKE\n61,MAKE\n"
    assert measures(found_in(f"Time (s),Classification\n{rows}".encode(), CSV))["most_makes_in_60_seconds"] == 2


def test_makes_and_putts_are_told_by_distance() -> None:
    one = measures(found_in(doc(putts_by_distance={"3-5 ft": 20}, makes_by_distance={"7_feet": 4})))
    assert (one["putts_from_3_5_ft"], one["makes_from_7_ft"]) == (20, 4)


def test_details_by_distance_are_read_too() -> None:
    one = measures(found_in(doc(details_by_distance={"10": {"attempts": 8, "makes": 2}})))
    assert (one["putts_from_10_ft"], one["makes_from_10_ft"]) == (8, 2)


def test_a_distance_that_is_none_is_left_out() -> None:
    found = found_in(doc(putts_by_distance={"from Oriana's sofa": 20}, makes_by_category={"ORIANA": 5}))
    assert [one.label for one in found.statistics().measures if "riana" in one.label.casefold()] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_every_putt_of_the_report_is_an_event(seed: int) -> None:
    one = putt_round(seed)
    events = of(one, first="csv", both=False).session.events
    assert [event.type == "make" for event in events] == [made for _, made, _ in one.putts]


def test_a_putt_stands_where_its_seconds_lead() -> None:
    one = putt_round(4)
    session = of(one).session
    assert session.events[0].at - session.started_at.timestamp() * 1000 == pytest.approx(one.putts[0][0] * 1000, abs=1)


def test_that_there_is_a_report_is_a_fact() -> None:
    one = putt_round(4)
    assert [of(one, both=both).session.facts.get("premium_csv") for both in (True, False)] == [True, None]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", [Round.flat, Round.sections])
@pytest.mark.parametrize("first", ["json", "csv"])
def test_no_name_and_no_address_is_in_what_is_sent(seed: int, first: str, shape: Any) -> None:  # noqa: ANN401 -- a method
    one = putt_round(seed)
    document = prepare(of(one, first=first, figures=shape(one)), END, only_grows=False).document
    assert [text for text in (one.player, one.email) if holding(document, text)] == []


CANARY = "Vexilla Quandary"


@pytest.mark.parametrize("key", ["player_name", "playerName", "player", "name", "email", "user_id", "notes", "stamp"])
@pytest.mark.parametrize("section", ["data", "session_info", None])
def test_a_name_under_any_key_is_not_sent(key: str, section: str | None) -> None:
    fields = {key: CANARY} if section is None else {section: {key: CANARY}}
    found = found_in(doc(**fields), csv=f"Player Name,{CANARY}\nNotes,{CANARY}\n\nTotal Makes,3\n".encode())
    assert holding(prepare(found, END, only_grows=False).document, "Vexilla") == []


def test_a_name_in_a_column_of_putts_is_not_sent() -> None:
    rows = f"Time,Result,Category,Golfer\n1,MAKE,{CANARY},{CANARY}\n2,{CANARY},TOP,x\n3,MAKE - {CANARY},TOP,\n"
    found = found_in(rows.encode(), CSV)
    assert (len(found.session.events), holding(prepare(found, END, only_grows=False).document, "Vexilla")) == (2, [])


def test_who_played_is_the_identity() -> None:
    assert found_in(doc(player_name="Hob")).identity == "Hob"


def test_a_player_whom_the_tracker_does_not_know_is_nobody() -> None:
    found = found_in(doc(player_name="Unknown"))
    assert (found.identity, found.names) == (None, frozenset())


@pytest.mark.parametrize("data", [b"[]", b"5", b"{}", b'{"session_id": 5}', b'{"character_name": "x", "xp": {}}'])
def test_another_trackers_document_is_none_of_this_one(data: bytes) -> None:
    with pytest.raises(Damaged) as raised:
        read(data)
    assert raised.value.code == "not-a-session"


def test_another_table_is_none_of_this_tracker() -> None:
    with pytest.raises(Damaged) as raised:
        read(b"a,b\n1,2\n", CSV)
    assert raised.value.code == "not-a-session"


@pytest.mark.parametrize(("data", "path"), [(b"", JSON), (b" \n", CSV), (b"\0\0", JSON)])
def test_an_empty_file_is_waited_for(data: bytes, path: str) -> None:
    reading = read(data, path)
    assert (reading.unfinished, [one.code for one in reading.troubles]) == (True, ["empty"])


def test_a_torn_document_is_waited_for_wherever_it_is_torn() -> None:
    whole = putt_round(1, putts=3).flat()
    assert [cut for cut in range(len(whole)) if not read(whole[:cut]).unfinished] == []


def test_a_report_that_a_spreadsheet_saved_again_is_read() -> None:
    data = "Player Name,Björk\nTotal Makes,3\n".encode("cp1252")
    assert found_in(data, CSV).names == {"Björk"}


def test_reading_twice_is_as_reading_once() -> None:
    assert content(of(putt_round(5))) == content(of(putt_round(5)))


def test_a_part_of_a_session_is_counted_by_its_own_putts() -> None:
    session = of(putt_round(6)).session
    part = msgspec.structs.replace(session, events=session.events[:10])
    one = {measure.name: measure.value for measure in ProofOfPutt().recount(part).measures}
    assert (one["putts"], one["makes"]) == (10, sum(event.type == "make" for event in part.events))


def test_rounds_that_are_joined_add_up_and_the_best_of_both_is_the_best() -> None:
    plain = {"timestamp": "2026-03-01T20:00:00Z", "session_duration": 60, "best_streak": 3, "makes_per_minute": 3}
    one = found_in(doc(**plain, fastest_21_makes=50, makes_by_category={"TOP": 2})).session
    more = plain | {"session_duration": 180, "total_misses": 7, "best_streak": 5, "makes_per_minute": 1}
    other = twin(
        found_in(doc(**more, fastest_21_makes=40, makes_by_category={"LOW": 1}), "session_20260302_200000.json").session
    )
    told = measured(joined(ProofOfPutt(), one, other))
    assert (told["putts"], told["makes"], told["misses"], told["accuracy"]) == (14, 6, 8, 42.86)
    assert (told["best_streak"], told["fastest_21_makes"], told["makes_per_minute"]) == (5, 40, 1.5)
    assert (told["makes_top"], told["makes_low"]) == (2, 1)


def test_figures_without_putts_cannot_be_counted_again_and_stay() -> None:
    session = found_in(doc(best_streak=9)).session
    assert ProofOfPutt().recount(session) == session.statistics != Statistics()


KEYS = """
data session_info total_makes makes misses total_putts session_duration best_streak start_time end_time putt_list
putts_by_distance details_by_distance makes_by_category session_id player_name
"""
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=8)
TIMES = st.sampled_from(
    ("2026-03-01T20:00:00", "0001-01-01T00:00:00", "MAKE", "20260301_200000", "9999-12-31T23:59:59")
)
ANY = st.recursive(
    SCALARS | TIMES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from((*KEYS.split(), "3 ft", "classification", "time")), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=400)
@given(ANY, st.sampled_from((JSON, "session_x.json", "")))
def test_whatever_json_comes_it_is_read_or_refused_and_what_is_read_can_be_sent(value: Any, path: str) -> None:  # noqa: ANN401 -- any JSON value
    try:
        reading = read(json.dumps(value).encode(), path)
    except Damaged:
        return
    assert reading.found or reading.troubles
    for found in reading.found:
        prepared = prepare(found, END, only_grows=False)
        assert msgspec.json.decode(prepared.document, type=Session) == prepared.session


@settings(max_examples=300)
@given(
    st.binary(max_size=80)
    | st.lists(st.sampled_from(("Time", "Result", "MAKE", "1", "\n", ",", '"', "\0"))).map(
        lambda one: "".join(one).encode()
    )
)
def test_whatever_table_comes_it_is_read_or_refused(data: bytes) -> None:
    try:
        reading = read(data, CSV)
    except Damaged:
        return
    assert reading.found or reading.troubles
