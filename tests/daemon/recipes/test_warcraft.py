"""The shipped recipe for World of Warcraft: over generated logs and over a stored one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logferry_model.session import EndRule
from tests.daemon.golden import expected, stored
from tests.daemon.recipes.logs import Log, document, measures, own_figures, rules, types
from tests.factories_combat import warcraft
from tests.factories_logs import FRIEND, OWN, START, written

WARCRAFT = Log("world-of-warcraft", "WoWCombatLog-030126_195500.txt")
BOSS = 'ENCOUNTER_START,2902,"Ulgrax, the Devourer",15,20,2657'
BOSS_END = 'ENCOUNTER_END,2902,"Ulgrax, the Devourer",15,20,1,301000'
RUN = 'CHALLENGE_MODE_START,"Ara-Kara, City of Echoes",2660,503,12,[9,10,147]'
RUN_END = "CHALLENGE_MODE_END,2660,1,12,1925000,55.0,1980.0"
ARENA, ARENA_END = "ARENA_MATCH_START,1825,41,3v3,1", "ARENA_MATCH_END,1,336,2255,2261"
ZONE = 'ZONE_CHANGE,2552,"Khaz Algar",0'
HIT = f'SPELL_DAMAGE,Player-1-2,"{OWN}-Burrow-EU",0x511,0x0,Creature-0-1,"Owl",0xa48,0x0,1449,"Echo",0x40'
HEAL = (
    f'SPELL_HEAL,Player-1-2,"{OWN}-Burrow-EU",0x511,0x0,Player-1-3,"{FRIEND}-Burrow-EU",0x512,0x0,8936,"Regrowth",0x8'
)
CAST = f'SPELL_CAST_SUCCESS,Player-1-2,"{OWN}-Burrow-EU",0x511,0x0,0000000000000000,nil,0x80000000,0x80000000,2983,"Sprint",0x1'
MORE = "Creature-0-1,0000000000000000,700,900,11,12,13,14,15,0,3,50,100,0,123.45,-67.89,42,1.5000,80"


def log(*said: str, stamp: str = "3/1/2026 20:00:{:02}.0000") -> bytes:
    """A line a second."""
    return written(f"{stamp.format(second)}  {one}" for second, one in enumerate(said))


def kinds(data: bytes) -> list[str]:
    """How each session begins."""
    return [found.session.events[0].type for found in WARCRAFT.read(data).found]


def started(stamp: str, **known: object) -> str:
    return WARCRAFT.only(log(BOSS, BOSS_END, stamp=stamp), **known).started_at.isoformat()


@pytest.mark.parametrize(
    ("said", "begun"),
    [
        ((BOSS, BOSS_END), ["encounter_start"]),
        ((ARENA, ARENA_END), ["arena_start"]),
        ((RUN, BOSS, BOSS_END, RUN_END), ["challenge_start"]),
        ((RUN, BOSS, BOSS_END, RUN_END, BOSS, BOSS_END), ["challenge_start", "encounter_start"]),
        ((RUN_END, RUN, RUN_END), ["challenge_start"]),
        ((RUN, BOSS, RUN_END, RUN, RUN_END), ["challenge_start", "challenge_start"]),
        ((BOSS, BOSS, BOSS_END), ["encounter_start", "encounter_start"]),
        ((BOSS, RUN, RUN_END), ["encounter_start", "challenge_start"]),
        ((BOSS_END, ARENA_END, ZONE), []),
    ],
)
def test_what_is_larger_holds_what_is_smaller(said: tuple[str, ...], begun: list[str]) -> None:
    assert kinds(log(*said)) == begun


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ((BOSS, BOSS_END), [EndRule.EXPLICIT]),
        ((BOSS, ZONE), [EndRule.EXPLICIT]),
        ((ARENA, ZONE), [EndRule.EXPLICIT]),
        ((RUN, ZONE), [None]),
        ((RUN, ZONE, RUN_END), [EndRule.EXPLICIT]),
        ((RUN, RUN, RUN_END), [EndRule.NEXT_START, EndRule.EXPLICIT]),
        ((BOSS, HIT), [None]),
    ],
)
def test_each_way_to_end_is_recognised(said: tuple[str, ...], ends: list[EndRule | None]) -> None:
    assert rules(WARCRAFT.read(log(*said))) == ends


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("3/1/2026 20:00:{:02}.3078", "2026-03-01T12:00:00.307000+00:00"),
        ("3/1/2026 20:00:{:02}.949-4", "2026-03-02T00:00:00.949000+00:00"),
        ("3/1/2026 20:00:{:02}.9490", "2026-03-01T20:00:00.949000+00:00"),
        ("3/1/2026 20:00:{:02}.94910", "2026-03-01T10:00:00.949000+00:00"),
        ("3/1/2026 20:00:{:02}.949-11", "2026-03-02T07:00:00.949000+00:00"),
        ("3/1/2026 20:00:{:02}.9495.5", "2026-03-01T14:30:00.949000+00:00"),
        ("3/1 20:00:{:02}.949", "2026-03-01T20:00:00.949000+00:00"),
    ],
)
def test_a_time_is_read_in_every_way_it_is_written(stamp: str, at: str) -> None:
    assert started(stamp) == at


def test_a_line_without_a_year_in_a_file_begun_last_year_is_of_this_one() -> None:
    assert started("1/1 00:10:{:02}.000", path="WoWCombatLog-123125_235500.txt") == "2026-01-01T00:10:00+00:00"


def test_a_december_in_a_file_last_written_in_january_was_last_year() -> None:
    written_at = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
    assert started("12/31 23:50:{:02}.000", path="WoWCombatLog.txt", modified=written_at) == "2025-12-31T23:50:00+00:00"


@pytest.mark.parametrize("more", ["", f"{MORE},"])
@pytest.mark.parametrize("tail", ["", ",ST", ",AOE"])
def test_damage_is_counted_from_the_end_of_the_line(more: str, tail: str) -> None:
    found = WARCRAFT.only(log(BOSS, CAST, f"{HIT},{more}1200,1499,-1,4,0,0,0,1,nil,nil{tail}", BOSS_END))
    assert own_figures(found) == {"damage_dealt": 1200.0, "hits": 1.0}


@pytest.mark.parametrize("more", ["", f"{MORE},"])
def test_healing_is_counted_from_the_end_of_the_line(more: str) -> None:
    found = WARCRAFT.only(log(BOSS, CAST, f"{HEAL},{more}900,800,100,0,nil", BOSS_END))
    assert own_figures(found) == {"healing": 900.0}


def test_a_comma_in_a_name_moves_nothing() -> None:
    hit = HIT.replace('"Echo"', '"Echo, of all, Sorrow"')
    found = WARCRAFT.only(log(BOSS, CAST, f"{hit},1200,1499,-1,4,0,0,0,1,nil,nil", BOSS_END))
    assert measures(found)["damage"] == 1200.0


def test_what_creatures_and_pets_do_is_not_counted() -> None:
    hits = [
        HIT.replace("Player-1-2", other) + ",1200,1499,-1,4,0,0,0,1,nil,nil" for other in ("Creature-0-1", "Pet-0-1")
    ]
    assert measures(WARCRAFT.only(log(BOSS, *hits, BOSS_END)))["damage"] == 0.0


def test_a_swing_counts_once_although_it_is_told_twice() -> None:
    swing = f'SWING_DAMAGE,Player-1-2,"{OWN}-Burrow-EU",0x511,0x0,Creature-0-1,"Owl",0xa48,0x0,300,400,-1,1,0,0,0,nil,nil,nil'
    found = WARCRAFT.only(log(BOSS, swing, swing.replace("SWING_DAMAGE", "SWING_DAMAGE_LANDED"), BOSS_END))
    assert measures(found)["damage"] == 300.0


def test_who_pretends_to_die_is_not_dead() -> None:
    died = f'UNIT_DIED,0000000000000000,nil,0x80000000,0x80000000,Player-1-2,"{OWN}-Burrow-EU",0x511,0x0'
    assert measures(WARCRAFT.only(log(BOSS, died, f"{died},0", f"{died},1", BOSS_END)))["deaths"] == 2.0


def test_the_player_is_whose_casts_are_marked_as_mine() -> None:
    theirs = CAST.replace("0x511", "0x512").replace(OWN, FRIEND)
    assert WARCRAFT.only(log(BOSS, theirs, CAST, theirs, BOSS_END)).identity == f"{OWN}-Burrow-EU"


def test_without_a_cast_of_the_player_nobody_is_named() -> None:
    assert WARCRAFT.only(log(BOSS, BOSS_END)).identity is None


def test_lines_that_only_count_make_no_events() -> None:
    found = WARCRAFT.only(log(BOSS, *[f"{HIT},1200,1499,-1,4,0,0,0,1,nil,nil"] * 40, BOSS_END))
    assert types(found) == {"encounter_start": 1, "encounter_end": 1}


def test_the_facts_of_a_boss_are_known() -> None:
    assert WARCRAFT.only(log(BOSS, BOSS_END)).session.facts == {
        "encounter": 2902,
        "boss": "Ulgrax, the Devourer",
        "difficulty": 15,
        "size": 20,
        "instance": 2657,
        "boss_success": 1,
        "boss_ms": 301000,
    }


def test_the_facts_of_a_run_are_known() -> None:
    facts = WARCRAFT.only(log(RUN, RUN_END)).session.facts
    assert (facts["dungeon"], facts["key_level"], facts["run_success"]) == ("Ara-Kara, City of Echoes", 12, 1)


@pytest.mark.parametrize(
    ("where", "process"),
    [
        ("C:/World of Warcraft/_retail_/Logs/WoWCombatLog.txt", "Wow.exe"),
        ("C:/World of Warcraft/_classic_/Logs/WoWCombatLog.txt", "WowClassic.exe"),
        ("C:/World of Warcraft/_classic_era_/Logs/WoWCombatLog.txt", "WowClassic.exe"),
        ("elsewhere/WoWCombatLog.txt", "Wow.exe"),
    ],
)
def test_each_flavour_has_its_own_program(where: str, process: str) -> None:
    assert WARCRAFT.tracker.rules(where).processes[0] == process


@pytest.mark.parametrize("name", ["_retail_", "_classic_era_"])
def test_the_flavour_of_a_path_is_the_most_precise_one(name: str) -> None:
    flavours = WARCRAFT.tracker.recipe.flavour
    assert next(one for one in flavours if any(text in name for text in one.paths)).paths[0] == name


def test_a_generated_log_is_sent_as_it_was_when_somebody_last_looked() -> None:
    made = [document(found) for found in WARCRAFT.read(stored("world-of-warcraft/WoWCombatLog.txt")).found]
    assert made == expected("world-of-warcraft/sent.json", made)


def test_a_whole_evening_has_its_run_its_arena_and_its_bosses() -> None:
    assert kinds(written(warcraft(1, start=START, bosses=2))) == [
        "challenge_start",
        "arena_start",
        "encounter_start",
        "encounter_start",
    ]
