from __future__ import annotations

import json
import struct
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.reading import About
from logferry_daemon.recipes.match.evtc import MAX_AGENTS
from logferry_daemon.recipes.match.unzip import content_of
from logferry_model.session import EndRule
from tests.conftest import SAMPLES, needs_samples
from tests.daemon.golden import expected, stored
from tests.daemon.recipes.match.shipped import GW2, codes, found_in, read, sent
from tests.daemon.texts import holding
from tests.factories_match import (
    ACCOUNT,
    BOSS,
    BOSS_NAME,
    CHARACTER,
    ENEMY,
    FRIEND,
    FRIEND_ACCOUNT,
    FRIEND_CHARACTER,
    OWN,
    PET,
    START_UNIX,
    blow,
    change,
    creature,
    ending,
    event,
    evtc,
    fight,
    fighting,
    gadget,
    opening,
    party,
    player,
    zipped,
)

STARTED = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
PLANTED = (CHARACTER, ACCOUNT, FRIEND_CHARACTER, FRIEND_ACCOUNT, "Quellmont", "Tarrowfen")
BOTH = pytest.mark.parametrize("revision", [0, 1])
MANY = settings(max_examples=150, deadline=None)


def figures(data: bytes) -> dict[str, dict[str, float]]:
    return {person.id: person.figures for person in found_in(GW2, data).session.participants}


def log(*rows: bytes, agents: list[bytes] | None = None, boss: int = BOSS) -> bytes:
    """A log of these events between a beginning and an end."""
    return evtc(agents or party(), [*opening(), *rows, *ending()], boss=boss)


@BOTH
def test_a_generated_fight_is_sent_as_it_was_when_somebody_last_looked(revision: int) -> None:
    made = json.loads(sent(found_in(GW2, stored(f"gw2/revision-{revision}.zevtc"))))
    assert made == expected(f"gw2/revision-{revision}.json", made)


@BOTH
def test_the_stored_fights_are_those_of_the_generator(revision: int) -> None:
    data = stored(f"gw2/revision-{revision}.zevtc")
    assert b"".join(content_of(data, zipped=True, limit=2**20)) == fight(revision)


def test_both_revisions_tell_the_same_fight() -> None:
    one, other = (found_in(GW2, fight(revision)).session for revision in (0, 1))
    assert (one.participants, one.events, one.bosses) == (other.participants, other.events, other.bosses)


@BOTH
def test_a_zip_tells_what_the_file_in_it_tells(revision: int) -> None:
    assert sent(found_in(GW2, zipped(fight(revision)))) == sent(found_in(GW2, fight(revision)))


@BOTH
def test_boss_agents_and_duration_are_those_of_the_file(revision: int) -> None:
    session = found_in(GW2, fight(revision)).session
    told = (session.facts["boss_id"], session.facts["agents"], session.facts["players"], session.duration)
    assert told == (BOSS, 4, 2, timedelta(milliseconds=75_448))


def test_a_fight_starts_by_the_clock_of_the_server() -> None:
    assert found_in(GW2, fight()).started_at == STARTED


@pytest.mark.parametrize("hours", [9, -5])
def test_the_zone_of_the_computer_changes_nothing(hours: int) -> None:
    elsewhere = found_in(GW2, fight(), About(zone=timezone(timedelta(hours=hours)), path="x/y", folder="/z"))
    assert sent(elsewhere) == sent(found_in(GW2, fight()))


def test_the_end_is_explicit_and_names_nobody() -> None:
    evidence = f"the file is whole: 1 fight, boss id {BOSS}, 4 agents, 1613 events"
    assert found_in(GW2, fight()).end == end_by(EndRule.EXPLICIT, evidence)


def test_whose_fight_it_is_says_the_account_that_recorded_it() -> None:
    assert found_in(GW2, fight()).identity == ACCOUNT


def test_the_owner_is_the_local_player_and_the_others_are_numbered() -> None:
    people = found_in(GW2, fight()).session.participants
    assert [(one.id, one.local, one.name) for one in people] == [
        ("me", True, CHARACTER),
        ("p1", False, FRIEND_CHARACTER),
    ]


def test_a_log_without_a_point_of_view_is_nobodys() -> None:
    found = found_in(GW2, evtc(party(), [opening()[0], *fighting(), *ending()]))
    assert (found.identity, [one.local for one in found.session.participants]) == (None, [False, False])


def test_damage_is_blows_and_conditions_and_what_a_pet_did_its_master_did() -> None:
    told = figures(fight())
    assert (told["me"]["boss_damage"], told["p1"]["boss_damage"]) == (200 * 107.0, 200 * 43.0)


def test_blocked_blows_activations_and_conditions_being_put_on_are_no_damage() -> None:
    rows = (
        blow(1, 10, OWN, ENEMY, 999, result=3),
        blow(1, 10, OWN, ENEMY, 999, result=10),
        blow(1, 10, OWN, ENEMY, 999, is_activation=1),
        blow(1, 10, OWN, ENEMY, 999, is_buffremove=1),
        blow(1, 10, OWN, ENEMY, 999, buff=1, buff_dmg=0),
        blow(1, 10, OWN, ENEMY, -50),
        blow(1, 10, OWN, ENEMY, 999, is_statechange=49),
    )
    assert figures(log(*rows))["me"]["boss_damage"] == 0.0


@pytest.mark.parametrize("result", [0, 1, 2, 5, 8, 9])
def test_every_blow_that_lands_is_damage(result: int) -> None:
    assert figures(log(blow(1, 10, OWN, ENEMY, 7, result=result)))["me"]["boss_damage"] == 7.0


def test_a_condition_that_is_put_on_is_no_damage_whatever_it_will_do() -> None:
    assert figures(log(blow(1, 10, OWN, ENEMY, 5000, buff=1, buff_dmg=7)))["me"]["boss_damage"] == 0.0


@pytest.mark.parametrize("result", [14, 15, 16, 17, 18])
def test_newer_releases_tell_how_a_condition_came_to_hurt(result: int) -> None:
    assert figures(log(blow(1, 10, OWN, ENEMY, 0, buff=1, buff_dmg=7, result=result)))["me"]["boss_damage"] == 7.0


def test_damage_to_a_friend_counts_for_who_took_it_only() -> None:
    told = figures(log(event(1, 10, src_agent=OWN, dst_agent=FRIEND, value=5)))
    assert (told["me"]["damage_dealt"], told["p1"]["damage_taken"]) == (0.0, 5.0)


def test_downs_and_deaths_are_counted_by_player() -> None:
    assert (figures(fight())["p1"]["downs"], figures(fight())["p1"]["deaths"]) == (1.0, 1.0)


def test_deaths_of_the_squad_and_the_boss_are_events_and_those_of_pets_are_none() -> None:
    told = [(one.type, one.participant) for one in found_in(GW2, fight()).session.events]
    assert told == [("downed", "p1"), ("death", "p1"), ("boss_death", None)]


def test_the_boss_has_the_name_that_the_log_gives_it() -> None:
    (boss,) = found_in(GW2, fight()).session.bosses
    assert (boss.name, boss.damage, boss.max_hp, boss.defeated) == (BOSS_NAME, 30_000.0, 40_000.0, True)


def test_a_thing_with_the_number_of_the_boss_is_not_the_boss() -> None:
    agents = [*party(), gadget(77, BOSS, "A crate")]
    assert [one.name for one in found_in(GW2, log(agents=agents)).session.bosses] == [BOSS_NAME]


def test_a_boss_that_is_a_thing_is_found_where_no_creature_has_its_number() -> None:
    agents = [player(OWN, CHARACTER, ACCOUNT), gadget(77, 43_974, "Great Amalgam")]
    assert [one.name for one in found_in(GW2, log(agents=agents, boss=43_974)).session.bosses] == ["Great Amalgam"]


@pytest.mark.parametrize(
    ("rows", "won"),
    [
        ((change(1, 4, 10, src_agent=ENEMY),), True),
        ((change(1, 17, 10, dst_agent=55),), True),
        ((change(1, 8, 10, src_agent=ENEMY, dst_agent=0),), True),
        ((blow(1, 10, OWN, ENEMY, 5, result=8),), True),
        ((change(1, 8, 10, src_agent=ENEMY, dst_agent=120),), False),
        ((change(1, 4, 10, src_agent=OWN),), False),
    ],
)
def test_a_fight_is_won_when_the_boss_is_seen_to_be_beaten(rows: tuple[bytes, ...], won: bool) -> None:
    assert found_in(GW2, log(*rows)).session.facts["success"] is won


def test_a_fight_without_a_word_about_its_boss_is_neither_won_nor_lost() -> None:
    assert "success" not in found_in(GW2, evtc(party(), [*opening()[:6], *ending()])).session.facts


def test_world_versus_world_has_no_boss_and_its_enemies_are_no_participants() -> None:
    agents = [player(OWN, CHARACTER, ACCOUNT), player(3, "Somebody Else", ""), creature(1, 1, "Dolyak")]
    session = found_in(GW2, log(agents=agents, boss=1)).session
    told = (session.facts["mode"], session.facts["enemies"], len(session.participants), session.bosses)
    assert told == ("world-versus-world", 1, 1, ())


def test_a_player_who_came_back_is_one_participant() -> None:
    agents = [*party(), player(FRIEND, FRIEND_CHARACTER, FRIEND_ACCOUNT)]
    session = found_in(GW2, log(agents=agents)).session
    assert (len(session.participants), session.facts["players"]) == (2, 2)


def test_two_players_logs_of_one_fight_are_two_sessions() -> None:
    other = fight().replace(struct.pack("<QQ", 369_499_977, OWN), struct.pack("<QQ", 369_499_977, FRIEND))
    assert found_in(GW2, other).id != found_in(GW2, fight()).id


def test_a_fight_is_known_without_a_name_not_even_a_digest_of_one() -> None:
    renamed = fight(character="Somebody Quite Else", account="Another.9999")
    assert found_in(GW2, renamed).session.natural_key == found_in(GW2, fight()).session.natural_key


@pytest.mark.parametrize("name", PLANTED)
@BOTH
def test_no_name_is_in_what_is_sent(revision: int, name: str) -> None:
    assert holding(sent(found_in(GW2, fight(revision))), name) == []


NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "P", "S", "M", "Cf", "Cn")), min_size=4, max_size=12
)


@MANY
@given(NAMES.map(lambda name: f"Xq{name}"))
def test_a_canary_never_survives_wherever_it_is_planted(name: str) -> None:
    agents = [
        player(OWN, name, f"{name}.1234"),
        player(FRIEND, f"{name} II", f"{name}.4321", name),
        player(3, name, ""),
        creature(PET, 1770, name),
        creature(ENEMY, BOSS, f"Keeper {name} of the Gate"),
    ]
    data = evtc(agents, [*opening(), *fighting(blows=150), *ending()])
    assert holding(sent(found_in(GW2, data)), name) == []


def test_a_cut_log_keeps_what_is_whole_but_is_not_over() -> None:
    reading = read(GW2, fight()[:-1000])
    assert (len(reading.found), reading.found[0].end, codes(reading), reading.unfinished) == (
        1,
        None,
        ["cut-off"],
        True,
    )


def test_a_log_that_stops_between_two_events_is_not_over_either() -> None:
    reading = read(GW2, fight()[:-64])
    assert (reading.found[0].end, codes(reading), reading.unfinished) == (None, ["cut-off"], True)


def test_a_log_without_its_end_in_a_sound_zip_is_over() -> None:
    assert found_in(GW2, zipped(fight()[:-64])).end is not None


def test_a_log_that_goes_on_after_an_end_needs_another_one() -> None:
    rows = [*opening(), *ending(after=60_000), *fighting(), change(1, 9, 61_000, value=START_UNIX + 61)]
    assert found_in(GW2, evtc(party(), rows)).end is None


def test_wherever_a_log_is_cut_it_is_never_over() -> None:
    whole = fight()
    cuts = range(8192, len(whole), 1013)
    assert [cut for cut in cuts if any(found.end for found in read(GW2, whole[:cut]).found)] == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"EVTC20260215" + bytes(100), "too-small"),
        (b"NOPE" * 4000, "another-format"),
        (b"EVTCabcdefgh" + bytes(9000), "not-evtc"),
        (b"EVTC20260215\x02" + bytes(9000), "evtc-revision"),
        (b"EVTC20260215\x01\x01\0\0" + struct.pack("<I", MAX_AGENTS + 1) + bytes(9000), "evtc-damaged"),
        (b"EVTC20260215\x01\x01\0\0" + struct.pack("<II", 0, 10**9) + bytes(9000), "evtc-damaged"),
        (b"EVTC20260215\x01\x01\0\0" + struct.pack("<I", 40_000) + bytes(9000), "cut-off"),
        (evtc(party(), [*fighting(), *ending()]), "no-time"),
        (evtc(party(), [*opening(unix=0)[1:], *fighting(), *ending()]), "no-time"),
    ],
)
def test_what_is_no_fight_says_why(data: bytes, code: str) -> None:
    reading = read(GW2, data)
    assert (reading.found, codes(reading)) == ((), [code])


def test_a_file_over_the_limit_is_not_even_looked_at() -> None:
    assert codes(read(GW2, bytes(GW2.max_bytes + 1))) == ["too-large"]


def test_an_empty_file_is_waited_for() -> None:
    reading = read(GW2, b"")
    assert (codes(reading), reading.unfinished) == (["empty"], True)


@pytest.mark.parametrize("after", [2**63, 10**12])
def test_a_fight_of_a_year_took_no_time(after: int) -> None:
    rows = [*opening(), *fighting(), change(1, 10, 0).replace(struct.pack("<Q", 369_499_977), struct.pack("<Q", after))]
    assert found_in(GW2, evtc(party(), rows)).session.duration is not None


def test_reading_twice_is_as_reading_once() -> None:
    one, other = (found_in(GW2, fight()) for _ in range(2))
    assert (one.id, sent(one)) == (other.id, sent(other))


SMALL = evtc(party(), [*opening(), *fighting(blows=20), *ending()])


@MANY
@given(st.integers(0, len(SMALL)))
def test_wherever_it_is_cut_a_reading_comes_out(cut: int) -> None:
    reading = read(GW2, SMALL[:cut])
    assert reading.found or reading.troubles


# Where it hurts most: the header, the table of agents, the first events.
FIRST_EVENT = SMALL.index(struct.pack("<QQ", 369_499_977, 0x637261))
PLACES = st.integers(0, 420) | st.integers(FIRST_EVENT, FIRST_EVENT + 8 * 64) | st.integers(0, len(SMALL) - 1)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(PLACES, st.integers(0, 255)), min_size=1, max_size=8))
def test_whatever_bytes_are_wrong_what_is_found_can_be_sent(flips: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL)
    for place, value in flips:
        data[place] = value
    reading = read(GW2, bytes(data))
    assert reading.troubles or [sent(found) for found in reading.found]


def test_a_long_fight_in_a_zip_is_added_up_without_holding_it() -> None:
    content = evtc(party(), [*opening(), *fighting() * 120, *ending()])
    assert len(content) > 10 * 2**20
    data = zipped(content)
    tracemalloc.start()
    try:
        read(GW2, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * 2**20


@needs_samples("gw2")
def test_every_sample_tells_what_a_few_lines_of_struct_tell() -> None:
    wrong = [path.name for path in samples() if told_of(path) != read_apart(path)]
    assert (wrong, len(list(samples()))) == ([], 4)


@needs_samples("gw2")
def test_every_sample_is_whole_and_took_some_time() -> None:
    found = [found_in(GW2, path.read_bytes()) for path in samples()]
    assert [one for one in found if one.end is None or not one.session.duration or not one.identity] == []


@needs_samples("gw2")
def test_a_boss_of_a_sample_took_no_more_than_it_could() -> None:
    bosses = [boss for path in samples() for boss in found_in(GW2, path.read_bytes()).session.bosses]
    assert [one for one in bosses if not 0 < one.damage < 1.1 * (one.max_hp or 0)] == []


@needs_samples("gw2")
def test_nobody_of_a_sample_is_in_what_is_sent() -> None:
    found = [found_in(GW2, path.read_bytes()) for path in samples()]
    assert [one.id for one in found for name in one.names if len(name) > 3 and holding(sent(one), name)] == []


def samples() -> list[Path]:
    return sorted((SAMPLES / "gw2").iterdir())


def told_of(path: Path) -> tuple[object, ...]:
    session = found_in(GW2, path.read_bytes()).session
    seconds = session.duration.total_seconds() if session.duration else 0
    facts = session.facts
    return facts["boss_id"], facts["agents"], facts["players"], len(session.participants), seconds, session.started_at


def read_apart(path: Path) -> tuple[object, ...]:
    """The same, by the standard library's zip and offsets counted by hand."""
    with zipfile.ZipFile(path) as archive:
        data = archive.read(archive.namelist()[0])
    (agents,) = struct.unpack_from("<I", data, 16)
    rows = [data[20 + 96 * number :][:96] for number in range(agents)]
    squad = {row[:8] for row in rows if row[12:16] != b"\xff" * 4 and b"\0:" in row[28:92]}
    after = 20 + 96 * agents
    (skills,) = struct.unpack_from("<I", data, after)
    events = data[after + 4 + 68 * skills :]
    ticks = {events[at + 56]: struct.unpack_from("<Q", events, at)[0] for at in range(0, len(events), 64)}
    (unix,) = struct.unpack_from("<I", events, 24)
    started = datetime.fromtimestamp(unix, UTC)
    return struct.unpack_from("<H", data, 13)[0], agents, len(squad), len(squad), (ticks[10] - ticks[9]) / 1000, started
