import json
from collections import Counter
from itertools import pairwise

import pytest

from logferry.demo.generators.elite import Ending, journal_name
from logferry_daemon.trackers.artemis_events import EVENT_WORDS
from logferry_model.session import EndRule
from tests.cli.whole import read_whole
from tests.factories import START, artemis_document, cast, encode_document, file_name, grown, journal

SEEDS = range(8)
MANY = 400


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_gives_the_same_bytes(seed: int) -> None:
    assert encode_document(artemis_document(seed)) == encode_document(artemis_document(seed))
    assert journal(seed).encode() == journal(seed).encode()


class TestArtemis:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_file_is_called_after_the_moment_it_began(self, seed: int) -> None:
        document = artemis_document(seed)
        stamp = int(document["id"].removeprefix("session-"))
        assert file_name(document) == f"session-{stamp}.json"
        assert abs(stamp / 1000 - START.timestamp()) < 1

    @pytest.mark.parametrize("seed", SEEDS)
    def test_every_event_has_a_word_that_the_tracker_knows(self, seed: int) -> None:
        words = {event["type"] for event in artemis_document(seed, events=MANY)["events"]}
        assert words <= EVENT_WORDS
        assert words >= {"damage_dealt", "loot", "skill_gain", "global", "player_login", "damage_taken"}

    def test_names_and_chat_stand_in_player_and_raw(self) -> None:
        people = cast()
        events = artemis_document(events=MANY)["events"]
        assert any(event.get("player") == people.player for event in events)
        assert any(gossip in event["raw"] for event in events for gossip in people.gossip)

    def test_times_are_whole_seconds_in_order_and_shared(self) -> None:
        times = [event["timestamp"] for event in artemis_document()["events"]]
        assert all(at % 1000 == 0 for at in times)
        assert all(earlier <= later for earlier, later in pairwise(times))
        assert max(Counter(times).values()) > 1

    def test_critical_is_true_false_and_missing(self) -> None:
        hits = [event for event in artemis_document(events=MANY)["events"] if event["type"] == "damage_dealt"]
        assert {event.get("critical") for event in hits} == {True, False, None}

    def test_shots_are_fired_with_and_without_a_loadout(self) -> None:
        document = artemis_document(events=MANY)
        hits = [event for event in document["events"] if event["type"] == "damage_dealt"]
        assert {event.get("loadoutId") for event in hits} == {*document["loadoutSnapshots"], None}

    def test_it_grows_event_by_event_and_ends_with_its_end(self) -> None:
        document = artemis_document(events=5)
        states = list(grown(document))
        assert [len(state["events"]) for state in states] == [0, 1, 2, 3, 4, 5, 5]
        assert [("endedAt" in state) for state in states] == [False] * 6 + [True]
        assert states[-1] == document

    def test_letters_beyond_ascii_are_written_as_they_are(self) -> None:
        assert any(byte > 0x7F for byte in encode_document(artemis_document(2, events=MANY)))


class TestElite:
    def test_there_are_two_name_schemes(self) -> None:
        assert journal_name(START, old=True) == "Journal.260301200000.01.log"
        assert journal_name(START, old=False) == "Journal.2026-03-01T200000.01.log"

    def test_the_name_has_local_time_and_the_lines_have_utc(self) -> None:
        made = journal()
        assert made.name == "Journal.2026-03-01T160000.01.log"
        assert made.lines[0]["timestamp"] == "2026-03-01T20:00:00Z"

    @pytest.mark.parametrize("compact", [True, False])
    def test_every_line_is_json_in_either_way_of_writing(self, compact: bool) -> None:
        made = journal(compact=compact)
        lines = made.encode().decode().split("\r\n")
        assert [json.loads(line) for line in lines] == list(made.lines)
        assert lines[0].startswith('{"timestamp":' if compact else '{ "timestamp":')

    def test_the_last_line_may_lack_its_newline(self) -> None:
        assert not journal().encode().endswith(b"\n")
        assert journal(last_newline=True).encode().endswith(b"\r\n")

    def test_a_line_is_longer_than_any_buffer_for_lines(self) -> None:
        assert max(map(len, journal().texts)) > 8192

    @pytest.mark.parametrize(
        ("ending", "last"),
        [(Ending.SHUTDOWN, "Shutdown"), (Ending.MAIN_MENU, "Shutdown"), (Ending.QUIT, None)],
    )
    def test_it_ends_in_three_ways(self, ending: Ending, last: str | None) -> None:
        words = [line["event"] for line in journal(ending=ending).lines]
        assert (words[-1] if words[-1] == "Shutdown" else None) == last
        menu = [line for line in journal(ending=ending).lines if line.get("MusicTrack") == "MainMenu"]
        assert bool(menu) == (ending is Ending.MAIN_MENU)

    def test_several_games_may_be_in_one_file(self) -> None:
        words = Counter(line["event"] for line in journal(games=3).lines)
        assert (words["Fileheader"], words["LoadGame"]) == (1, 3)

    def test_everybody_of_the_cast_is_somewhere_in_it(self) -> None:
        text, people = journal(events=MANY).encode().decode(), cast()
        for name in (people.commander, people.frontier_id, people.ship, people.ship_ident, people.squadron):
            assert name in text


class TestReaders:
    """What is made up here is what the daemon's readers are made for."""

    @pytest.mark.parametrize("seed", SEEDS)
    def test_artemis_reads_one_session_that_says_its_end(self, seed: int) -> None:
        reading = read_whole("artemis", encode_document(artemis_document(seed)))
        assert reading.troubles == ()
        assert [found.end is not None for found in reading.found] == [True]

    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("games", [1, 3])
    def test_elite_reads_each_game_and_its_end(self, seed: int, games: int) -> None:
        reading = read_whole("elite-dangerous", journal(seed, games=games, ending=Ending.SHUTDOWN).encode())
        assert reading.troubles == ()
        assert [found.end.rule if found.end else None for found in reading.found] == [EndRule.EXPLICIT] * games
