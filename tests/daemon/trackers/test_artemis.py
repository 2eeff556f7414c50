from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.reading import Document, DocumentTracker, Found, Reading
from logferry_daemon.trackers.artemis import Artemis
from logferry_daemon.trackers.artemis_events import EVENT_WORDS
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_model.session import EndRule, Event, Session
from logferry_model.tally import tally
from tests.daemon.golden import expected, stored
from tests.daemon.texts import holding
from tests.factories import START, artemis_document, cast, encode_document, grown
from tests.privacy import prepare

MS = 1_772_395_200_000
"""START, as the tracker writes times of events."""
SEEDS = range(1, 13)


def document(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON value
    """The smallest session with an end."""
    return {
        "id": f"session-{MS}",
        "startedAt": "2026-03-01T20:00:00.000Z",
        "endedAt": "2026-03-01T21:00:00.000Z",
        "events": [],
    } | changes


def item(kind: str = "loot", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON value
    return {"timestamp": MS, "type": kind} | fields


def read(data: bytes) -> Reading:
    return Artemis().read(Document(data=data))


def read_of(value: Any) -> Reading:  # noqa: ANN401 -- any JSON value
    return read(json.dumps(value).encode())


def found_in(value: Any) -> Found:  # noqa: ANN401 -- any JSON value
    (found,) = read_of(value).found
    return found


def event_of(**fields: Any) -> Event:  # noqa: ANN401 -- any JSON value
    (event,) = found_in(document(events=[item(**fields)])).session.events
    return event


def codes(reading: Reading) -> list[str]:
    return [trouble.code for trouble in reading.troubles]


def sent(found: Found) -> bytes:
    """What would be kept and sent of it."""
    end = found.end or end_by(EndRule.SILENCE, "nothing written for 12:00:00")
    return prepare(found, end, only_grows=False).document


def test_the_tracker_is_found_by_its_name() -> None:
    assert isinstance(all_trackers()["artemis"], Artemis)


@pytest.mark.parametrize("system", ["windows", "macos", "linux"])
def test_the_folder_of_the_older_releases_is_looked_at_first(system: str) -> None:
    assert Artemis().usual_paths(system)[0] == "~/.artemis-tracker/sessions"


@pytest.mark.parametrize("system", ["windows", "macos", "linux"])
def test_the_folder_of_the_newer_releases_is_looked_at_on_every_system(system: str) -> None:
    assert Artemis().usual_paths(system)[1].endswith("artemis-tracker/sessions")


def test_a_generated_session_is_sent_as_it_was_when_somebody_last_looked() -> None:
    (found,) = read(stored("artemis/session.json")).found
    made = json.loads(sent(found))
    assert made == expected("artemis/sent.json", made)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_generated_event_is_taken_over(seed: int) -> None:
    one = artemis_document(seed)
    assert len(found_in(one).session.events) == len(one["events"])


@pytest.mark.parametrize("seed", SEEDS)
def test_no_name_chat_tag_or_loadout_name_is_in_what_is_sent(seed: int) -> None:
    one = artemis_document(seed) | {"tags": ["hunt with my niece"]}
    document = sent(found_in(one))
    planted = (*cast(seed).planted, *one["tags"], *(event["raw"] for event in one["events"]), *one["loadoutSnapshots"])
    assert [text for text in planted if holding(document, text)] == []


def test_an_id_that_somebody_typed_is_not_sent() -> None:
    assert holding(sent(found_in(document(id="Hunt with Oriana"))), "Oriana") == []


def test_a_session_with_an_id_that_somebody_typed_is_still_told_from_another() -> None:
    one, other = (
        found_in(document(id="Hunt", events=[{"timestamp": at, "type": "miss"}])).session.natural_key
        for at in (1_772_395_200_000, 1_772_395_200_001)
    )
    assert one != other


def test_an_id_that_somebody_typed_leaves_no_trace_not_even_a_digest() -> None:
    one, other = (found_in(document(id=name)).session.natural_key for name in ("Hunt with Oriana", "Hunt with Hob"))
    assert one == other


def test_an_event_word_that_nobody_knows_could_be_anything() -> None:
    assert event_of(kind="oriana_logged_in").type == "other"


@pytest.mark.parametrize("word", sorted(EVENT_WORDS))
def test_a_known_event_word_stays(word: str) -> None:
    assert event_of(kind=word).type == word


def test_a_name_that_stands_in_another_field_is_not_sent() -> None:
    events = [item("global", player="Oriana Quellmont"), item("loot", itemName="Hide of oriana quellmont")]
    assert holding(sent(found_in(document(events=events))), "Oriana") == []


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("amount", 45.5, "amount"),
        ("value", 0.5, "value"),
        ("quantity", 12, "quantity"),
        ("critical", True, "critical"),
        ("skillName", "Rifle", "skill"),
        ("skillCategory", "Combat", "skill_category"),
        ("itemName", "Animal Hide", "item"),
        ("creature", "Atrox", "creature"),
        ("damageType", "Acid", "damage_type"),
        ("loadoutId", "loadout-1", "loadout"),
    ],
)
def test_each_field_of_an_event_is_taken_over(key: str, value: object, field: str) -> None:
    assert getattr(event_of(**{key: value}), field) == value


def test_the_raw_line_of_an_event_is_not_even_read() -> None:
    assert "chat" not in str(found_in(document(events=[item(raw="private chat")])))


def test_people_are_numbered_in_the_order_of_the_file() -> None:
    events = [item("global", player="Hob"), item("hof", player="Oriana"), item("global", player="Hob")]
    assert [event.participant for event in found_in(document(events=events)).session.events] == ["p1", "p2", "p1"]


def test_events_are_told_in_the_order_of_their_times() -> None:
    events = [item(timestamp=MS + 5), item(timestamp=MS + 1), item(timestamp=MS + 3)]
    assert [event.at - MS for event in found_in(document(events=events)).session.events] == [1, 3, 5]


def test_events_of_one_moment_stay_in_the_order_of_the_file() -> None:
    events = [item(itemName=name) for name in ("b", "a", "c")]
    assert [event.item for event in found_in(document(events=events)).session.events] == ["b", "a", "c"]


def test_a_session_without_an_end_is_still_running() -> None:
    one = document()
    del one["endedAt"]
    assert found_in(one).end is None


@pytest.mark.parametrize("ended", [None, "", "soon", 5, True, []])
def test_an_end_that_is_no_time_is_no_end(ended: object) -> None:
    assert found_in(document(endedAt=ended)).end is None


def test_the_end_is_explicit_and_says_where_it_stands() -> None:
    assert found_in(document()).end == end_by(EndRule.EXPLICIT, "endedAt: 2026-03-01 21:00:00 UTC")


def test_a_running_session_reaches_to_its_last_event() -> None:
    one = document(endedAt=None, events=[item(timestamp=MS + 90_000)])
    assert found_in(one).last_at == START + timedelta(seconds=90)


def test_a_session_never_ends_before_it_starts() -> None:
    assert found_in(document(endedAt="2020-01-01T00:00:00Z")).session.ended_at == START


def test_a_session_is_known_by_its_id_and_start() -> None:
    assert found_in(document()).session.natural_key == f"session-{MS}@2026-03-01T20:00:00+00:00"


def test_a_session_that_grew_is_the_same_session() -> None:
    ids = {found_in(stage).session.id for stage in grown(artemis_document(1, events=5))}
    assert len(ids) == 1


def test_costs_are_those_of_the_snapshots_and_those_entered_by_hand() -> None:
    one = document(
        events=[item("miss", loadoutId="a"), item("miss")],
        loadoutSnapshots={"a": {"id": "a", "name": "Gun", "costPerShot": 0.5}},
        manualCostPerShot=0.25,
        manualArmorCost=1,
        manualFapCost=2,
        manualMiscCost=4,
    )
    economy = found_in(one).session.statistics.economy
    assert economy is not None
    assert (economy.ammunition_cost, economy.other_cost) == (0.75, 7.0)


def test_costs_entered_by_hand_are_told_apart() -> None:
    economy = found_in(document(manualArmorCost=1, manualFapCost=2, manualMiscCost=4)).session.statistics.economy
    assert economy is not None
    assert (economy.armour_cost, economy.healing_cost, economy.miscellaneous_cost) == (1.0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        ({}, 60),
        ({"totalPausedTime": 600_000}, 50),
        ({"totalPausedTime": -600_000}, 60),
        ({"totalPausedTime": 99 * 3_600_000}, 0),
        ({"pausedAt": "2026-03-01T20:30:00.000Z"}, 30),
        ({"pausedAt": MS + 1_800_000, "totalPausedTime": 600_000}, 20),
        ({"pausedAt": "2026-03-01T19:00:00Z"}, 0),
        ({"pausedAt": "2026-03-02T19:00:00Z"}, 60),
        ({"pausedAt": 1e300}, 60),
        ({"pausedAt": True}, 60),
        ({"pausedAt": None}, 60),
    ],
)
def test_only_the_time_that_was_not_paused_was_played(changes: dict[str, Any], minutes: int) -> None:
    assert found_in(document(**changes)).statistics().active == timedelta(minutes=minutes)


def test_figures_per_hour_are_of_the_hours_played() -> None:
    one = document(events=[item("skill_gain", amount=3, skillName="Rifle"), item(value=1.5)], totalPausedTime=1_800_000)
    statistics = found_in(one).statistics()
    assert (statistics.skill_per_hour, statistics.loot_per_hour) == (6.0, 3.0)


def test_a_word_about_a_vehicle_that_nobody_knows_is_still_about_a_vehicle() -> None:
    assert event_of(kind="vehicle_sold_to_oriana").type == "vehicle_other"


def test_a_part_of_a_hunt_is_counted_by_its_own_events_and_the_costs_of_its_loadouts() -> None:
    one = found_in(artemis_document(3)).session
    part = replace(one, events=one.events[:20])
    counted = Artemis().recount(part)
    assert (counted.events, counted.loadouts) == (
        20,
        tally(part.events, cost_per_shot=costs(one), fallback_cost=0.05).loadouts,
    )


def costs(one: Session) -> dict[str, float]:
    return {loadout.id: loadout.cost_per_shot or 0.0 for loadout in one.loadouts}


def test_the_time_spent_paused_is_a_fact() -> None:
    assert found_in(document(totalPausedTime=1500)).session.facts == {"paused_ms": 1500.0}


def test_keys_that_nobody_knows_are_left_out() -> None:
    one = document(runningStats={"secret": "Oriana"}, pausedAt="x", events=[item(note="Oriana")])
    assert holding(sent(found_in(one)), "Oriana") == []


@pytest.mark.parametrize(
    "event",
    [
        None,
        5,
        "loot",
        [],
        {},
        {"type": "loot"},
        {"timestamp": MS},
        item(timestamp=True),
        item(timestamp="1"),
        item(type=5),
    ]
    + [item(timestamp=at) for at in (1e300, -1e300, 10**17, -(10**17))],
)
def test_an_event_without_a_time_or_a_word_is_left_out_and_counted(event: object) -> None:
    reading = read_of(document(events=[event, item()]))
    assert (len(reading.found[0].session.events), codes(reading)) == (1, ["events-skipped"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"tags": 5},
        {"tags": True},
        {"tags": "hunting"},
        {"tags": {"a": 1}},
        {"tags": [5, None, "hunting"]},
        {"events": 5},
        {"events": {"a": 1}},
        {"loadoutSnapshots": []},
        {"loadoutSnapshots": {"a": 5}},
        {"loadoutSnapshots": {"a": {"costPerShot": "much"}}},
        {"manualCostPerShot": "much"},
        {"manualArmorCost": True},
        {"totalPausedTime": []},
        {"name": 5},
        {"endedAt": {}},
    ],
)
def test_a_field_of_the_wrong_type_costs_that_field_and_not_the_session(wrong: dict[str, Any]) -> None:
    assert len(read_of(document(**wrong)).found) == 1


@pytest.mark.parametrize(
    "broken",
    [
        [],
        "session",
        5,
        None,
        {},
        {"events": []},
        document(id=None),
        document(id=""),
        document(id=5),
        document(startedAt=None),
        document(startedAt="soon"),
        document(startedAt=MS),
        document(startedAt="0001-01-01T00:00:00+23:00"),
    ],
)
def test_what_is_no_session_is_said_to_be_none(broken: object) -> None:
    reading = read_of(broken)
    assert (reading.found, codes(reading), reading.unfinished) == ((), ["not-a-session"], False)


@pytest.mark.parametrize("number", [1e300, -1e300, 2**63 - 1, 1e18])
def test_a_number_beyond_all_reason_counts_as_not_given(number: float) -> None:
    event = event_of(amount=number, value=number, quantity=number)
    assert (event.amount, event.value, event.quantity) == (None, None, None)


def test_values_that_python_writes_and_json_does_not_know_are_reported() -> None:
    data = json.dumps(document(events=[item(amount=float("nan"))])).encode()
    assert codes(read(data)) == ["repaired"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"id": 1, "id": 2}', "duplicate-key"),
        (b'{"a": 99999999999999999999}', "number-too-big"),
        (b"[" * 100 + b"]" * 100, "too-deep"),
        (b"hello", "not-json"),
    ],
)
def test_a_document_that_cannot_be_read_says_why_and_is_not_waited_for(data: bytes, code: str) -> None:
    reading = read(data)
    assert (reading.found, codes(reading), reading.unfinished) == ((), [code], False)


@pytest.mark.parametrize("data", [b"", b" \n", b"\0" * 50])
def test_an_empty_file_is_waited_for(data: bytes) -> None:
    reading = read(data)
    assert (reading.found, codes(reading), reading.unfinished) == ((), ["empty"], True)


def test_a_hunt_is_read_whole_and_stands_in_one_file() -> None:
    tracker = Artemis()
    assert (isinstance(tracker, DocumentTracker), tracker.companions("session-1.json")) == (True, ())


def test_a_hunt_ends_by_silence_alone_when_its_file_does_not_say_so() -> None:
    rules = Artemis().rules("anywhere")
    assert (rules.silence, rules.processes, rules.next_start) == (timedelta(hours=12), (), False)


def test_a_torn_write_is_never_taken_for_a_session() -> None:
    whole = encode_document(artemis_document(3, events=6))
    assert [cut for cut in range(len(whole)) if read(whole[:cut]).found] == []


def test_a_torn_write_is_waited_for_wherever_it_is_torn() -> None:
    whole = encode_document(artemis_document(3, events=6))
    assert [cut for cut in range(len(whole)) if not read(whole[:cut]).unfinished] == []


def test_a_write_torn_inside_a_chat_line_that_ends_in_a_bracket_is_waited_for() -> None:
    whole = json.dumps(document(events=[item(raw="[Private] [Oriana] {hello}")])).encode()
    assert [cut for cut in range(len(whole)) if not read(whole[:cut]).unfinished] == []


def test_every_stage_of_a_growing_file_has_the_events_written_so_far() -> None:
    stages = list(grown(artemis_document(5, events=20)))
    assert [len(found_in(stage).session.events) for stage in stages] == [*range(21), 20]


def readable(found: Found) -> tuple[object, ...]:
    """Everything of it that can be compared."""
    return (found.raw(), found.end, found.started_at, found.last_at, found.events, found.weight, found.statistics())


def test_reading_twice_is_as_reading_once() -> None:
    first, second = (read(stored("artemis/session.json")).found[0] for _ in range(2))
    assert readable(first) == readable(second)


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(("2026-03-01T20:00:00Z", "0001-01-01T00:00:00+23:59", "loot", "damage_dealt", MS)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
EVENT_KEYS = "timestamp type amount value critical skillName skillCategory itemName quantity creature player loadoutId"
KEYS = """id name tags startedAt endedAt events loadoutSnapshots manualCostPerShot manualArmorCost totalPausedTime
pausedAt"""
EVENTS = st.lists(
    st.dictionaries(st.sampled_from(EVENT_KEYS.split()), ANY).map(lambda some: item() | some) | ANY, max_size=3
)
CHANGES = st.dictionaries(st.sampled_from(KEYS.split()), ANY, max_size=3)
WEIRD = st.builds(lambda events, changes: document(events=events) | changes, EVENTS, CHANGES) | ANY


@settings(max_examples=500)
@given(WEIRD)
def test_whatever_json_comes_either_a_session_or_a_trouble_comes_out(value: Any) -> None:  # noqa: ANN401 -- any JSON value
    reading = read_of(value)
    assert reading.found or reading.troubles


@settings(max_examples=500)
@given(WEIRD)
def test_whatever_is_found_can_be_sent_and_read_again(value: Any) -> None:  # noqa: ANN401 -- any JSON value
    for found in read_of(value).found:
        prepared = prepare(found, end_by(EndRule.SILENCE, "silence"), only_grows=False)
        assert msgspec.json.decode(prepared.document, type=Session) == prepared.session
