from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.core.addressing import Terms, address
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.identity import to_ms
from logferry_daemon.core.policy import Group, Policy, Treatment
from logferry_daemon.core.preparing import prepare as prepare_for
from logferry_daemon.core.reading import DatabaseTracker, Found, Reading
from logferry_daemon.core.rows import Answer, Cell
from logferry_daemon.trackers.resonance import Resonance
from logferry_daemon.trackers.resonance_rows import MAX_PLAYERS
from logferry_model.session import EndRule, Participant, Session, Skill
from tests.daemon.golden import expected
from tests.daemon.recutting import joined, measured, twin
from tests.daemon.texts import holding
from tests.factories import START
from tests.factories_resonance import AGES, BOSSES, Age, Book
from tests.fake_databases import answered
from tests.privacy import TOKENS, prepare, privacy

MS = to_ms(START)
TRACKER = Resonance()
Tables = dict[str, list[dict[str, Cell]]]


def book(age: Age = "later", *, seed: int = 1, hits: int = 6) -> Book:
    """Three finished encounters, one of them given up, and one that runs."""
    made = Book(age=age, seed=seed)
    for number in range(4):
        made.encounter(start=START + timedelta(minutes=5 * number), reset=number == 1, ended=number < 3, hits=hits)
    return made


def read(tables: Tables, since: int = 0) -> Reading:
    players: Tables = {"actor_encounter_stats": []}
    return TRACKER.rows(answered(players | tables, TRACKER.question(since)))


def encounter(**changes: Cell) -> dict[str, Cell]:
    """The smallest finished one."""
    return {"id": 1, "started_at_ms": MS, "ended_at_ms": MS + 60_000, "local_player_id": 7} | changes


def actor(number: int = 7, **changes: Cell) -> dict[str, Cell]:
    row: dict[str, Cell] = {"encounter_id": 1, "actor_id": number, "is_player": 1, "name": f"Person {number}"}
    return row | changes


def blows(*hits: dict[str, Any], **changes: Cell) -> dict[str, Cell]:
    row: dict[str, Cell] = {"encounter_id": 1, "attacker_id": 7, "defender_id": 900, "skill_id": 11}
    return row | {"hits": len(hits), "hit_details": json.dumps(hits)} | changes


def one(*, row: dict[str, Cell] | None = None, **tables: list[dict[str, Cell]]) -> Reading:
    """What is found in a file with one encounter of one player."""
    return read({"encounters": [row or encounter()], "actor_encounter_stats": [actor()]} | tables)


def session(reading: Reading) -> Session:
    (found,) = reading.found
    return found.session


def codes(reading: Reading) -> list[str]:
    return [trouble.code for trouble in reading.troubles]


def sent(found: Found) -> bytes:
    return prepare(found, found.end or end_by(EndRule.DEMAND, "asked for"), only_grows=False).document


def skill(**changes: Any) -> Skill:  # noqa: ANN401 -- rows
    (found,) = session(one(damage_skill_stats=[changes.pop("row")], **changes)).skills
    return found


# the tracker


def test_it_is_a_tracker_of_databases() -> None:
    assert isinstance(TRACKER, DatabaseTracker)


def test_the_log_beside_the_database_belongs_to_it_and_the_shared_memory_does_not() -> None:
    assert TRACKER.companions("resonance-logs.db") == ("resonance-logs.db-wal",)


@pytest.mark.parametrize("system", ["windows", "macos", "linux"])
def test_it_is_looked_for_in_the_folder_of_its_program(system: str) -> None:
    assert all(path.endswith("resonance-logs") for path in TRACKER.usual_paths(system))


def test_neither_silence_nor_another_file_ends_an_encounter() -> None:
    rules = TRACKER.rules("anywhere")
    assert (rules.silence, rules.next_start) == (None, False)


# ages and ends


@pytest.mark.parametrize("age", AGES)
def test_what_is_kept_and_sent_of_each_age_is_as_it_was(age: Age) -> None:
    made = [msgspec.json.decode(sent(found)) for found in read(book(age, hits=2).tables).found]
    assert made == expected(f"resonance/{age}.json", made)


@pytest.mark.parametrize("age", AGES)
def test_every_encounter_of_each_age_is_found(age: Age) -> None:
    reading = read(book(age).tables)
    assert [found.offset for found in reading.found] == [1, 2, 3, 4]
    assert [found.end and found.end.rule for found in reading.found] == [EndRule.EXPLICIT] * 3 + [None]
    assert reading.first_at == START
    assert reading.troubles == ()


def test_both_ages_tell_the_same_hits() -> None:
    first, later = (read(book(age).tables).found[0].session for age in AGES)
    assert first.skills == later.skills
    assert all(one.timeline for one in first.skills)


def test_an_encounter_that_was_left_is_over_when_another_one_came() -> None:
    rows = [encounter(ended_at_ms=None), encounter(id=2, started_at_ms=MS + 1)]
    left, _ = read({"encounters": rows, "actor_encounter_stats": [actor()]}).found
    assert left.end is not None
    assert left.end.rule is EndRule.NEXT_START


def test_an_encounter_is_over_also_when_the_other_one_is_not_in_the_answer() -> None:
    rows = {"encounters": [encounter(ended_at_ms=None)], "actor_encounter_stats": [actor()]}
    reading = TRACKER.rows(Answer(rows=rows, highest=9, reached=1, more=True))
    assert reading.found[0].end is not None


def test_the_last_one_without_an_end_runs_on() -> None:
    deaths: list[dict[str, Cell]] = [{"encounter_id": 1, "timestamp_ms": MS + 9000, "actor_id": 7}]
    (found,) = one(row=encounter(ended_at_ms=None), death_events=deaths).found
    assert found.end is None
    assert found.last_at == START + timedelta(seconds=9)


def test_an_end_before_the_beginning_is_none_at_all() -> None:
    assert session(one(row=encounter(ended_at_ms=MS - 5))).duration == timedelta()


def test_a_fight_weighs_more_the_longer_it_goes_on() -> None:
    weights = []
    for hits in (0, 3, 6):
        made = Book()
        made.encounter(hits=hits, ended=False)
        weights += [found.weight for found in read(made.tables).found]
    assert weights == sorted(set(weights))


# identity


def test_the_same_fight_has_the_same_id_while_it_runs_and_when_it_is_over() -> None:
    running, over = Book(), Book()
    running.encounter(ended=False, hits=2)
    over.encounter()
    ids = {read(made.tables).found[0].id for made in (running, over)}
    assert len(ids) == 1


def test_the_row_id_and_the_player_are_not_in_the_key() -> None:
    keys = {session(one(row=encounter(id=1, local_player_id=player))).natural_key for player in (7, 8)}
    other = read({"encounters": [encounter(id=5)]}).found[0].session.natural_key
    assert keys == {other}


@given(times=st.lists(st.integers(0, 10**9), min_size=2, max_size=9, unique=True))
def test_fights_that_differ_in_time_have_different_ids(times: list[int]) -> None:
    rows = [
        encounter(id=at, started_at_ms=MS + off, ended_at_ms=MS + off + 1, scene_id=7)
        for at, off in enumerate(times, 1)
    ]
    reading = read({"encounters": rows})
    assert len({found.id for found in reading.found}) == len(times)
    assert reading.troubles == ()


def test_where_it_was_is_told_as_the_terms_have_it_and_by_nothing_else() -> None:
    """Nobody can tell by trying scenes which one it was: what is sent of a fight is the same of all of them."""
    here, there = (addressed(encounter(scene_id=scene, scene_name=name)) for scene, name in ((7, "Bog"), (8, "Keep")))
    assert here == there
    assert not {"scene_id", "scene_name"} & here.get("facts", {}).keys()


def addressed(row: dict[str, Cell]) -> dict[str, Any]:
    """What is sent of it where places are dropped."""
    (found,) = read({"encounters": [row]}).found
    listing = Resonance().listing
    end = found.end or end_by(EndRule.DEMAND, "asked for")
    new = prepare_for(found, end, only_grows=False, privacy=privacy(listing))
    policy = Policy(treatments={Group.LOCATIONS: Treatment.DROP})
    terms = Terms(policy=policy, listing=listing, tokens=TOKENS, kept={})
    document: dict[str, Any] = json.loads(address(new.document, "resonance", terms).document)
    return document


def test_of_two_rows_of_the_same_moment_the_fuller_one_is_kept_and_reading_goes_on_behind_them() -> None:
    tables: Tables = {
        "encounters": [encounter(), encounter(id=2)],
        "actor_encounter_stats": [actor(hits_dealt=5), actor(encounter_id=2, hits_dealt=2)],
    }
    reading = read(tables)
    assert [(found.offset, found.weight) for found in reading.found] == [(2, 5)]
    assert codes(reading) == ["same-start"]


# facts


@pytest.mark.parametrize(
    ("reset", "defeated", "cleared"), [(0, (1, 1), True), (0, (1, 0), False), (1, (1, 1), False), (0, (), None)]
)
def test_whether_it_was_cleared(reset: int, defeated: tuple[int, ...], cleared: bool | None) -> None:
    rows: list[dict[str, Cell]] = [
        {"encounter_id": 1, "monster_name": BOSSES[number], "is_defeated": won} for number, won in enumerate(defeated)
    ]
    found = session(one(row=encounter(is_manually_reset=reset), encounter_bosses=rows))
    assert found.facts.get("cleared") is cleared


def test_an_encounter_that_was_given_up_is_still_a_session() -> None:
    _, given_up, *_ = read(book().tables).found
    assert given_up.session.facts["cleared"] is False
    assert given_up.end is not None


def test_bosses_are_told_by_name() -> None:
    row: dict[str, Cell] = {"encounter_id": 1, "monster_name": BOSSES[0], "hits": 3, "total_damage": 99, "max_hp": 500}
    (boss,) = session(one(encounter_bosses=[row | {"is_defeated": 1}])).bosses
    assert (boss.name, boss.damage, boss.hits, boss.max_hp, boss.defeated) == (BOSSES[0], 99.0, 3, 500.0, True)


def test_a_death_is_an_event_of_whoever_fell() -> None:
    died: dict[str, Cell] = {"encounter_id": 1, "timestamp_ms": MS + 500, "actor_id": 7, "attempt_index": 2}
    found = session(one(death_events=[died, died | {"actor_id": 900}]))
    assert [(event.at, event.type, event.participant, event.fields) for event in found.events] == [
        (MS + 500, "death", "p1", {"attempt": 2})
    ]
    assert found.participants[0].figures["deaths"] == 1


def test_the_statistics_are_the_local_players_and_everybodys() -> None:
    stats = [actor(damage_dealt=600, hits_dealt=3, heal_dealt=60), actor(8, damage_dealt=1200)]
    found = session(one(actor_encounter_stats=stats))
    assert found.statistics.combat is not None
    assert found.statistics.combat.damage_dealt == 600
    assert found.statistics.defence is not None
    assert found.statistics.defence.healed == 60
    measures = {measure.name: measure.value for measure in found.statistics.measures}
    assert (measures["damage"], measures["dps"], measures["duration"], measures["players"]) == (1800, 30, 60, 2)


def test_of_a_part_of_an_encounter_it_is_told_who_was_there_and_how_long() -> None:
    found = session(one(actor_encounter_stats=[actor(damage_dealt=600), actor(8, damage_dealt=1200)]))
    told = TRACKER.recount(found)
    assert {each.name: each.value for each in told.measures} == {"players": 2, "duration": 60}
    assert (told.combat, told.defence) == (None, None)


def test_encounters_that_are_joined_add_up_and_rates_stay_rates() -> None:
    first = session(one(actor_encounter_stats=[actor(damage_dealt=600, hits_dealt=3), actor(8, damage_dealt=1200)]))
    whole = joined(TRACKER, first, twin(first))
    measures = measured(whole)
    assert (measures["damage"], measures["dps"], measures["duration"]) == (3600, 30, 120)
    assert measures["players"] == len(whole.participants)
    assert whole.statistics.combat is not None
    assert (whole.statistics.combat.damage_dealt, whole.statistics.combat.hits) == (1200, 6)
    assert [each.figures for each in whole.participants if each.local and {"dps", "hps"} & each.figures.keys()] == []


def test_a_running_fight_has_rates_up_to_its_last_hit() -> None:
    reading = one(
        row=encounter(ended_at_ms=None),
        actor_encounter_stats=[actor(damage_dealt=600)],
        damage_skill_stats=[blows({"t": MS + 10_000, "v": 600})],
    )
    assert session(reading).participants[0].figures["dps"] == 60


# people


def person(reading: Reading, *, local: bool) -> Participant:
    return next(one for one in session(reading).participants if one.local is local)


def test_players_take_part_and_monsters_do_not() -> None:
    reading = one(actor_encounter_stats=[actor(), actor(8), actor(900, is_player=0, name=BOSSES[0])])
    assert [(one.id, one.name, one.local) for one in session(reading).participants] == [
        ("p1", "Person 7", True),
        ("p2", "Person 8", False),
    ]


def test_in_the_first_age_names_and_classes_are_the_characters() -> None:
    stats: dict[str, Cell] = {"encounter_id": 1, "actor_id": 7, "damage_dealt": 10}
    character: dict[str, Cell] = {"entity_id": 7, "name": "Somebody", "class_id": 3, "class_spec": 1, "level": 60}
    reading = one(actor_encounter_stats=[stats, stats | {"actor_id": 900}], entities=[character])
    (found,) = session(reading).participants
    assert (found.name, found.facts) == ("Somebody", {"class_id": 3, "class_spec": 1})
    assert reading.found[0].names == {"Somebody"}


def test_where_monsters_are_among_the_characters_their_names_are_nobodys() -> None:
    characters: list[dict[str, Cell]] = [
        {"entity_id": 7, "name": "Somebody", "is_player": 1},
        {"entity_id": 900, "name": BOSSES[0], "is_player": 0},
    ]
    stats: dict[str, Cell] = {"encounter_id": 1, "actor_id": 7}
    reading = one(actor_encounter_stats=[stats, stats | {"actor_id": 900}], entities=characters)
    assert reading.found[0].names == {"Somebody"}
    assert len(session(reading).participants) == 1


def test_rates_are_the_trackers_own_or_counted() -> None:
    assert person(one(actor_encounter_stats=[actor(dps=5.5, damage_dealt=60)]), local=True).figures["dps"] == 5.5
    assert person(one(actor_encounter_stats=[actor(damage_dealt=60)]), local=True).figures["dps"] == 1.0


def test_of_too_many_players_those_with_the_most_damage_are_kept_and_the_local_one() -> None:
    stats = [actor(), *(actor(number, damage_dealt=number) for number in range(100, 100 + MAX_PLAYERS + 5))]
    reading = one(actor_encounter_stats=stats)
    kept = {one.name for one in session(reading).participants}
    assert len(kept) == MAX_PLAYERS
    assert "Person 7" in kept
    assert "Person 154" in kept
    assert "Person 100" not in kept
    assert "Person 100" in reading.found[0].names
    assert codes(reading) == ["too-many-players"]


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), age=st.sampled_from(AGES))
def test_nobodys_name_and_number_is_in_what_is_sent(seed: int, age: Age) -> None:
    made = book(age, seed=seed)
    for found in read(made.tables).found:
        document = sent(found)
        for number, name in made.people.items():
            assert holding(document, name) == []
            assert str(number).encode() not in document
        assert any(name.encode() in document for name in BOSSES)


def test_the_local_player_is_the_identity() -> None:
    made = book()
    assert {found.identity for found in read(made.tables).found} == {made.people[made.local]}


# odd files


def test_a_row_without_a_beginning_is_left_out_and_told() -> None:
    reading = read({"encounters": [encounter(started_at_ms=None), encounter(id=2, started_at_ms=-5), encounter(id=3)]})
    assert [found.offset for found in reading.found] == [3]
    assert codes(reading) == ["row-skipped"]


def test_an_empty_file_has_no_encounters() -> None:
    assert read({"encounters": [], "actor_encounter_stats": []}) == Reading()


CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([0, 1, 7, 8, MS, MS + 1, "[]", '[{"t":1,"v":2}]']),
)
KEYS: st.SearchStrategy[Cell] = st.sampled_from([1, 7])
COLUMNS = {
    table.name: (table.key, *table.columns) for table in (TRACKER.question(0).sessions, *TRACKER.question(0).parts)
}


@st.composite
def odd_rows(draw: st.DrawFn) -> dict[str, list[dict[str, Cell]]]:
    rows: Tables = {}
    for table, columns in COLUMNS.items():
        cells: st.SearchStrategy[dict[str, Cell]] = st.fixed_dictionaries({}, optional=dict.fromkeys(columns, CELLS))
        rows[table] = [{**row, columns[0]: draw(KEYS)} for row in draw(st.lists(cells, max_size=3))]
    rows["encounters"].append(encounter())
    return rows


@settings(max_examples=200)
@given(rows=odd_rows())
def test_whatever_is_in_the_rows_a_reading_comes_out_that_can_be_sent(rows: dict[str, list[dict[str, Cell]]]) -> None:
    for found in TRACKER.rows(Answer(rows=rows, highest=1, reached=1)).found:
        assert json.loads(sent(found))["tracker"] == "resonance"


def test_reading_in_batches_finds_the_same_as_reading_at_once() -> None:
    made = Book()
    for number in range(120):
        made.encounter(start=START + timedelta(minutes=number), hits=1)
    whole = [found.id for found in read(made.tables, since=0).found]
    since, more = 0, True
    seen: dict[str, int] = {}
    while more:
        answer = answered(made.tables, TRACKER.question(since))
        seen |= {found.id: found.offset for found in TRACKER.rows(answer).found}
        since, more = max(seen.values()), answer.more
    assert len(whole) == 50
    assert list(seen.values()) == list(range(1, 121))
