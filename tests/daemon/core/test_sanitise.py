from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from logferry_daemon.core.policy import Group, Listing
from logferry_daemon.core.sanitise import HOLDS_NAME, REMOVED, Sanitised, Scrub, sanitise
from logferry_model.envelope import encode_session
from logferry_model.figures import Economy, LoadoutTotal, LootTotal, SkillTotal, Statistics
from logferry_model.session import Attachment, End, EndRule, Event, Loadout, Participant, Session, Skill
from tests.daemon.texts import holding, texts
from tests.factories import event, session
from tests.model.strategies import sendable_text, sessions
from tests.privacy import ALL_LISTED, SLOTS, privacy

NAME = "Oriana Quellmont"
PEOPLE = (
    NAME,
    "Пётр Ветлугин",
    "榊原ミヅホ",
    "Straßer-Größe",
    "Hob O'Tarrant",
    "x.Y_z",
    "Ødger",
    "İlkay",
    "José",
    "龍馬",
)
AROUND = ("{}", "the {} of old", "${};name", "#name={};", "_{}_", "[{}]", "{}'s rifle", "a/{}/b", "({})", "“{}”")
WAYS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    str.lower,
    str.title,
    str.swapcase,
    str.casefold,
    lambda name: normalize("NFD", name),
    lambda name: normalize("NFC", name),
)

written_names = st.builds(
    lambda name, way, around: (name, around.format(way(name))),
    st.sampled_from(PEOPLE),
    st.sampled_from(WAYS),
    st.sampled_from(AROUND),
)
words = st.sampled_from(("Animal Hide", "Shrapnel", "Rifle", "Ondur", "", "Solo", "ship"))


def folded(text: str) -> str:
    return normalize("NFKD", normalize("NFKD", text).upper().casefold())


def numbers(value: Any) -> list[float]:  # noqa: ANN401 -- any JSON value
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return []
    if isinstance(value, int | float):
        return [value]
    return [number for item in (value.values() if isinstance(value, dict) else value) for number in numbers(item)]


def cleaned(one: Session, *names: str) -> Session:
    return sanitise(one, names, privacy()).session


def full_of(text: str) -> Session:
    """A session with `text` in every place where a log's own words may stand."""
    one = event("loot", skill=text, skill_category=text, item=text, creature=text, damage_type=text, fields={"a": text})
    return session(
        name=text,
        tags=(text,),
        end=End(rule=EndRule.EXPLICIT, evidence=text, confidence=1.0),
        participants=(Participant(id="p1", name=text),),
        loadouts=(Loadout(id=text, name=text),),
        events=(one,),
        skills=(Skill(name=text, category=text),),
        attachments=(Attachment(name=text, media_type="text/csv", size=3, digest="00"),),
        facts={"a": text},
        statistics=Statistics(
            skills=(SkillTotal(name=text, category=text),),
            loot=(LootTotal(item=text),),
            loadouts=(LoadoutTotal(loadout=text),),
        ),
    )


def only_event(**fields: Any) -> Event:  # noqa: ANN401 -- any field
    return cleaned(session(events=(event("loot", **fields),)), NAME).events[0]


@given(sessions(), st.lists(sendable_text(), max_size=3))
def test_what_is_sanitised_twice_is_as_sanitised_once(one: Session, names: list[str]) -> None:
    once = cleaned(one, *names)
    assert cleaned(once, *names) == once


@given(written_names, st.data())
def test_no_planted_name_survives_in_any_text(planted: tuple[str, str], data: st.DataObject) -> None:
    name, written = planted
    one = data.draw(sessions(words | st.just(written)))
    left = [text for text in texts(encode_session(cleaned(one, name))) if folded(name) in folded(text)]
    assert left == []


@given(sendable_text())
def test_no_name_of_whatever_letters_survives_as_a_whole_text(name: str) -> None:
    assume(len(name.strip()) >= 3)
    assume(name not in texts(encode_session(cleaned(full_of("Shrapnel")))))
    assert name not in texts(encode_session(cleaned(full_of(name), name)))


@given(sessions(), st.lists(sendable_text(), max_size=3))
def test_no_number_of_an_event_is_touched(one: Session, names: list[str]) -> None:
    def figures(event: Event) -> tuple[object, ...]:
        return (event.at, event.amount, event.value, event.quantity, event.critical)

    assert [figures(after) for after in cleaned(one, *names).events] == [figures(before) for before in one.events]


@given(sessions(), st.lists(sendable_text(), max_size=3))
def test_no_number_of_the_statistics_is_touched(one: Session, names: list[str]) -> None:
    before, after = (msgspec.to_builtins(each.statistics) for each in (one, cleaned(one, *names)))
    assert numbers(after) == numbers(before)


PRIVATE = ("quellmont@example.org", "C:\\Users\\oriana", "@players:oriana", NAME, f"Hat of {NAME}", "a" * 200, "")
OWN_TYPES = Listing(fields=frozenset({"ship"}), types=frozenset({"loot", "damage_dealt"}))


@given(
    sessions(words | st.sampled_from(PRIVATE)),
    st.lists(st.sampled_from(("loot", "Docked", NAME, "quellmont@example.org")), min_size=3, max_size=3),
    st.sampled_from((OWN_TYPES, ALL_LISTED)),
)
def test_many_events_are_cleaned_as_each_of_them_is(one: Session, types: list[str], listing: Listing) -> None:
    numbered = {"a": "loadout-1", "loadout-1": "loadout-2", "": "loadout-3"}
    events = [replace(event, type=word) for event in one.events for word in (event.type, *types)]
    together, alone = (Scrub((NAME,), privacy(listing)) for _ in range(2))
    assert list(together.events(events, numbered)) == [alone.event(event, numbered) for event in events]
    assert list(together.removed.items()) == list(alone.removed.items())


def test_an_event_with_nothing_to_remove_is_no_copy() -> None:
    events = (event("loot", item="Hide"), event("hof", creature="Atrox", fields={"ship": NAME}))
    first, second = Scrub((NAME,), privacy()).events(events, {})
    assert first is events[0]
    assert second.fields == {}


@pytest.mark.parametrize("field", ["skill", "skill_category", "item", "creature", "damage_type"])
def test_a_text_of_an_event_that_holds_a_name_is_gone(field: str) -> None:
    assert getattr(only_event(**{field: f"Hat of {NAME}"}), field) is None


def test_a_field_of_an_event_that_holds_a_name_is_gone() -> None:
    assert only_event(fields={"Faction": f"{NAME}'s Guild", "Reward": 5}).fields == {"Reward": 5}


def test_a_fact_that_holds_a_name_is_gone() -> None:
    assert cleaned(session(facts={"ship": "Python", "group": NAME}), NAME).facts == {"ship": "Python"}


def test_a_text_that_holds_no_name_stays() -> None:
    assert only_event(item="Animal Hide").item == "Animal Hide"


@pytest.mark.parametrize(
    ("field", "value", "left"),
    [
        ("name", "Hunt with Oriana", SLOTS.slot(Group.SESSION_NAMES, "Hunt with Oriana")),
        ("tags", ("sam", "sam@example.org"), (SLOTS.slot(Group.TAGS, "sam"),)),
        (
            "participants",
            (Participant(id="p1", name="Sam"),),
            (Participant(id="p1", name=SLOTS.slot(Group.PLAYERS, "Sam")),),
        ),
        (
            "loadouts",
            (Loadout(id="sams-gun", name="Sam's gun"),),
            (Loadout(id="loadout-1", name=SLOTS.slot(Group.LOADOUTS, "Sam's gun")),),
        ),
    ],
)
def test_what_its_owner_wrote_is_stood_for_also_when_no_name_is_known(field: str, value: Any, left: object) -> None:  # noqa: ANN401 -- any field
    assert getattr(cleaned(session(**{field: value})), field) == left


def test_a_loadout_keeps_what_a_shot_costs() -> None:
    assert cleaned(session(loadouts=(Loadout(id="a", cost_per_shot=0.25),))).loadouts[0].cost_per_shot == 0.25


def test_a_shot_stays_with_its_loadout() -> None:
    one = session(loadouts=(Loadout(id="a"), Loadout(id="b")), events=(event("miss", loadout="b"),))
    assert cleaned(one).events[0].loadout == "loadout-2"


def test_a_loadout_that_is_not_in_the_session_is_nobodys() -> None:
    assert cleaned(session(events=(event("miss", loadout="Sam's gun"),))).events[0].loadout is None


def test_the_totals_of_a_loadout_carry_its_number() -> None:
    totals = Statistics(loadouts=(LoadoutTotal(loadout="a", shots=2), LoadoutTotal(loadout="gone", shots=1)))
    clean = cleaned(session(loadouts=(Loadout(id="a"),), statistics=totals))
    assert [(one.loadout, one.shots) for one in clean.statistics.loadouts] == [("loadout-1", 2), ("", 1)]


def test_the_name_of_a_file_is_replaced_by_a_number() -> None:
    one = Attachment(name="C:/Users/Sam/putt.csv", media_type="text/csv", size=3, digest="00")
    assert cleaned(session(attachments=(one,))).attachments[0].name == "attachment-1"


def test_evidence_that_holds_a_name_is_gone() -> None:
    end = End(rule=EndRule.PROCESS_GONE, evidence=f"{NAME}.exe was running", confidence=0.95)
    clean = cleaned(session(end=end), NAME)
    assert clean.end is not None
    assert clean.end.evidence == REMOVED


def test_a_total_whose_item_holds_a_name_stays_without_it() -> None:
    totals = Statistics(loot=(LootTotal(item=f"Hat of {NAME}", drops=2, value=1.5),))
    assert cleaned(session(statistics=totals), NAME).statistics.loot == (LootTotal(item=REMOVED, drops=2, value=1.5),)


def test_a_total_whose_skill_holds_a_name_stays_without_it() -> None:
    totals = Statistics(skills=(SkillTotal(name=NAME, category=NAME, gained=1.5),))
    assert cleaned(session(statistics=totals), NAME).statistics.skills == (SkillTotal(name=REMOVED, gained=1.5),)


def test_a_skill_whose_name_holds_a_name_stays_without_it() -> None:
    assert cleaned(session(skills=(Skill(name=NAME, total=1.5),)), NAME).skills == (Skill(name=REMOVED, total=1.5),)


def test_the_economy_is_what_it_was() -> None:
    economy = Economy(loot_value=3.0, ammunition_cost=1.0, other_cost=0.5)
    assert cleaned(session(statistics=Statistics(economy=economy)), NAME).statistics.economy == economy


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ann", "Annual Report"),
        ("Rex", "T-Rexx"),
        ("Bo", "Bo's Hat"),
        ("Fox 7", "Fox 77"),
        ("", "Animal Hide"),
        ("   ", "Animal Hide"),
    ],
)
def test_a_word_that_only_contains_a_short_name_stays(name: str, text: str) -> None:
    clean = cleaned(session(events=(event("loot", item=text),)), name)
    assert clean.events[0].item == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ann", "for Ann."),
        ("Ann", "npc_Ann_name"),
        ("ann", "ANN"),
        ("  Ann  ", "Ann"),
        ("榊原ミヅホ", "榊原ミヅホさんの剣"),
        ("龍馬", "坂本龍馬の刀"),
        ("Пётр", "Петра и Пётра"),
        ("Straßer", "STRASSER"),
        ("José", "Jose\u0301"),
        ("\uff33am", "Sam"),
        ("(o.o)", "the (o.o) rifle"),
    ],
)
def test_a_name_is_found_in_whatever_way_it_is_written(name: str, text: str) -> None:
    clean = cleaned(session(events=(event("loot", item=text),)), name)
    assert clean.events[0].item is None


def test_what_was_removed_is_counted_by_field() -> None:
    one = session(
        name="Hunt",
        tags=("a", "b"),
        participants=(Participant(id="me", local=True), Participant(id="p1", name="Sam")),
        loadouts=(Loadout(id="a", name="gun"),),
        events=(event("loot", item=NAME), event("loot", item=NAME, fields={"Faction": NAME})),
    )
    assert sanitise(one, [NAME], privacy()).removed == {("item", HOLDS_NAME): 2, ("Faction", HOLDS_NAME): 1}


def test_a_session_with_nothing_to_remove_comes_through_as_it_was() -> None:
    assert sanitise(session(), [NAME], privacy()) == Sanitised(session(), {}, {})


def test_the_identity_and_times_of_a_session_stay() -> None:
    kept = ("id", "tracker", "natural_key", "started_at", "ended_at")
    before, after = asdict(session()), asdict(cleaned(session(name="Hunt"), NAME))
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}


def test_nothing_of_a_name_is_left_in_the_bytes() -> None:
    one = session(name=NAME, tags=(NAME,), facts={"a": NAME}, events=(event("loot", item=NAME, fields={"b": NAME}),))
    assert holding(encode_session(cleaned(one, NAME)), NAME) == []
