"""Sessions that are split and joined by hand: nothing is lost, nothing doubled, and it comes out the same every time."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from logferry_daemon.core.identity import session_id, to_ms
from logferry_daemon.core.reading import MAX_EVENTS, Document
from logferry_daemon.core.recut import Merge, Plan, Split, check_neighbours, makers, merge, parts, split, uncounted
from logferry_daemon.core.sanitise import sanitise
from logferry_daemon.trackers.artemis import Artemis
from logferry_model.errors import Misconfigured
from logferry_model.session import Attachment, Boss, EndRule, Hit, Loadout, Participant, Session, Skill
from logferry_model.tally import skills_of
from tests.factories import HOUR, START, event, session
from tests.privacy import privacy

MINUTE = timedelta(minutes=1)
SECONDS = st.integers(0, 3600)
ARTEMIS = Artemis()


def made(key: str = "one", *, start: datetime = START, **fields: Any) -> Session:  # noqa: ANN401 -- any field
    """A session whose id is that of its natural key, as every reader makes them."""
    return session(session_id("artemis", key), natural_key=key, start=start, **fields)


def played(key: str, seconds: list[int], *, start: datetime = START, loadout: str | None = None) -> Session:
    """A hunt with a shot, a find and a skill in turn; its statistics are the tracker's own."""
    kinds = ({"amount": 5.0}, {"item": "Hide", "value": 0.25}, {"skill": "Anatomy", "amount": 0.5})
    words = ("damage_dealt", "loot", "skill_gain")
    events = tuple(
        event(words[number % 3], after=second * timedelta(seconds=1), start=start, loadout=loadout, **kinds[number % 3])
        for number, second in enumerate(sorted(seconds))
    )
    loadouts = (Loadout(id=loadout, cost_per_shot=0.1),) if loadout else ()
    whole = made(key, start=start, events=events, loadouts=loadouts)
    statistics = ARTEMIS.recount(whole)
    return replace(whole, statistics=statistics, skills=skills_of(statistics))


def cut(one: Session, *after: timedelta) -> tuple[Session, ...]:
    plan = split(Plan((one,)), Split(one.id, tuple(one.started_at + each for each in after)), ARTEMIS.recount)
    return parts(plan, ARTEMIS.recount)


def joined(*some: Session) -> Session:
    plans = [Plan((one,)) for one in some]
    (whole,) = parts(merge(plans, Merge(tuple(one.id for one in some)), ARTEMIS.recount), ARTEMIS.recount)
    return whole


def told(one: Session) -> Counter[bytes]:
    return Counter(msgspec.json.encode(each) for each in one.events)


def figures(one: Session) -> tuple[float, ...]:
    """What a part has of the whole, in several ways of counting."""
    assert one.duration is not None
    assert one.statistics.combat is not None
    return (
        one.statistics.events,
        one.statistics.combat.shots,
        sum(skill.uses for skill in one.skills),
        sum(item.drops for item in one.statistics.loot),
        one.duration / timedelta(milliseconds=1),
    )


hunts = st.lists(SECONDS, min_size=2, max_size=30).map(lambda seconds: played("one", seconds))


@given(hunts, st.lists(SECONDS, min_size=1, max_size=4))
def test_split_then_merged_is_what_it_was(whole: Session, seconds: list[int]) -> None:
    plan = Plan((whole,))
    try:
        order = Split(whole.id, tuple(START + second * timedelta(seconds=1) for second in seconds))
        plan = split(plan, order, ARTEMIS.recount)
    except Misconfigured:
        assume(False)
    pieces = parts(plan, ARTEMIS.recount)
    assert len(pieces) == len(set(seconds)) + 1
    assert sum((told(one) for one in pieces), Counter()) == told(whole)
    again = merge([plan], Merge(tuple(one.id for one in pieces)), ARTEMIS.recount)
    assert parts(again, ARTEMIS.recount) == (whole,)


@given(hunts, SECONDS)
def test_parts_add_up_to_the_whole(whole: Session, second: int) -> None:
    try:
        one, other = cut(whole, second * timedelta(seconds=1))
    except Misconfigured:
        assume(False)
    assert [sum(pair) for pair in zip(figures(one), figures(other), strict=True)] == list(figures(whole))
    assert one.ended_at == other.started_at == START + second * timedelta(seconds=1)
    assert len({one.id, other.id}) == 2
    assert all(each.id == session_id("artemis", each.natural_key) for each in (one, other))


@given(st.lists(SECONDS, min_size=1, max_size=20), st.lists(SECONDS, min_size=1, max_size=20), st.integers(-60, 60))
def test_no_event_is_lost_or_doubled_when_sessions_are_joined(first: list[int], second: list[int], gap: int) -> None:
    one = played("one", first, loadout="loadout-1")
    other = played("two", second, start=START + HOUR + gap * MINUTE, loadout="loadout-1")
    whole = joined(one, other)
    assert len(whole.events) == len(one.events) + len(other.events)
    assert told(whole) == told(one) + told(other)
    assert [each.at for each in whole.events] == sorted(each.at for each in whole.events)
    assert whole.statistics.combat is not None
    assert whole.statistics.combat.shots == sum(each.type == "damage_dealt" for each in whole.events)


def test_a_part_keeps_its_id_while_the_rest_of_the_session_grows() -> None:
    short, grown = played("one", [0, 60, 120]), played("one", [0, 60, 120, 180])
    at = MINUTE + timedelta(seconds=30)
    (one, other), (same, longer) = cut(short, at), cut(grown, at)
    assert one == same
    assert (other.id, len(other.events), len(longer.events)) == (longer.id, 1, 2)


def test_an_event_at_the_cut_is_after_it() -> None:
    one, other = cut(played("one", [0, 60, 120]), MINUTE)
    assert ([len(each.events) for each in (one, other)]) == [1, 2]


def test_a_part_says_that_it_was_split_by_hand_and_the_last_one_ends_as_the_session_did() -> None:
    whole = played("one", [0, 60, 120])
    one, other = cut(whole, MINUTE)
    assert one.end is not None
    assert (one.end.rule, one.end.evidence) == (EndRule.DEMAND, "split by hand at 2026-03-01 20:01:00 UTC")
    assert other.end == whole.end


def test_a_joined_session_names_what_it_was_made_of() -> None:
    one, other = played("one", [0, 60]), played("two", [0, 60], start=START + HOUR)
    whole = joined(one, other)
    assert whole.end is not None
    assert (whole.end.rule, whole.end.evidence) == (EndRule.DEMAND, f"merged by hand from {one.id}, {other.id}")
    assert (whole.id, whole.natural_key, whole.started_at) == (one.id, "one", one.started_at)
    assert whole.ended_at == other.ended_at


def test_a_joined_session_that_is_split_where_it_was_joined_is_the_two_again() -> None:
    one, other = played("one", [0, 60]), played("two", [0, 60], start=START + 2 * HOUR)
    plan = merge([Plan((one,)), Plan((other,))], Merge((one.id, other.id)), ARTEMIS.recount)
    apart = split(plan, Split(one.id, (other.started_at - MINUTE,)), ARTEMIS.recount)
    assert parts(apart, ARTEMIS.recount) == (one, other)


def test_every_part_names_the_sessions_that_it_is_made_of() -> None:
    one, other = played("one", [0, 600]), played("other", [0, 600], start=START + HOUR)
    plan = merge([Plan((one,)), Plan((other,))], Merge((one.id, other.id)), ARTEMIS.recount)
    assert makers(plan) == ((one.id, other.id),)
    (whole,) = parts(plan, ARTEMIS.recount)
    again = split(plan, Split(whole.id, (START + HOUR + MINUTE,)), ARTEMIS.recount)
    assert makers(again) == ((one.id, other.id), (other.id,))
    assert len(parts(again, ARTEMIS.recount)) == 2


def test_parts_of_two_sessions_can_be_joined_over_the_gap_between_them() -> None:
    one, other = played("one", [0, 60, 120, 180]), played("two", [0, 60, 120, 180], start=START + HOUR)
    plans = [
        split(Plan((each,)), Split(each.id, (each.started_at + 2 * MINUTE,)), ARTEMIS.recount) for each in (one, other)
    ]
    (first, second), (third, fourth) = (parts(plan, ARTEMIS.recount) for plan in plans)
    made_of = parts(merge(plans, Merge((second.id, third.id)), ARTEMIS.recount), ARTEMIS.recount)
    assert [each.id for each in made_of] == [first.id, second.id, fourth.id]
    assert [len(each.events) for each in made_of] == [2, 4, 2]
    assert (made_of[0], made_of[2]) == (first, fourth)


def test_the_same_label_in_two_sessions_is_not_the_same_person_nor_the_same_loadout() -> None:
    people = (Participant(id="me", local=True), Participant(id="p1"))

    def with_people(key: str, start: datetime, cost: float) -> Session:
        loadouts = (Loadout(id="loadout-1", cost_per_shot=cost), Loadout(id="loadout-2", cost_per_shot=1.0))
        events = (event("damage_dealt", start=start, participant="p1", loadout="loadout-1"), event(start=start))
        whole = made(key, start=start, participants=people, loadouts=loadouts, events=events)
        return replace(whole, statistics=ARTEMIS.recount(whole))

    whole = joined(with_people("one", START, 0.1), with_people("two", START + 2 * HOUR, 0.2))
    assert [(one.id, one.local) for one in whole.participants] == [("me", True), ("p1", False), ("p1-2", False)]
    assert {one.id: one.cost_per_shot for one in whole.loadouts} == {
        "loadout-1": 0.1,
        "loadout-2": 1.0,
        "loadout-1-2": 0.2,
    }
    shots = [(one.participant, one.loadout) for one in whole.events if one.type == "damage_dealt"]
    assert shots == [("p1", "loadout-1"), ("p1-2", "loadout-1-2")]
    assert whole.statistics.economy is not None
    assert whole.statistics.economy.ammunition_cost == pytest.approx(0.3)


def hunted(key: str, start: datetime) -> Session:
    """A hunt as its tracker tells it: shots without a loadout, of a price that was typed in, and typed-in costs."""
    at = to_ms(start)
    told = {
        "id": f"session-{at}",
        "startedAt": start.isoformat(),
        "endedAt": (start + HOUR / 2).isoformat(),
        "totalPausedTime": 60_000,
        "manualCostPerShot": 0.5,
        "manualArmorCost": 3,
        "manualFapCost": 1,
        "events": [
            {"timestamp": at + 1000, "type": "damage_dealt", "amount": 5},
            {"timestamp": at + 2000, "type": "loot", "itemName": key, "value": 2},
            {"timestamp": at + 3000, "type": "damage_dealt", "amount": 5},
            {"timestamp": at + 4000, "type": "skill_gain", "skillName": "Rifle", "amount": 0.5},
        ],
    }
    (found,) = ARTEMIS.read(Document(data=json.dumps(told).encode())).found
    return sanitise(found.session, found.names, privacy()).session


def test_what_was_typed_in_adds_up_when_hunts_are_joined() -> None:
    one, other = hunted("Hide", START), hunted("Wool", START + HOUR)
    whole = joined(one, other)
    economy, before = whole.statistics.economy, one.statistics.economy
    assert economy is not None
    assert before is not None
    assert (economy.cost, economy.profit) == (2 * before.cost, 2 * before.profit) == (10.0, -6.0)
    assert (economy.armour_cost, economy.healing_cost, economy.ammunition_cost) == (6.0, 2.0, 2.0)
    assert whole.statistics.active == 2 * timedelta(minutes=29)
    assert [(one.item, one.drops, one.value) for one in whole.statistics.loot] == [("Hide", 1, 2.0), ("Wool", 1, 2.0)]
    assert [(skill.name, skill.uses, skill.total) for skill in whole.skills] == [("Rifle", 2, 1.0)]
    assert [(used.loadout, used.shots, used.cost) for used in whole.statistics.loadouts] == [("", 4, 2.0)]


def test_a_shot_costs_in_a_part_what_it_did_in_the_whole() -> None:
    costs = [one.statistics.economy for one in cut(hunted("Hide", START), timedelta(seconds=2))]
    assert [one and (one.ammunition_cost, one.other_cost) for one in costs] == [(0.5, 0.0), (0.5, 0.0)]


def test_a_part_of_a_hunt_that_is_joined_to_another_counts_as_it_does_alone() -> None:
    one, other = hunted("Hide", START), hunted("Wool", START + HOUR)
    order = Split(one.id, (START + timedelta(seconds=2),))
    plan = split(Plan((one,)), order, ARTEMIS.recount)
    second = parts(plan, ARTEMIS.recount)[1]
    made_of = parts(merge([plan, Plan((other,))], Merge((second.id, other.id)), ARTEMIS.recount), ARTEMIS.recount)
    economy = made_of[1].statistics.economy
    assert economy is not None
    assert (economy.ammunition_cost, economy.other_cost, economy.loot_value) == (1.5, 4.0, 4.0)
    assert made_of[1].statistics.active is None


def test_without_its_tracker_a_joined_session_keeps_what_adds_up_by_itself() -> None:
    one, other = hunted("Hide", START), hunted("Wool", START + HOUR)
    (whole,) = parts(merge([Plan((one,)), Plan((other,))], Merge((one.id, other.id)), uncounted), uncounted)
    assert (whole.statistics.events, whole.statistics.economy and whole.statistics.economy.loot_value) == (8, 4.0)


def test_what_has_no_time_stays_with_the_first_part_and_a_timeline_is_cut() -> None:
    hits = tuple(Hit(at=to_ms(START + number * MINUTE), value=10.0) for number in range(4))
    whole = made(
        events=tuple(event(after=number * MINUTE, participant="p1" if number else "p2") for number in range(4)),
        participants=(
            Participant(id="me", local=True, figures={"damage_dealt": 40.0}),
            Participant(id="p1", figures={"deaths": 1.0}),
            Participant(id="p2"),
        ),
        skills=(Skill(name="Bolt", uses=4, total=40.0, timeline=hits), Skill(name="Aura", uses=9, total=9.0)),
        bosses=(Boss(name="Dragon", damage=40.0),),
        attachments=(Attachment(name="a", media_type="text/plain", size=1, digest="ab"),),
        facts={"mode": "hard"},
    )
    one, other = cut(whole, 2 * MINUTE)
    assert [(skill.name, skill.uses, skill.total) for skill in one.skills] == [("Bolt", 2, 20.0), ("Aura", 9, 9.0)]
    assert [(skill.name, skill.uses, skill.total) for skill in other.skills] == [("Bolt", 2, 20.0)]
    assert (len(one.bosses), len(other.bosses), len(one.attachments), len(other.attachments)) == (1, 0, 1, 0)
    assert [(each.id, bool(each.figures)) for each in other.participants] == [("me", False), ("p1", False)]
    assert [each.id for each in one.participants] == ["me", "p1", "p2"]
    assert one.facts == other.facts == {"mode": "hard"}


@pytest.mark.parametrize(
    ("after", "code"),
    [
        ((-MINUTE,), "recut-outside"),
        ((timedelta(),), "recut-outside"),
        ((HOUR,), "recut-outside"),
        ((MINUTE + timedelta(seconds=1), MINUTE + timedelta(seconds=2)), "recut-empty"),
        ((), "recut-nothing"),
    ],
    ids=str,
)
def test_a_cut_that_divides_nothing_is_refused(after: tuple[timedelta, ...], code: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        cut(played("one", [0, 60, 120]), *after)
    assert caught.value.code == code


def test_a_session_without_events_cannot_be_split() -> None:
    with pytest.raises(Misconfigured) as caught:
        cut(made(events=()), MINUTE)
    assert caught.value.code == "recut-nothing"


def test_no_more_is_joined_than_a_collector_takes() -> None:
    half = made("one", events=(event(),) * (MAX_EVENTS // 2 + 1))
    other = replace(half, id=session_id("artemis", "two"), natural_key="two")
    with pytest.raises(Misconfigured) as caught:
        merge([Plan((half,)), Plan((other,))], Merge((half.id, other.id)), uncounted)
    assert caught.value.code == "too-many-events"


@pytest.mark.parametrize(
    ("names", "tracker", "code"),
    [
        (("a",), "artemis", "recut-one"),
        (("a", "a"), "artemis", "recut-one"),
        (("a", "c"), "artemis", "recut-apart"),
        (("a", "b"), "putt", "recut-trackers"),
    ],
    ids=str,
)
def test_only_neighbours_of_one_tracker_can_be_joined(names: tuple[str, ...], tracker: str, code: str) -> None:
    chosen = [session(name, tracker=tracker if number else "artemis") for number, name in enumerate(names)]
    with pytest.raises(Misconfigured) as caught:
        check_neighbours(chosen, ["x", "a", "b", "c"])
    assert caught.value.code == code


def test_neighbours_may_be_named_in_any_order() -> None:
    check_neighbours([session(name) for name in ("c", "a", "b")], ["x", "a", "b", "c", "y"])
