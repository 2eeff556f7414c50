"""The shipped recipe for Star Trek Online: over generated logs and over a stored one."""

from __future__ import annotations

import pytest

from logferry_daemon.core.reading import Found
from logferry_model.session import EndRule
from tests.daemon.golden import expected, stored
from tests.daemon.recipes.logs import Log, document, measures, rules, types
from tests.factories_combat import CAPTAIN, CUBE, MATE_CAPTAIN, trek
from tests.factories_logs import ACCENTED, HANDLE, OWN, RIVAL, written

TREK = Log("star-trek-online", "combatlog.log")
SHOT = f"{CAPTAIN},,*,{CUBE},Phaser Beam Array,Pn.B7b7ys1,Phaser,,100,120"


def log(*said: tuple[int, str]) -> bytes:
    """Lines at so many seconds after eight o'clock."""
    return written(f"26:03:01:20:{second // 60:02}:{second % 60:02}.5::{one}" for second, one in said)


def figures(found: Found) -> list[dict[str, float]]:
    return [one.figures for one in found.session.participants if one.figures]


def only(said: str) -> Found:
    return TREK.only(log((0, SHOT), (1, said)))


@pytest.mark.parametrize("fights", [0, 1, 4])
def test_every_fight_is_a_session(fights: int) -> None:
    assert len(TREK.read(written(trek(1, fights=fights))).found) == fights


@pytest.mark.parametrize(("pause", "fights"), [(100, 1), (101, 2)])
def test_a_hundred_seconds_without_a_line_part_two_fights(pause: int, fights: int) -> None:
    assert len(TREK.read(log((0, SHOT), (pause, SHOT))).found) == fights


def test_a_fight_that_a_pause_ended_says_how_long_it_was() -> None:
    first = TREK.read(log((0, SHOT), (180, SHOT))).found[0]
    assert (first.end and (first.end.rule, first.end.evidence)) == (
        EndRule.SILENCE,
        "line 2: nothing was written for 0:03:00 before it",
    )


def test_the_last_fight_may_still_go_on() -> None:
    assert rules(TREK.read(log((0, SHOT)))) == [None]


HEAL = f"{CAPTAIN},,*,,*,Brace for Impact III,Pn.X88tg61,HitPoints,,-180,-150"


def test_whoever_only_heals_does_not_fight() -> None:
    assert TREK.read(log((0, HEAL), (20, HEAL))).found == ()


def test_healing_keeps_no_fight_going() -> None:
    said = [(0, SHOT), *((second, HEAL) for second in range(50, 300, 50)), (310, SHOT)]
    assert len(TREK.read(log(*said)).found) == 2


def test_a_time_has_two_digits_of_the_year() -> None:
    assert TREK.only(log((0, SHOT))).started_at.isoformat() == "2026-03-01T20:00:00.500000+00:00"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (SHOT, "damage"),
        (SHOT.replace(",,100,", ",Critical|Flank,100,"), "damage"),
        (SHOT.replace(",,100,", ",Critical|Kill,100,"), "kill"),
        (SHOT.replace(",,100,", ",Kill,100,"), "kill"),
        (SHOT.replace("Phaser Beam Array", "Kill Shot"), "damage"),
        (SHOT.replace("Phaser,,100,120", ",Miss,0,0"), "miss"),
        (HEAL, "heal"),
        (f"{CUBE},,*,{MATE_CAPTAIN},Cutting Beam,Pn.Cb,Plasma,,321.25,400", "damage_taken"),
        (f"{CUBE},,*,{MATE_CAPTAIN},Cutting Beam,Pn.Cb,Plasma,Kill,321.25,400", "death"),
    ],
)
def test_each_kind_of_line_is_recognised(said: str, kind: str) -> None:
    assert only(said).session.events[1].type == kind


@pytest.mark.parametrize(
    "said",
    [
        SHOT.replace("Phaser,,100,120", "Shield,,-200,-180"),
        SHOT.replace("Phaser,,100,120", "Power,,-11.4,0"),
        f"{CUBE},,*,Owl,C[2 Owl],Cutting Beam,Pn.Cb,Plasma,,321.25,400",
        SHOT[:-12],
        "",
    ],
)
def test_other_lines_make_no_event(said: str) -> None:
    assert types(only(said)) == {"damage": 1}


def test_a_creature_is_told_by_the_game_s_own_word() -> None:
    assert only(SHOT).session.events[1].creature == "Space_Borg_Cube_Tactical"


def test_a_critical_hit_is_flagged() -> None:
    assert only(SHOT.replace(",,100,", ",Flank|Critical,100,")).session.events[1].critical


def test_everybody_has_figures_of_their_own() -> None:
    taken = f"{CUBE},,*,{MATE_CAPTAIN},Cutting Beam,Pn.Cb,Plasma,,321.25,400"
    assert figures(only(taken)) == [{"damage_dealt": 100.0, "hits": 1.0}, {"damage_taken": 321.25}]


def test_the_damage_of_the_last_blow_counts_too() -> None:
    assert measures(only(SHOT.replace(",,100,", ",Kill,100,")))["damage"] == 200.0


def test_the_log_does_not_say_who_plays_here() -> None:
    assert TREK.only(log((0, SHOT))).identity is None


def test_names_are_looked_for_with_and_without_their_accounts() -> None:
    names = TREK.only(written(trek(2, fights=1))).names
    assert names >= {OWN, HANDLE, f"{OWN}@{HANDLE}", ACCENTED, RIVAL}


def test_a_generated_log_is_sent_as_it_was_when_somebody_last_looked() -> None:
    made = [document(found) for found in TREK.read(stored("star-trek-online/combatlog.log")).found]
    assert made == expected("star-trek-online/sent.json", made)
