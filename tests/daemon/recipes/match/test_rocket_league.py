from __future__ import annotations

import json
import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.reading import About
from logferry_daemon.recipes.match.unreal import MAX_DEPTH, MAX_HEADER, checksum
from logferry_model.session import EndRule, Session
from tests import factories_match
from tests.daemon.golden import expected, stored
from tests.daemon.recipes.match.shipped import LEAGUE, codes, found_in, read, sent
from tests.daemon.texts import holding
from tests.factories_match import (
    MATE,
    PLAYER,
    REPLAY_ID,
    RIVAL,
    Big,
    Name,
    match_properties,
    part,
    properties,
    replay,
    replay_of,
    scorer,
    text,
)

STARTED = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
TOKYO = About(zone=timezone(timedelta(hours=9)))
MANY = settings(max_examples=150, deadline=None)


def session_of(**changes: Any) -> Session:  # noqa: ANN401 -- any property
    return found_in(LEAGUE, replay(**changes)).session


def test_a_generated_match_is_sent_as_it_was_when_somebody_last_looked() -> None:
    made = json.loads(sent(found_in(LEAGUE, stored("rocket-league/match.replay"))))
    assert made == expected("rocket-league/match.json", made)


def test_the_stored_match_is_that_of_the_generator() -> None:
    assert stored("rocket-league/match.replay") == replay()


@given(st.binary(max_size=300))
def test_the_checksum_is_the_one_of_the_engine(data: bytes) -> None:
    assert checksum(data) == factories_match.checksum(data)


def test_a_match_is_known_by_the_games_own_id() -> None:
    assert session_of().natural_key == REPLAY_ID.lower()


def test_a_match_that_is_renamed_or_saved_again_is_the_same_match() -> None:
    again = replay(ReplayName="another name", Date="2026-03-05 08-12-00")
    assert sent(found_in(LEAGUE, again)) == sent(found_in(LEAGUE, replay()))


@pytest.mark.parametrize("odd", [None, "", "Oriana's best match", "0" * 31])
def test_an_id_that_is_none_of_the_games_does_not_leave(odd: str | None) -> None:
    key = session_of(Id=odd).natural_key
    assert (len(key), "oriana" in key.casefold()) == (12, False)


def test_a_match_starts_by_the_clock_of_the_match() -> None:
    assert session_of().started_at == STARTED


def test_a_match_of_an_older_release_starts_by_the_clock_on_the_wall() -> None:
    found = found_in(LEAGUE, replay(MatchStartEpoch=None), TOKYO)
    assert found.started_at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("own", [REPLAY_ID, None])
def test_the_zone_of_the_computer_makes_no_other_session(own: str | None) -> None:
    data = replay(MatchStartEpoch=None, Id=own)
    assert found_in(LEAGUE, data, TOKYO).id == found_in(LEAGUE, data).id


def test_the_oldest_releases_write_the_date_in_another_way() -> None:
    assert session_of(MatchStartEpoch=None, Date="2015-07-27:21-05").started_at == datetime(
        2015, 7, 27, 21, 5, tzinfo=UTC
    )


def test_a_zone_that_nobody_told_is_that_of_this_computer() -> None:
    found = found_in(LEAGUE, replay(MatchStartEpoch=None), About())
    assert found.started_at == datetime(2026, 3, 1, 21, 0).astimezone(UTC)


@pytest.mark.parametrize(
    "date", [None, "", "yesterday", "2026-13-01 21-00-00", "0001-01-01 00-00-00", "9999-12-31 23-59-59"]
)
def test_a_match_without_a_time_is_none(date: str | None) -> None:
    reading = read(LEAGUE, replay(MatchStartEpoch=None, Date=date))
    assert (reading.found, codes(reading)) == ((), ["no-time"])


def test_a_match_takes_its_frames_by_its_pace() -> None:
    assert session_of(NumFrames=9000, RecordFPS=30.0).duration == timedelta(minutes=5)


@pytest.mark.parametrize("pace", [None, 0.0, -1.0, float("nan"), float("inf"), 1e30])
def test_a_pace_that_cannot_be_is_the_usual_one(pace: float | None) -> None:
    assert session_of(RecordFPS=pace).duration == timedelta(minutes=5)


@pytest.mark.parametrize("frames", [-5, 2**31 - 1, None])
def test_frames_that_cannot_be_are_no_time(frames: int | None) -> None:
    assert session_of(NumFrames=frames).duration == timedelta()


def test_the_end_is_explicit_and_names_nobody() -> None:
    assert found_in(LEAGUE, replay()).end == end_by(EndRule.EXPLICIT, "the file is whole: 1 match, 9000 frames")


def test_whose_match_it_is_says_the_player_who_saved_it() -> None:
    assert found_in(LEAGUE, replay()).identity == PLAYER


def test_everybody_is_told_with_their_figures() -> None:
    told = {one.id: (one.name, one.local, one.figures["goals"], one.facts["team"]) for one in session_of().participants}
    assert told == {"p1": (MATE, False, 1.0, 0), "me": (PLAYER, True, 1.0, 0), "p2": (RIVAL, False, 0.0, 1)}


def test_goals_are_events_at_their_frame_by_their_scorer() -> None:
    told = [(one.at, one.participant) for one in session_of().events]
    start = int(STARTED.timestamp() * 1000)
    assert told == [(start + 30_000, "me"), (start + 150_000, "p1")]


@pytest.mark.parametrize(("scores", "won"), [((2, 1), True), ((1, 2), False), ((0, 0), False)])
def test_a_match_is_won_by_the_score(scores: tuple[int, int], won: bool) -> None:
    assert session_of(Team0Score=scores[0], Team1Score=scores[1]).facts["won"] is won


def test_a_team_without_a_goal_is_not_in_the_file() -> None:
    facts = session_of(Team1Score=None).facts
    assert (facts["team0_score"], facts["team1_score"]) == (2, 0)


@pytest.mark.parametrize("wide", [True, False])
def test_texts_come_in_one_byte_a_letter_or_in_two(wide: bool) -> None:
    head = properties(match_properties(PlayerName=None))[: -len(text("None"))]
    head += text("PlayerName") + text("StrProperty") + bytes(8) + text("Quéll", wide=wide) + text("None")
    assert found_in(LEAGUE, replay_of(head)).identity == "Quéll"


@pytest.mark.parametrize("field", ["MapName", "MatchType", "BuildVersion"])
def test_a_text_that_is_none_of_the_games_words_does_not_leave(field: str) -> None:
    assert holding(sent(found_in(LEAGUE, replay(**{field: Name("Hunt with my niece")}))), "niece") == []


@pytest.mark.parametrize(
    "name", [PLAYER, MATE, RIVAL, "beats everybody", "76561190000000001", "76561190000000002", "epic-"]
)
def test_no_name_and_no_account_is_in_what_is_sent(name: str) -> None:
    assert holding(sent(found_in(LEAGUE, replay())), name) == []


WORDS = st.text("abcdefghijklmnopqrstuvwxyzäöüßéñжшяアイ漢", min_size=4, max_size=12).map(lambda name: f"Xq{name}")


@MANY
@given(WORDS)
def test_a_canary_never_survives_wherever_it_is_planted(name: str) -> None:
    data = replay(
        PlayerName=name,
        ReplayName=f"{name} wins",
        MapName=Name(name),
        MatchType=Name(f"{name}_P"),
        BuildVersion=name,
        Id=name,
        Date=None,
        PlayerStats=[scorer(name, 0, NewField=name, Deep={"Inner": {"Handle": name}}), scorer(f"{name}2", 1)],
        Goals=[{"frame": 5, "PlayerName": name, "PlayerTeam": 0, "Note": name}],
    )
    assert holding(sent(found_in(LEAGUE, data)), name) == []


def nested(depth: int) -> bytes:
    return properties({"A": nest(depth)})


def nest(depth: int) -> dict[str, Any]:
    return {"A": nest(depth - 1)} if depth else {}


def long_list(count: int) -> bytes:
    return text("A") + text("ArrayProperty") + bytes(8) + struct.pack("<I", count)


@pytest.mark.parametrize(
    "head",
    [
        nested(MAX_DEPTH + 1),
        long_list(10**9),
        text("A") + text("MapProperty") + bytes(8),
        struct.pack("<i", 2**31 - 1),
        struct.pack("<i", -(2**31)),
        struct.pack("<i", -1000) + b"short",
        text("A") + text("IntProperty") + bytes(8) + b"\1",
        long_list(9_000) + (text("B") + text("BoolProperty") + bytes(9)) * 8 + text("None"),
        b"",
    ],
)
def test_a_header_that_cannot_be_is_refused(head: bytes) -> None:
    assert codes(read(LEAGUE, replay_of(head))) == ["not-a-replay"]


def test_a_list_that_multiplies_costs_no_more_than_its_bytes() -> None:
    level = b"".join(text("A") + text("ArrayProperty") + bytes(8) + struct.pack("<I", 10_000) for _ in range(7))
    assert codes(read(LEAGUE, replay_of(level))) == ["not-a-replay"]


def test_a_header_larger_than_any_is_refused_before_it_is_read() -> None:
    assert codes(read(LEAGUE, struct.pack("<2I", MAX_HEADER + 1, 0) + bytes(64))) == ["not-a-replay"]


def test_another_kind_of_file_is_not_a_replay() -> None:
    assert codes(read(LEAGUE, part(bytes(8) + text("Engine.Save")) + part(b""))) == ["not-a-replay"]


def test_wherever_a_replay_is_cut_there_is_no_match_and_it_is_waited_for() -> None:
    whole = replay()
    wrong = [cut for cut in range(1, len(whole)) if codes(read(LEAGUE, whole[:cut])) != ["cut-off"]]
    assert (wrong, read(LEAGUE, whole[:-1]).unfinished) == ([], True)


@MANY
@given(st.integers(0, len(replay()) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_always_noticed(place: int, flip: int) -> None:
    data = bytearray(replay())
    data[place] ^= flip
    reading = read(LEAGUE, bytes(data))
    assert (reading.found, len(reading.troubles)) == ((), 1)


HEAD = properties(match_properties())


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(HEAD) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_whatever_bytes_are_wrong_under_a_right_checksum_what_is_found_can_be_sent(
    flips: list[tuple[int, int]],
) -> None:
    head = bytearray(HEAD)
    for place, value in flips:
        head[place] = value
    reading = read(LEAGUE, replay_of(bytes(head)))
    assert reading.troubles or [sent(found) for found in reading.found]


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(width=32)
    | st.text(st.characters(codec="utf-8"), max_size=8)
    | st.integers(0, 2**64 - 1).map(Big),
    lambda inner: (
        st.lists(
            st.dictionaries(st.sampled_from(["Name", "frame", "Team", "Score", "x"]), inner, max_size=3), max_size=3
        )
        | st.dictionaries(st.sampled_from(["A", "B"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@MANY
@given(st.dictionaries(st.sampled_from(sorted(match_properties())), VALUES, max_size=6))
def test_whatever_the_properties_are_a_match_or_a_trouble_comes_out(changes: dict[str, Any]) -> None:
    reading = read(LEAGUE, replay(**changes))
    assert reading.troubles or [sent(found) for found in reading.found]


def test_reading_twice_is_as_reading_once() -> None:
    one, other = (found_in(LEAGUE, replay()) for _ in range(2))
    assert (one.id, sent(one)) == (other.id, sent(other))
