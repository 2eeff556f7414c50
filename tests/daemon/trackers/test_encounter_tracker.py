from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from logferry_daemon.core.boundary import end_by, end_of
from logferry_daemon.core.papers import Action, changes
from logferry_daemon.core.reading import About, Document, DocumentTracker, Found, Paper, Reading, Signals
from logferry_daemon.trackers.encounter_tracker import EncounterTracker
from logferry_model.errors import Damaged
from logferry_model.session import EndRule, Session
from tests.daemon.golden import expected, stored
from tests.daemon.recutting import joined, measured, twin
from tests.daemon.texts import holding
from tests.factories import START, artemis_document, cast
from tests.factories_encounters import encounter, export, iso
from tests.factories_swg import swg_log
from tests.privacy import prepare

SEEDS = range(1, 9)
END = end_by(EndRule.DEMAND, "its owner asked for it")
CANARY = "Vexilla Quandary"
OID = "507f1f77bcf86cd799439011"


def papers(reading: Reading) -> tuple[Paper, ...]:
    assert reading.papers is not None
    return reading.papers


def read(value: Any, name: str = "dnd-tracker.json") -> Reading:  # noqa: ANN401 -- any JSON value
    return EncounterTracker().read(Document(data=json.dumps(value).encode(), about=About(path=name, zone=UTC)))


def found_in(value: Any) -> Found:  # noqa: ANN401 -- any JSON value
    (found,) = read(value).found
    return found


def fight(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON value
    return {"_id": OID, "createdAt": iso(START), "participants": [], "status": "active"} | fields


def fighter(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON value
    return {"name": "Ogre", "type": "monster", "maxHitPoints": 10, "currentHitPoints": 10} | fields


def measures(found: Found) -> dict[str, float]:
    return {one.name: one.value for one in found.statistics().measures}


def sent(found: Found) -> bytes:
    return prepare(found, found.end or END, only_grows=False).document


def test_its_files_are_read_whole_and_stand_alone() -> None:
    tracker = EncounterTracker()
    assert (isinstance(tracker, DocumentTracker), tracker.companions("parties.json")) == (True, ())


def test_a_generated_export_is_sent_as_it_was_when_somebody_last_looked() -> None:
    data = stored("encounter-tracker/export.json")
    reading = EncounterTracker().read(Document(data=data, about=About(zone=UTC)))
    made = {
        "sessions": [json.loads(sent(found)) for found in reading.found],
        "papers": [[one.kind, one.id, one.digest] for one in papers(reading)],
    }
    assert made == expected("encounter-tracker/sent.json", made)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_encounter_is_a_session_and_everything_is_a_paper(seed: int) -> None:
    reading = read(export(seed))
    kinds = Counter(one.kind for one in papers(reading))
    assert len(reading.found) == 3
    assert kinds == {"party": 1, "encounter": 3, "creature": 2, "preferences": 1}


@pytest.mark.parametrize("seed", SEEDS)
def test_only_what_the_tracker_calls_over_is_over(seed: int) -> None:
    ends = [found.end is not None for found in read(export(seed)).found]
    assert ends == [True, False, False]


def test_an_encounter_that_is_not_over_waits_for_ever() -> None:
    tracker, found = EncounterTracker(), found_in(fight())
    later = START + timedelta(days=365)
    signals = Signals(now=later, quiet_since=START, next_start=later, rules=tracker.rules(""))
    assert end_of(found, signals) is None


@pytest.mark.parametrize("status", ["completed", "Finished", "ended", "archived"])
def test_an_encounter_ends_by_its_status(status: str) -> None:
    end = found_in(fight(status=status)).end
    assert (end and end.rule) == EndRule.EXPLICIT


def test_an_encounter_ends_by_the_end_of_its_fight() -> None:
    assert found_in(fight(combatState={"endedAt": iso(START)})).end is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_and_no_note_is_in_what_is_sent(seed: int) -> None:
    planted = [text for one in range(seed, seed + 3) for text in cast(one).planted]
    for found in read(export(seed)).found:
        document = sent(found)
        assert [text for text in planted if holding(document, text)] == []


def test_an_encounter_lasts_from_the_start_of_its_fight_to_its_end() -> None:
    session = found_in(encounter(1)).session
    assert session.duration == timedelta(minutes=42)


def test_a_prepared_encounter_that_is_over_did_not_last_since_it_was_prepared() -> None:
    one = fight(status="completed", updatedAt=iso(START + timedelta(days=9)))
    assert found_in(one).session.duration == timedelta()


def test_an_encounter_stays_the_same_session_from_draft_to_end() -> None:
    stages = [fight(status="draft"), fight(combatState={"startedAt": iso(START)}), fight(status="completed")]
    assert len({found_in(stage).id for stage in stages}) == 1


def test_an_encounter_that_was_changed_later_weighs_more() -> None:
    earlier, later = (found_in(fight(updatedAt=iso(START + timedelta(seconds=second)))).weight for second in (1, 2))
    assert earlier < later


def test_rounds_combatants_and_the_fallen_are_counted() -> None:
    people = [
        fighter(currentHitPoints=0),
        fighter(currentHitPoints=-3),
        fighter(type="pc", isPlayer=True, currentHitPoints=0),
        fighter(),
        fighter(maxHitPoints=0, currentHitPoints=0),
    ]
    one = measures(found_in(fight(participants=people, combatState={"currentRound": 4})))
    assert (one["rounds"], one["combatants"], one["players"], one["enemies"]) == (4, 5, 1, 4)
    assert (one["kills"], one["players_down"]) == (2, 1)


def test_who_took_part_is_numbered_and_has_their_figures() -> None:
    (person,) = found_in(fight(participants=[fighter(currentHitPoints=4, armorClass=15)])).session.participants
    assert (person.id, person.facts["type"], person.facts["armor_class"]) == ("p1", "monster", 15)
    assert person.figures == {"max_hp": 10, "hp": 4, "damage_taken": 6}


def test_conditions_are_the_rules_own_words() -> None:
    people = [fighter(conditions=["Poisoned", f"loved by {CANARY}", {"name": "prone"}, 5])]
    events = found_in(fight(participants=people)).session.events
    assert [event.fields["condition"] for event in events] == ["poisoned", "other", "prone"]


def test_the_fights_own_log_is_told_with_our_words() -> None:
    log = [
        {"timestamp": iso(START), "type": "attack", "damage": 7, "targetId": OID, "round": 2},
        {"timestamp": iso(START), "type": f"{CANARY} sings"},
        {"type": "damage"},
    ]
    people = [fighter(characterId=OID)]
    events = found_in(fight(participants=people, combatLog=log)).session.events
    assert [(event.type, event.amount, event.participant) for event in events] == [
        ("damage", 7, "p1"),
        ("other", None, None),
    ]


@pytest.mark.parametrize(
    "shape",
    [
        lambda one: one,
        lambda one: [one],
        lambda one: {"encounters": [one]},
        lambda one: {"userId": "x", "version": "1.0", "data": {"encounters": [one]}},
    ],
    ids=["alone", "list", "collection", "backup"],
)
def test_an_encounter_is_found_however_it_was_exported(shape: Any) -> None:  # noqa: ANN401 -- a function
    assert found_in(shape(fight())).session.natural_key == OID


@pytest.mark.parametrize(("name", "kind"), [("parties.json", "party"), ("creatures.json", "creature")])
def test_a_list_without_hints_is_what_its_file_is_called(name: str, kind: str) -> None:
    assert [one.kind for one in papers(read([{"id": OID}], name))] == [kind]


@pytest.mark.parametrize("identity", [{"$oid": OID}, OID])
def test_ids_are_those_of_the_database(identity: object) -> None:
    (paper,) = papers(read({"parties": [{"_id": identity}]}))
    assert paper.id == OID


def test_an_item_without_an_id_is_counted_and_left_out() -> None:
    reading = read({"parties": [{"name": "x"}, {"_id": OID}]})
    assert (len(papers(reading)), [one.code for one in reading.troubles]) == (1, ["papers-skipped"])


def test_an_encounter_without_any_time_is_a_paper_and_no_session() -> None:
    reading = read({"encounters": [{"_id": OID}]})
    assert (reading.found, len(papers(reading)), [one.code for one in reading.troubles]) == (
        (),
        1,
        ["encounters-skipped"],
    )


def test_an_id_that_somebody_typed_leaves_no_trace_in_what_is_sent() -> None:
    one, other = (found_in(fight(_id=name)).session.natural_key for name in (CANARY, "Hob"))
    assert one == other


def test_an_id_that_is_only_counted_up_may_come_again_another_day() -> None:
    one, other = (found_in(fight(_id=1, createdAt=iso(START + timedelta(days=day)))).id for day in (0, 1))
    assert one != other


def test_created_changed_and_deleted_papers_are_told() -> None:
    before = export(1)
    after = export(1)
    after["parties"][0]["name"] = "Another name"
    after["creatures"].append({"_id": OID, "name": "Owlbear"})
    del after["encounters"][0]
    happened = changes(papers(read(before)), papers(read(after)))
    assert [(one.kind, one.action) for one in happened] == [
        ("party", Action.UPDATE),
        ("creature", Action.CREATE),
        ("encounter", Action.DELETE),
    ]


def test_a_sync_alone_changes_nothing() -> None:
    before, after = export(1), export(1) | {"lastSync": "later", "exportDate": "later"}
    after["userPreferences"] = [{"userId": "sync", "lastSync": "later"}, after["userPreferences"] | {"lastSync": "x"}]
    assert changes(papers(read(before)), papers(read(after))) == ()


def test_the_order_of_keys_is_no_change() -> None:
    one = {"_id": OID, "name": "x", "members": []}
    assert papers(read({"parties": [one]})) == read({"parties": [dict(reversed(one.items()))]}).papers


def test_an_export_in_which_nothing_is_left_deletes_everything() -> None:
    empty: dict[str, Any] = {"parties": [], "encounters": [], "creatures": []}
    happened = changes(papers(read(export(1))), papers(read(empty)))
    assert {one.action for one in happened} == {Action.DELETE}


TEXTS = ("name", "description", "notes", "status", "difficulty", "tags", "ownerName", "_id", "partyId", "lair")
PERSONS = ("name", "type", "playerName", "notes", "conditions", "statusEffects", "characterId", "description", "race")


@pytest.mark.parametrize("key", TEXTS)
@pytest.mark.parametrize("value", [CANARY, [CANARY], {"name": CANARY}], ids=["text", "list", "object"])
def test_a_name_in_any_field_of_an_encounter_is_not_sent(key: str, value: object) -> None:
    assert holding(sent(found_in({"encounters": [fight(**{key: value}, id=OID)]})), "Vexilla") == []


@pytest.mark.parametrize("key", PERSONS)
@pytest.mark.parametrize("value", [CANARY, [CANARY], [{"name": CANARY}]], ids=["text", "list", "objects"])
def test_a_name_in_any_field_of_a_combatant_is_not_sent(key: str, value: object) -> None:
    one = fight(participants=[fighter(**{key: value})], combatLog=[{"timestamp": iso(START), key: value}])
    assert holding(sent(found_in(one)), "Vexilla") == []


def test_everybody_whom_an_encounter_names_is_known_to_be_searched_for() -> None:
    found = found_in(
        fight(name="Ambush", participants=[fighter(name=CANARY, playerName="Hob", conditions=[{"name": "prone"}])])
    )
    assert found.names == {"Ambush", CANARY, "Hob"}


def test_no_paper_holds_a_name() -> None:
    kept = papers(read({"parties": [{"_id": CANARY, "name": CANARY}], "creatures": [{"id": CANARY}]}))
    assert [one for one in kept if "vexilla" in f"{one.kind} {one.id} {one.digest}".casefold()] == []


@pytest.mark.parametrize("value", [[], 5, None, {}, {"a": 1}, [{"a": 1}]])
def test_another_trackers_document_is_none_of_this_one(value: object) -> None:
    with pytest.raises(Damaged) as raised:
        read(value)
    assert raised.value.code == "not-a-session"


@pytest.mark.parametrize("value", [artemis_document(1), swg_log(1)], ids=["artemis", "swg"])
def test_a_hunt_and_a_bots_log_are_none_of_this_tracker(value: object) -> None:
    with pytest.raises(Damaged):
        read(value)


@pytest.mark.parametrize("data", [b"", b" \n", b"\0" * 9])
def test_an_empty_file_is_waited_for(data: bytes) -> None:
    reading = EncounterTracker().read(Document(data=data))
    assert (reading.unfinished, [one.code for one in reading.troubles]) == (True, ["empty"])


def test_a_torn_write_is_waited_for_wherever_it_is_torn() -> None:
    whole = json.dumps({"encounters": [fight()]}, indent=2).encode()
    readings = [EncounterTracker().read(Document(data=whole[:cut])) for cut in range(len(whole))]
    assert [one for one in readings if not one.unfinished or one.papers] == []


def test_reading_twice_is_as_reading_once() -> None:
    first, second = read(export(2)), read(export(2))
    assert [one.raw() for one in first.found] == [one.raw() for one in second.found]
    assert first.papers == second.papers


def test_a_part_of_an_encounter_is_counted_by_its_own_events() -> None:
    session = found_in(fight(participants=[fighter(currentHitPoints=0), fighter(conditions=["prone"])])).session
    part = msgspec.structs.replace(session, events=session.events[:1])
    assert {one.name: one.value for one in EncounterTracker().recount(part).measures} == {"kills": 1}


@pytest.mark.parametrize(
    ("one", "said"),
    [
        ({"id": "goblin-1"}, {"targetId": "goblin-1"}),
        ({"id": 3}, {"targetId": 3}),
        ({"id": 3}, {"participantId": "3"}),
        ({"id": "3"}, {"targetId": 3}),
        ({"characterId": "hero", "id": "x"}, {"targetId": "hero"}),
        ({"characterId": "hero", "id": "x"}, {"targetId": "x"}),
        ({"_id": OID}, {"characterId": OID}),
        ({"_id": {"$oid": OID}}, {"participantId": OID}),
        ({"id": "goblin-1"}, {"participantId": "nobody", "targetId": "goblin-1"}),
    ],
)
def test_a_fight_s_own_log_tells_whom_by_any_of_their_ids(one: dict[str, Any], said: dict[str, Any]) -> None:
    log = [{"timestamp": iso(START), "type": "damage", "amount": 7} | said]
    session = found_in(fight(participants=[fighter(id="other"), fighter(**one)], combatLog=log)).session
    assert [(event.type, event.participant) for event in session.events] == [("damage", "p2")]


def test_an_id_that_several_fighters_have_tells_none_of_them() -> None:
    log = [{"timestamp": iso(START), "type": "damage", "targetId": "goblin"}]
    goblins = [fighter(characterId="goblin"), fighter(characterId="goblin")]
    assert [event.participant for event in found_in(fight(participants=goblins, combatLog=log)).session.events] == [
        None
    ]


def test_no_typed_id_of_a_fighter_is_sent() -> None:
    log = [{"timestamp": iso(START), "type": "damage", "targetId": CANARY}]
    found = found_in(fight(participants=[fighter(id=CANARY)], combatLog=log))
    assert found.session.events[0].participant == "p1"
    assert holding(sent(found), CANARY) == []


def test_encounters_that_are_joined_add_up() -> None:
    over = {"startedAt": iso(START), "endedAt": iso(START + timedelta(minutes=4)), "currentRound": 3}
    first = found_in(fight(participants=[fighter(currentHitPoints=0), fighter(currentHitPoints=4)], **over)).session
    second = twin(
        replace(
            first,
            participants=(),
            events=(),
            statistics=replace(first.statistics, measures=first.statistics.measures[:2]),
        )
    )
    assert measured(first) == {
        "rounds": 3,
        "duration_minutes": 4,
        "combatants": 2,
        "players": 0,
        "enemies": 2,
        "kills": 1,
    }
    assert measured(joined(EncounterTracker(), first, twin(first))) == {
        name: 2 * value for name, value in measured(first).items()
    }
    # Where nobody fell nothing is counted; who was there is not known of the second one.
    assert measured(joined(EncounterTracker(), first, second)) == {"rounds": 6, "duration_minutes": 8, "kills": 1}


KEYS = (
    *("data", "parties", "encounters", "creatures", "preferences", "participants", "combatState", "combatLog"),
    *("_id", "id", "$oid", "status", "createdAt", "updatedAt", "startedAt", "endedAt", "timestamp", "currentRound"),
    *("conditions", "name", "type", "maxHitPoints", "currentHitPoints", "members", "totalDuration", "difficulty"),
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=8)
TIMES = st.sampled_from((iso(START), "0001-01-01T00:00:00", "9999-12-31T23:59:59-23:00", OID, "completed", "damage"))
ANY = st.recursive(
    SCALARS | TIMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
SOME = st.dictionaries(st.sampled_from(KEYS), ANY, max_size=4)


@settings(max_examples=500)
@given(ANY | SOME.map(lambda some: {"encounters": [fight() | some]}))
def test_whatever_json_comes_it_is_read_or_refused_and_what_is_read_can_be_sent(value: Any) -> None:  # noqa: ANN401 -- any JSON value
    try:
        reading = read(value)
    except Damaged:
        return
    for found in reading.found:
        prepared = prepare(found, END, only_grows=False)
        assert msgspec.json.decode(prepared.document, type=Session) == prepared.session
