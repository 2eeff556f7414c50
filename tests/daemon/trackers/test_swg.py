from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.core.addressing import Terms, address
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.policy import Group, Policy, Treatment
from logferry_daemon.core.preparing import prepare as prepare_for
from logferry_daemon.core.reading import About, Document, DocumentTracker, Found, Reading
from logferry_daemon.trackers.swg import SwgBot
from logferry_model.errors import Damaged
from logferry_model.session import EndRule, Session
from tests.daemon.golden import expected, stored
from tests.daemon.recutting import joined, measured, twin
from tests.daemon.texts import holding
from tests.factories import START, cast
from tests.factories_putt import putt_round
from tests.factories_swg import serialised, swg_log, with_gaps
from tests.privacy import TOKENS, prepare, privacy

SEEDS = range(1, 9)
END = end_by(EndRule.SILENCE, "nothing written for 2:00:00")
CANARY = "Vexilla Quandary"


def read(value: Any) -> Reading:  # noqa: ANN401 -- any JSON value
    return SwgBot().read(Document(data=json.dumps(value).encode(), about=About(zone=UTC)))


def found_in(value: Any) -> Found:  # noqa: ANN401 -- any JSON value
    (found,) = read(value).found
    return found


def log(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON value
    return {"session_id": "session_1", "start_time": "2026-03-01T20:00:00", "xp": {"gained": 500}} | fields


def measures(found: Found) -> dict[str, float]:
    return {one.name: one.value for one in found.statistics().measures}


def sent(found: Found) -> bytes:
    return prepare(found, found.end or END, only_grows=False).document


def words(found: Found) -> Counter[str]:
    return Counter(event.type for event in found.session.events)


def test_its_files_are_read_whole_and_stand_alone() -> None:
    tracker = SwgBot()
    assert (isinstance(tracker, DocumentTracker), tracker.companions("session_1.json")) == (True, ())


def test_a_generated_session_is_sent_as_it_was_when_somebody_last_looked() -> None:
    (found,) = SwgBot().read(Document(data=stored("swg-bot/session.json"), about=About(zone=UTC))).found
    made = json.loads(sent(found))
    assert made == expected("swg-bot/sent.json", made)


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_that_happened_is_an_event(seed: int) -> None:
    one = swg_log(seed)
    assert words(found_in(one)) == {
        "communication": len(one["communication_events"]),
        "player_encounter": 2,
        "guild_alert": 1,
        "afk": 1,
        "stuck": 1,
        "action": 4,
        "location": len(one["locations_visited"]),
        "quest": len(one["quests_completed"]),
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "shape",
    [serialised, lambda one: {"data": one}, lambda one: {"session": one}],
    ids=["serialised", "data", "session"],
)
def test_the_figures_are_the_same_in_every_shape(seed: int, shape: Any) -> None:  # noqa: ANN401 -- a function
    plain, other = measures(found_in(swg_log(seed))), measures(found_in(shape(swg_log(seed))))
    names = ("xp", "credits", "quests", "xp_per_hour", "duration_minutes", "efficiency_score", "planets", "locations")
    assert [plain[name] for name in names] == [other[name] for name in names]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_with_gaps_is_still_the_same_session(seed: int) -> None:
    assert found_in(with_gaps(seed)).id == found_in(swg_log(seed)).id


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "shape", [swg_log, with_gaps, lambda seed: serialised(swg_log(seed))], ids=["whole", "gaps", "serialised"]
)
def test_nobody_and_nothing_that_was_said_is_in_what_is_sent(seed: int, shape: Any) -> None:  # noqa: ANN401 -- a function
    document = sent(found_in(shape(seed)))
    assert [text for text in cast(seed).planted if holding(document, text)] == []


def test_rates_are_made_of_what_was_gained_and_how_long_it_took() -> None:
    one = measures(
        found_in(log(end_time="2026-03-01T22:00:00", xp=1000, credits_gained=50, quests_completed=["a", "b"]))
    )
    assert (one["xp_per_hour"], one["credits_per_hour"], one["quests_per_hour"]) == (500, 25, 1)


def test_rates_that_the_log_gives_are_taken_over() -> None:
    one = log(end_time="2026-03-01T22:00:00", performance_metrics={"xp_per_hour": 7, "efficiency_score": 3.5})
    assert (measures(found_in(one))["xp_per_hour"], measures(found_in(one))["efficiency_score"]) == (7, 3.5)


def test_nothing_is_made_up_about_a_session_that_took_no_time() -> None:
    assert "xp_per_hour" not in measures(found_in(log()))


@pytest.mark.parametrize(
    "xp",
    [{"xp": 500}, {"xp": "500"}, {"xp_gained": 500}, {"xp": {"start": 100, "end": 600}}, {"xp_data": {"gained": 500}}],
)
def test_xp_is_found_under_every_name(xp: dict[str, Any]) -> None:
    assert measures(found_in({"start_time": "2026-03-01T20:00:00"} | xp))["xp"] == 500


@pytest.mark.parametrize(
    "time", ["2026-03-01T20:00:00", "2026-03-01T20:00:00Z", "2026-03-01T21:00:00+01:00", 1772395200, 1772395200000]
)
def test_times_are_iso_or_seconds_or_milliseconds(time: object) -> None:
    assert found_in(log(start_time=time)).started_at == START


def test_a_time_without_a_zone_is_the_computers() -> None:
    about = About(zone=timezone(timedelta(hours=1)))
    (found,) = SwgBot().read(Document(data=json.dumps(log()).encode(), about=about)).found
    assert found.started_at == START - timedelta(hours=1)


@pytest.mark.parametrize("identity", ["session_1", "Hunt of Oriana"])
def test_another_zone_makes_no_other_session(identity: str) -> None:
    data = json.dumps(log(session_id=identity)).encode()
    abouts = [About(zone=timezone(timedelta(hours=hours))) for hours in (0, 9)]
    assert len({SwgBot().read(Document(data=data, about=about)).found[0].id for about in abouts}) == 1


def test_an_id_that_somebody_typed_is_not_sent() -> None:
    assert holding(sent(found_in(log(session_id="Hunt of Oriana"))), "Oriana") == []


def test_two_bots_that_begin_together_are_two_sessions() -> None:
    one, other = (found_in(log(session_id=None, xp={"start": xp})) for xp in (100, 200))
    assert one.id != other.id


def test_an_id_that_is_used_again_is_another_session() -> None:
    one, other = (found_in(log(start_time=f"2026-03-0{day}T20:00:00")) for day in (1, 2))
    assert one.id != other.id


def test_the_end_is_explicit_where_the_log_gives_one() -> None:
    end = found_in(log(end_time="2026-03-01T21:00:00")).end
    assert end == end_by(EndRule.EXPLICIT, "end_time: 2026-03-01 21:00:00 UTC")


def test_a_log_without_an_end_is_still_running_and_reaches_to_its_last_event() -> None:
    found = found_in(log(actions=[{"time": "2026-03-01T20:30:00", "action": "Looted"}]))
    assert (found.end, found.last_at) == (None, START + timedelta(minutes=30))


def test_a_log_without_a_start_begins_with_its_first_event() -> None:
    found = found_in(log(start_time=None, actions=[{"time": "2026-03-01T20:00:00"}]))
    assert found.started_at == START


def test_a_log_without_any_time_says_what_is_missing() -> None:
    reading = read(log(start_time=None))
    assert (reading.found, [one.code for one in reading.troubles]) == ((), ["no-time"])


def test_events_without_a_time_are_counted_and_left_out() -> None:
    reading = read(log(actions=[{"action": "Looted"}, 5, None]))
    assert ([one.code for one in reading.troubles], words(reading.found[0])) == (["events-skipped"], {})


def test_a_message_is_told_in_fields_that_can_be_taken_out() -> None:
    message = {"timestamp": "2026-03-01T20:01:00", "sender": "Oriana", "message": "hi", "event_type": "whisper"}
    (event,) = found_in(log(communication_events=[message])).session.events
    assert (event.at, event.type, event.fields) == (1772395260000, "communication", {"who": "Oriana", "text": "hi"})


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Accepted quest: find Oriana", "quest-accepted"),
        ("Traveled to Oriana's house", "travel"),
        ("Whispered Oriana", None),
    ],
)
def test_of_an_action_only_our_own_word_for_it_is_kept(said: str, kept: str | None) -> None:
    (event,) = found_in(log(actions=[{"time": "2026-03-01T20:01:00", "action": said}])).session.events
    assert event.fields.get("action") == kept


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("whisper", "communication"),
        ("guild_message", "guild_alert"),
        ("player_detected", "player_encounter"),
        ("quest_completed", "quest"),
        ("oriana", "other"),
    ],
)
def test_mixed_events_are_told_apart_by_their_word(word: str, kind: str) -> None:
    assert words(found_in(log(events=[{"type": word, "time": "2026-03-01T20:01:00"}]))) == {kind: 1}


@pytest.mark.parametrize("place", [[1, -2.5, 3], {"x": 1, "y": -2.5, "z": 3}])
def test_a_place_is_a_planet_and_coordinates(place: object) -> None:
    (event,) = found_in(log(locations_visited=[{"planet": "naboo", "coordinates": place, "city": "x"}])).session.events
    assert event.fields == {"planet": "Naboo", "x": 1.0, "y": -2.5, "z": 3.0}


def test_planets_are_the_games_own_and_no_others() -> None:
    found = found_in(log(planets_visited=["Yavin 4", "Oriana's moon"], locations=["Tatooine - Mos Eisley"]))
    assert (found.session.facts["planets"], measures(found)["planets"]) == ("Tatooine, Yavin 4", 2)


def test_who_played_is_the_identity() -> None:
    assert [found_in(log(**one)).identity for one in ({"character_name": "Hob"}, {"character": {"name": "Hob"}})] == [
        "Hob"
    ] * 2


TEXTS = (
    "character_name",
    "character",
    "mode",
    "session_id",
    "account_name",
    "notes",
    "xp",
    "guild",
    "guild_name",
    "purpose",
    "server",
)
INNER = (
    "title",
    "quest",
    "name",
    "player_name",
    "sender",
    "message",
    "reply_message",
    "recipient",
    "target",
    "guild",
    "from",
    "to",
    "reason",
    "location",
    "city",
    "action",
    "event_type",
    "notes",
)
LISTS = (
    "communication_events",
    "player_encounters",
    "guild_alerts",
    "actions",
    "afk_periods",
    "stuck_events",
    "locations_visited",
    "events",
)


@pytest.mark.parametrize("key", TEXTS)
def test_a_name_anywhere_in_the_log_is_not_sent(key: str) -> None:
    assert holding(sent(found_in(log(**{key: CANARY}, credits=5))), "Vexilla") == []


@pytest.mark.parametrize("key", INNER)
@pytest.mark.parametrize("events", LISTS)
def test_a_name_in_any_field_of_any_event_is_not_sent(events: str, key: str) -> None:
    item = {"timestamp": "2026-03-01T20:01:00", key: CANARY}
    assert holding(sent(found_in(log(**{events: [item]}))), "Vexilla") == []


def test_a_name_that_turns_up_in_a_quest_is_not_sent() -> None:
    one = log(player_encounters=[{"player_name": CANARY}], quests_completed=[f"Duel with {CANARY}"])
    assert holding(sent(found_in(one)), "Vexilla") == []


@pytest.mark.parametrize(
    "value", [[], 5, None, {}, {"session_id": "session_1"}, {"id": "session-1", "startedAt": "x", "events": []}]
)
def test_another_trackers_document_is_none_of_this_one(value: object) -> None:
    with pytest.raises(Damaged) as raised:
        read(value)
    assert raised.value.code == "not-a-session"


def test_a_round_of_putting_is_none_of_this_tracker() -> None:
    with pytest.raises(Damaged):
        SwgBot().read(Document(data=putt_round(1).flat()))


@pytest.mark.parametrize("data", [b"", b" \n", b"\0" * 9])
def test_an_empty_file_is_waited_for(data: bytes) -> None:
    reading = SwgBot().read(Document(data=data))
    assert (reading.unfinished, [one.code for one in reading.troubles]) == (True, ["empty"])


def test_a_torn_write_is_waited_for_wherever_it_is_torn() -> None:
    whole = json.dumps(log(), indent=2).encode()
    assert [cut for cut in range(len(whole)) if not SwgBot().read(Document(data=whole[:cut])).unfinished] == []


def test_reading_twice_is_as_reading_once() -> None:
    first, second = found_in(swg_log(3)), found_in(swg_log(3))
    assert (first.raw(), first.end, first.weight) == (second.raw(), second.end, second.weight)


def test_a_part_of_a_session_is_counted_by_its_own_events() -> None:
    session = found_in(swg_log(3)).session
    part = msgspec.structs.replace(session, events=tuple(one for one in session.events if one.type == "quest"))
    counted = {one.name: one.value for one in SwgBot().recount(part).measures}
    assert (counted["quests"], "xp" in counted) == (len(part.events), False)


def test_sessions_that_are_joined_add_up_and_rates_stay_rates() -> None:
    metrics = {"efficiency_score": 0.5, "unique_players_encountered": 3}
    hour = {"start_time": START.isoformat(), "end_time": (START + timedelta(hours=1)).isoformat()}
    first = found_in(
        hour | {"xp": 600, "credits": 90, "quests_completed": ["a"], "performance_metrics": metrics}
    ).session
    longer = {
        "start_time": START.isoformat(),
        "end_time": (START + timedelta(hours=2)).isoformat(),
        "xp": 300,
        "afk_periods": [],
    }
    second = found_in(longer | {"locations_visited": [{"planet": "Naboo", "timestamp": START.isoformat()}]}).session
    told = measured(joined(SwgBot(), first, twin(second)))
    assert (told["xp"], told["xp_per_hour"], told["duration_minutes"]) == (900, 300, 180)
    # The second log says nothing of credits, and both nothing of who was met in both.
    assert {"credits", "credits_per_hour", "efficiency_score", "unique_players", "planets"} & told.keys() == set()
    assert told["quests"] == measured(first)["quests"]


KEYS = """
data session xp credits quests_completed quest_data xp_data locations_visited communication_events actions events
performance_metrics start_time end_time duration_minutes session_id character_name afk_periods planets_visited
"""
INNER_KEYS = (
    "gained",
    "start",
    "end",
    "timestamp",
    "time",
    "planet",
    "coordinates",
    "x",
    "action",
    "event_type",
    "name",
    "duration_minutes",
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=8)
TIMES = st.sampled_from(
    ("2026-03-01T20:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59-23:00", 1772395200, "naboo")
)
ANY = st.recursive(
    SCALARS | TIMES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((*KEYS.split(), *INNER_KEYS)), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=500)
@given(ANY | st.builds(lambda some: log() | some, st.dictionaries(st.sampled_from(KEYS.split()), ANY, max_size=4)))
def test_whatever_json_comes_it_is_read_or_refused_and_what_is_read_can_be_sent(value: Any) -> None:  # noqa: ANN401 -- any JSON value
    try:
        reading = read(value)
    except Damaged:
        return
    assert reading.found or reading.troubles
    for found in reading.found:
        prepared = prepare(found, END, only_grows=False)
        assert msgspec.json.decode(prepared.document, type=Session) == prepared.session


OF_OTHERS: dict[str, Any] = {
    "communication_events": [{"timestamp": "2026-03-01T20:10:00", "sender": "Bo", "message": "hello"}] * 3,
    "player_encounters": [{"timestamp": "2026-03-01T20:12:00", "player_name": "Zed"}],
    "guild_alerts": [{"timestamp": "2026-03-01T20:13:00", "guild": "Foes"}],
    "actions": [{"timestamp": "2026-03-01T20:14:00", "action": "heal"}],
    "performance_metrics": {"unique_players_encountered": 4, "actions_per_hour": 9},
}
QUEST = {"quests_completed": [{"name": "Rats", "timestamp": "2026-03-01T20:30:00"}]}


def test_what_is_dropped_is_not_even_counted() -> None:
    """Nobody can tell the session from one in which it did not happen."""
    dropped = (Group.COMMUNICATIONS, Group.ENCOUNTERS, Group.ALERTS, Group.ACTIONS)
    terms = Policy(treatments=dict.fromkeys(dropped, Treatment.DROP))
    happened, did_not = (addressed(log(**QUEST, **more), terms) for more in (OF_OTHERS, {}))
    assert len(found_in(log(**QUEST, **OF_OTHERS)).session.events) == 1 + 6
    assert happened == did_not
    assert addressed(log(**QUEST, **OF_OTHERS), Policy())["statistics"]["events"] == 1 + 6


def addressed(value: Any, policy: Policy) -> dict[str, Any]:  # noqa: ANN401 -- any JSON value
    found = found_in(value)
    new = prepare_for(found, found.end or END, only_grows=False, privacy=privacy(SwgBot.listing))
    terms = Terms(policy=policy, listing=SwgBot.listing, tokens=TOKENS, kept={})
    document: dict[str, Any] = json.loads(address(new.document, "swg-bot", terms).document)
    return document
