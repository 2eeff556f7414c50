"""What the resonance tracker tells of skills: hits of each age, too many of them, and what cannot be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from logferry_daemon.core.rows import Answer, Cell
from logferry_daemon.trackers.resonance_skills import MAX_HITS, MAX_HITS_OF_A_SKILL
from tests.daemon.trackers.test_resonance import MS, TRACKER, actor, blows, codes, encounter, one, read, session, skill

# skills


def test_a_skill_is_summed_over_its_targets_in_the_order_of_time() -> None:
    rows = [
        blows({"t": MS + 3, "v": 30, "c": True}, crit_hits=1, crit_total=30, total_value=30, hp_loss_total=30),
        blows({"t": MS + 1, "v": 10}, {"t": MS + 5, "v": 50}, defender_id=901, total_value=60, hp_loss_total=55),
    ]
    (found,) = session(one(damage_skill_stats=rows)).skills
    assert (found.name, found.category, found.participant, found.uses, found.total) == ("11", "damage", "p1", 3, 90)
    assert found.figures == {"critical_hits": 1, "critical_total": 30, "hp_loss": 85, "targets": 2}
    assert [(hit.at - MS, hit.value, hit.critical) for hit in found.timeline] == [
        (1, 10, False),
        (3, 30, True),
        (5, 50, False),
    ]


@pytest.mark.parametrize(
    ("hit", "losses"),
    [
        ({"t": MS, "v": 5, "l": 1, "h": 4, "s": 1}, (4, 1)),
        ({"t": MS, "v": 5, "l": True}, (None, None)),
        ({"timestamp": MS, "damage": 5, "lucky": True, "hp_loss": 4, "shield_loss": 1, "is_boss": True}, (4, 1)),
    ],
)
def test_a_hit_is_read_in_the_words_of_each_age(hit: dict[str, Any], losses: tuple[float | None, ...]) -> None:
    (found,) = skill(row=blows(hit)).timeline
    assert (found.at, found.value, found.lucky, found.hp_loss, found.shield_loss) == (MS, 5, True, *losses)


@pytest.mark.parametrize("word", ["v", "value", "heal"])
def test_a_heal_is_a_skill_of_its_own_kind(word: str) -> None:
    details = json.dumps([{"t": MS, word: 7}])
    row: dict[str, Cell] = {"encounter_id": 1, "healer_id": 7, "skill_id": 11, "hits": 1, "heal_details": details}
    (found,) = session(one(heal_skill_stats=[row])).skills
    assert (found.category, [hit.value for hit in found.timeline]) == ("heal", [7])


def test_skills_of_monsters_are_nobodys() -> None:
    assert session(one(damage_skill_stats=[blows({"t": MS, "v": 1}, attacker_id=900)])).skills == ()


def test_a_skill_without_a_number_is_unknown() -> None:
    assert skill(row=blows({"t": MS, "v": 1}, skill_id=-1)).name == "unknown"


@pytest.mark.parametrize(
    "details", ["", "{", "null", '{"t":1}', '[{"t":"soon"}]', '[{"v":1}]', "[" * 5000, '[{"t":1e999,"v":1}]']
)
def test_a_timeline_that_cannot_be_read_costs_nothing_but_itself(details: str) -> None:
    reading = one(damage_skill_stats=[blows(hits=3, total_value=9, hit_details=details)])
    (found,) = session(reading).skills
    assert (found.uses, found.total, found.timeline) == (3, 9, ())
    assert codes(reading) == ["timeline-damaged"]


@pytest.mark.parametrize("odd", ['{"t":"soon","v":1}', '{"v":1}', "5", f'{{"t":{MS}.5,"v":1}}', '{"t":1,"c":[]}'])
def test_a_hit_that_cannot_be_read_costs_nothing_but_itself(odd: str) -> None:
    details = f'[{{"t":{MS},"v":1}},{odd},{{"t":{MS + 1}.0,"v":2}}]'
    reading = one(damage_skill_stats=[blows(hits=3, total_value=9, hit_details=details)])
    (found,) = session(reading).skills
    assert [(hit.at, hit.value) for hit in found.timeline] == [(MS, 1), (MS + 1, 2)]
    assert codes(reading) == ["timeline-damaged"]


def test_an_encounter_in_which_nothing_happened_is_left_out_and_said() -> None:
    reading = read({"encounters": [encounter(ended_at_ms=MS), encounter(id=2, started_at_ms=MS + 5, ended_at_ms=None)]})
    assert ([found.offset for found in reading.found], codes(reading)) == ([2], ["nothing-in-it"])


def test_who_plays_here_is_told_by_the_row_of_the_player_where_the_encounter_does_not() -> None:
    stats = [actor(damage_dealt=5), actor(8, is_local_player=1), actor(9, is_local_player=0)]
    found = session(one(row=encounter(local_player_id=None), actor_encounter_stats=stats))
    assert [(each.name, each.local) for each in found.participants] == [
        ("Person 7", False),
        ("Person 8", True),
        ("Person 9", False),
    ]


def test_the_name_of_a_boss_is_made_fit_to_be_sent() -> None:
    rows: list[dict[str, Cell]] = [
        {"encounter_id": 1, "monster_name": name, "total_damage": 9 - number}
        for number, name in enumerate([" Ogre\0King ", "x" * 300, "  "])
    ]
    assert [boss.name for boss in session(one(encounter_bosses=rows)).bosses] == [
        "Ogre\N{REPLACEMENT CHARACTER}King",
        "x" * 200,
    ]


def test_a_skill_with_too_many_hits_is_cut_and_its_totals_are_whole() -> None:
    many = [{"t": MS + number, "v": 1} for number in range(MAX_HITS_OF_A_SKILL + 1)]
    reading = one(damage_skill_stats=[blows(*many, total_value=len(many))])
    (found,) = session(reading).skills
    assert len(found.timeline) == MAX_HITS_OF_A_SKILL
    assert found.total == MAX_HITS_OF_A_SKILL + 1
    assert codes(reading) == ["timeline-cut"]


def test_as_many_hits_as_are_allowed_are_not_cut() -> None:
    many = [{"t": MS + number, "v": 1} for number in range(MAX_HITS_OF_A_SKILL)]
    reading = one(damage_skill_stats=[blows(*many)])
    assert len(session(reading).skills[0].timeline) == MAX_HITS_OF_A_SKILL
    assert reading.troubles == ()


def test_of_too_many_hits_in_all_every_skill_keeps_some() -> None:
    many = [{"t": MS + number, "v": 1} for number in range(MAX_HITS_OF_A_SKILL)]
    rows = [blows(*many, skill_id=number) for number in range(1, 15)]
    lengths = [len(one.timeline) for one in session(one(damage_skill_stats=rows)).skills]
    assert sum(lengths) <= MAX_HITS
    assert min(lengths) > MAX_HITS // 20


def test_an_encounter_of_more_than_two_hours_is_a_session_with_a_shorter_timeline() -> None:
    long = 7_200_001
    reading = one(
        row=encounter(ended_at_ms=MS + long),
        damage_skill_stats=[blows({"t": MS, "v": 1}, {"t": MS + long, "v": 1})],
    )
    assert [hit.at for hit in session(reading).skills[0].timeline] == [MS]
    assert codes(reading) == ["timeline-cut", "too-long"]


def test_what_the_answer_left_out_is_told() -> None:
    reading = TRACKER.rows(Answer(rows={"encounters": [encounter()]}, highest=1, reached=1, cut=(1,)))
    assert codes(reading) == ["rows-cut"]
