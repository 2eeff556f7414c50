"""The shipped recipe for Star Wars: The Old Republic: over generated logs, over a stored one, and over a real player's.

Real logs are read where they lie; nothing of their content stands here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from logferry_model.session import EndRule
from tests.conftest import SAMPLES, needs_samples
from tests.daemon.golden import expected, stored
from tests.daemon.recipes.logs import Log, document, measures, own_figures, rules, sent, types
from tests.daemon.recipes.small import codes
from tests.daemon.texts import holding
from tests.factories_combat import swtor
from tests.factories_logs import ACCENTED, OWN, START, written

SWTOR = Log("swtor", "combat_2026-03-01_19_55_00_123456.txt")
FILES = sorted((SAMPLES / "swtor").glob("combat_*.txt"))
samples = needs_samples("swtor")
each_real_log = pytest.mark.parametrize("path", FILES, ids=[f"log-{number}" for number in range(len(FILES))])
both_formats = pytest.mark.parametrize("since_7", [False, True])


@both_formats
def test_every_fight_is_a_session(since_7: bool) -> None:
    assert len(SWTOR.read(written(swtor(1, fights=4, since_7=since_7))).found) == 4


@both_formats
def test_a_fight_is_that_of_whoever_went_into_it(since_7: bool) -> None:
    assert {one.identity for one in SWTOR.read(written(swtor(1, since_7=since_7))).found} == {OWN}


def test_a_fight_whose_end_is_missing_is_over_when_nothing_more_happens() -> None:
    assert rules(SWTOR.read(written(swtor(2, unended=[1])))) == [EndRule.EXPLICIT, EndRule.SILENCE, EndRule.EXPLICIT]


def test_a_fight_whose_end_is_missing_is_over_when_the_next_begins() -> None:
    assert rules(SWTOR.read(written(swtor(2, unended=[1], pause=30))))[1] is EndRule.NEXT_START


def test_whoever_comes_to_another_place_is_out_of_the_fight() -> None:
    lines = swtor(2, fights=1, unended=[0], since_7=True, pause=1)
    area = f"[@{OWN}#7|(1,2,3,4)|(5/6)] [] [] [AreaEntered {{836045448953664}}: Odessen {{137438989504}}] (he3000) <v7.0.0b>"
    (end,) = [found.end for found in SWTOR.read(written([*lines, f"[20:01:00.000] {area}"])).found]
    assert (end and (end.rule, end.evidence)) == (EndRule.EXPLICIT, f"line {len(lines) + 1}: area_entered")


def test_the_last_fight_without_an_end_may_still_go_on() -> None:
    assert rules(SWTOR.read(written(swtor(2, unended=[2]))))[2] is None


def test_what_happens_between_two_fights_belongs_to_none() -> None:
    found = SWTOR.read(written(swtor(2))).found
    assert all(one.last_at < other.started_at for one, other in pairwise(found))


def test_a_fight_after_midnight_is_of_the_next_day() -> None:
    log = written(swtor(3, start=START.replace(hour=23, minute=58)))
    found = SWTOR.read(log, path="combat_2026-03-01_23_50_00_123456.txt").found
    assert [one.started_at.date().isoformat() for one in found] == ["2026-03-01", "2026-03-02", "2026-03-02"]


def test_a_fight_across_midnight_takes_as_long_as_it_took() -> None:
    log = written(swtor(3, fights=1, start=START.replace(hour=23, minute=59, second=58)))
    found = SWTOR.only(log, path="combat_2026-03-01_23_50_00_123456.txt")
    assert timedelta() < found.last_at - found.started_at < timedelta(minutes=1)


def test_a_log_that_is_begun_before_midnight_and_first_written_after_it_is_of_the_next_day() -> None:
    log = written(swtor(3, fights=1, start=START.replace(day=2, hour=0, minute=1)))
    found = SWTOR.only(log, path="combat_2026-03-01_23_59_50_123456.txt")
    assert found.started_at.date().isoformat() == "2026-03-02"


def test_a_name_in_the_code_page_of_windows_is_read() -> None:
    reading = SWTOR.read(written(swtor(4, own=ACCENTED), encoding="cp1252"))
    assert ({one.identity for one in reading.found}, codes(reading)) == ({ACCENTED}, ["not-utf-8"])


def test_the_same_fight_in_either_encoding_is_the_same_session() -> None:
    one, other = (SWTOR.read(written(swtor(4, own=ACCENTED), encoding=name)) for name in ("utf-8", "cp1252"))
    assert [found.session for found in one.found] == [found.session for found in other.found]


LINES = {
    "hit": "[@{own}] [Bug {{1}}:2] [Leap {{3}}] [ApplyEffect {{4}}: Damage {{836045448945501}}] (425 energy {{5}}) <425>",
    "critical": "[@{own}] [Bug {{1}}:2] [Leap {{3}}] [ApplyEffect {{4}}: Damage {{836045448945501}}] (425* energy {{5}})",
    "overkill": "[@{own}#7|(1,2,3,4)|(5/6)] [Bug {{1}}:2|(1,2,3,4)|(0/6)] [Leap {{3}}] [ApplyEffect {{4}}: Damage {{836045448945501}}] (425 ~25 energy {{5}}) <425.0>",
    "german": "[@{own}] [Käfer {{1}}:2] [Sprung {{3}}] [EffektAnwenden {{4}}: Schaden {{836045448945501}}] (425 Energie {{5}}) <425>",
    "unnamed": "[@{own}] [Bug {{1}}:2] [] [ApplyEffect {{4}}: Damage {{836045448945501}}] (425 energy {{5}}) <425>",
}


def fight_with(line: str, area: str = "Hoth") -> bytes:
    start = f"[20:00:00.000] [@{OWN}] [@{OWN}] [] [Event {{1}}: EnterCombat {{836045448945489}}] ({area})"
    return written([start, f"[20:00:01.000] {line.format(own=OWN)}"])


@pytest.mark.parametrize(
    ("kind", "amount"), [("hit", 425), ("critical", 425), ("overkill", 25), ("german", 425), ("unnamed", 425)]
)
def test_damage_is_read_in_every_way_it_is_written(kind: str, amount: float) -> None:
    assert own_figures(SWTOR.only(fight_with(LINES[kind]))) == {"damage_dealt": amount, "hits": 1.0}


def test_an_asterisk_is_a_critical_hit() -> None:
    hits = {kind: SWTOR.only(fight_with(LINES[kind])).session.events[1].critical for kind in ("hit", "critical")}
    assert hits == {"hit": False, "critical": True}


def test_damage_per_second_is_damage_by_how_long_the_fight_took() -> None:
    found = SWTOR.only(fight_with(LINES["hit"]))
    assert measures(found)["dps"] == 425.0


@both_formats
def test_every_kind_of_event_of_a_fight_is_told(since_7: bool) -> None:
    found = SWTOR.only(written(swtor(5, fights=1, since_7=since_7)))
    assert types(found).keys() >= {
        "ability",
        "damage",
        "miss",
        "companion_damage",
        "damage_taken",
        "avoided",
        "heal",
        "kill",
    }


def test_a_companion_s_damage_is_not_that_of_its_owner() -> None:
    found = SWTOR.only(written(swtor(5, fights=1)))
    own = own_figures(found)
    assert (own["damage_dealt"], own["companion_damage"]) == (own["hits"] / 2 * 1425, own["hits"] / 2 * 50)


def test_generated_logs_are_sent_as_they_were_when_somebody_last_looked() -> None:
    made = [document(found) for found in SWTOR.read(stored("swtor/combat.txt")).found]
    assert made == expected("swtor/sent.json", made)


def test_generated_logs_since_7_are_sent_as_they_were_when_somebody_last_looked() -> None:
    made = [document(found) for found in SWTOR.read(stored("swtor/combat-7.txt")).found]
    assert made == expected("swtor/sent-7.json", made)


# Real logs


@samples
def test_the_shipped_samples_hold_thirty_seven_fights() -> None:
    assert sum(len(SWTOR.read(path.read_bytes(), path=path.name).found) for path in FILES) == 37


@samples
@each_real_log
def test_every_fight_of_a_real_log_is_a_session(path: Path) -> None:
    data = path.read_bytes()
    assert len(SWTOR.read(data, path=path.name).found) == data.count(b": EnterCombat {")


@samples
@each_real_log
def test_every_fight_of_a_real_log_ends_where_it_says(path: Path) -> None:
    data = path.read_bytes()
    ends = rules(SWTOR.read(data, path=path.name))
    assert ends.count(EndRule.EXPLICIT) == data.count(b": ExitCombat {")


@samples
@each_real_log
def test_the_fights_of_a_real_log_lie_between_its_name_and_the_midnight_after(path: Path) -> None:
    begun = datetime.strptime(path.name[7:26] + "+00:00", "%Y-%m-%d_%H_%M_%S%z")
    midnight = begun.replace(hour=0, minute=0, second=0) + timedelta(days=1)
    found = SWTOR.read(path.read_bytes(), path=path.name).found
    assert all(begun <= one.started_at < one.last_at < midnight for one in found)


@samples
@each_real_log
def test_a_real_log_without_a_fight_says_why(path: Path) -> None:
    data = path.read_bytes()
    reading = SWTOR.read(data, path=path.name)
    reason = [] if reading.found else ["no-session" if data else "empty"]
    assert codes(reading) == reason


@samples
@each_real_log
def test_no_player_of_a_real_log_is_in_what_is_sent(path: Path) -> None:
    data = path.read_bytes()
    people = {part.split(b"]")[0].split(b":")[0].split(b"#")[0].decode("cp1252") for part in data.split(b"[@")[1:]}
    documents = [sent(found) for found in SWTOR.read(data, path=path.name).found]
    assert sum(1 for name in people for one in documents if holding(one, name)) == 0


def test_where_a_fight_was_is_in_no_digest() -> None:
    """Its key goes everywhere, also where places are dropped."""
    here, there = (SWTOR.only(fight_with(LINES["hit"], area)).session for area in ("Hoth", "Odessen"))
    assert here.facts["area"] == "Hoth"
    assert (here.id, here.natural_key) == (there.id, there.natural_key)
