"""The shipped recipe for Elite Dangerous: over generated journals, over a stored one, and over those of real players.

Real journals are read where they lie; nothing of their content stands here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.reading import Found, LogTracker, Reading
from logferry_model.session import EndRule
from tests.conftest import SAMPLES, needs_samples
from tests.daemon.golden import expected, stored
from tests.daemon.recipes.logs import tracker
from tests.daemon.recipes.small import told
from tests.daemon.texts import holding
from tests.factories import Ending, cast, journal
from tests.privacy import prepare

ELITE = tracker("elite-dangerous")
assert isinstance(ELITE, LogTracker)
SEEDS = range(1, 9)
FILES = sorted((SAMPLES / "elite").glob("Journal.*.log"))
PRELUDE = {"Fileheader", "Commander", "Materials", "Rank", "SquadronStartup"}
samples = needs_samples("elite")
each_real_journal = pytest.mark.parametrize("path", FILES, ids=[f"journal-{number}" for number in range(len(FILES))])


def read(*blocks: bytes) -> Reading:
    reader = ELITE.reader()
    for block in blocks:
        reader.feed(block)
    return reader.reading(settled=True)


def sent(found: Found) -> bytes:
    return prepare(found, found.end or end_by(EndRule.SILENCE, "silence"), only_grows=True).document


def rules(reading: Reading) -> list[EndRule | None]:
    return [found.end.rule if found.end else None for found in reading.found]


def types(found: Found) -> list[str]:
    return [event.type for event in found.session.events]


# Generated journals


@pytest.mark.parametrize("games", [1, 2, 4])
def test_every_game_of_a_journal_is_a_session(games: int) -> None:
    assert len(read(journal(1, games=games).encode()).found) == games


@pytest.mark.parametrize(
    ("ending", "rule"),
    [(Ending.SHUTDOWN, EndRule.EXPLICIT), (Ending.MAIN_MENU, EndRule.EXPLICIT), (Ending.QUIT, None)],
)
def test_each_way_out_of_the_game_is_recognised(ending: Ending, rule: EndRule | None) -> None:
    assert rules(read(journal(2, ending=ending).encode())) == [rule]


def test_a_game_that_another_follows_without_any_end_is_ended_by_it() -> None:
    quit_game, next_game = journal(1, ending=Ending.QUIT, last_newline=True), journal(2)
    assert rules(read(quit_game.encode() + next_game.encode())) == [EndRule.NEXT_START, EndRule.EXPLICIT]


def test_after_the_main_menu_the_shutdown_changes_nothing() -> None:
    (found,) = read(journal(2, ending=Ending.MAIN_MENU).encode()).found
    assert found.end is not None
    assert found.end.evidence.endswith("Music MainMenu")


def test_the_lines_before_the_game_belong_to_no_session() -> None:
    assert [set(types(found)) & PRELUDE for found in read(journal(3, games=3).encode()).found] == [set()] * 3


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "options",
    [{}, {"compact": True}, {"last_newline": True}, {"games": 3}, {"ending": Ending.QUIT}, {"old_name": True}],
)
def test_no_planted_name_or_chat_is_in_what_is_sent(seed: int, options: dict[str, Any]) -> None:
    sent_of_all = [sent(found) for found in read(journal(seed, **options).encode()).found]
    assert [text for text in cast(seed).planted for document in sent_of_all if holding(document, text)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_generated_journal_has_no_trouble(seed: int) -> None:
    assert read(journal(seed).encode()).troubles == ()


def test_spaced_and_compact_journals_are_the_same_sessions() -> None:
    spaced, compact = (read(journal(4, compact=compact).encode()).found for compact in (False, True))
    assert [types(found) for found in spaced] == [types(found) for found in compact]


def test_a_last_line_without_its_newline_is_read_like_one_with_it() -> None:
    without, with_it = (read(journal(5, last_newline=newline).encode()).found for newline in (False, True))
    assert without == with_it


@settings(max_examples=40)
@given(st.lists(st.integers(0, 200_000), max_size=6))
def test_a_journal_is_read_alike_in_whatever_pieces_it_comes(cuts: list[int]) -> None:
    data = journal(6, games=2).encode()
    edges = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    assert told(read(*(data[start:end] for start, end in pairwise(edges)))) == told(read(data))


def test_a_generated_journal_is_sent_as_it_was_when_somebody_last_looked() -> None:
    made = [json.loads(sent(found)) for found in read(stored("elite/journal.log")).found]
    assert made == expected("elite/sent.json", made)


NAMING = """
LoadGame.Commander LoadGame.FID LoadGame.ShipName LoadGame.ShipIdent LoadGame.Group Commander.Name Commander.FID
Friends.Name Loadout.ShipName Loadout.ShipIdent SquadronStartup.SquadronName ReceiveText.From SendText.To
ShipTargeted.PilotName_Localised Bounty.PilotName_Localised Interdicted.Interdictor Interdiction.Interdicted
PVPKill.Victim Died.KillerName CrimeVictim.Offender CommitCrime.Victim CarrierStats.Name CarrierStats.Callsign
NpcCrewPaidWage.NpcCrewName WingAdd.Name WingJoin.Others CrewMemberJoins.Crew QuitACrew.Captain JoinACrew.Captain
"""


@pytest.mark.parametrize("place", NAMING.split())
def test_a_name_is_looked_for_wherever_the_game_writes_one(place: str) -> None:
    word, field = place.split(".")
    game = {"event": "LoadGame", "Ship": "Python"}
    naming = {"event": word, field: "Oriana Quellmont"}
    telling = {"event": "FSDJump", "StarSystem": "Domain of ORIANA QUELLMONT"}
    lines = [line | {"timestamp": "2026-03-01T20:00:00Z"} for line in (game, game | naming, telling)]
    documents = [sent(found) for found in read("\n".join(map(json.dumps, lines)).encode()).found]
    assert [text for document in documents for text in holding(document, "Oriana")] == []


def flown(*lines: dict[str, Any]) -> Found:
    """A game of these lines, a second each."""
    game = {"event": "LoadGame", "Ship": "Python"}
    told = [{"timestamp": f"2026-03-01T20:00:{number:02}Z"} | line for number, line in enumerate((game, *lines))]
    (found,) = read("".join(f"{json.dumps(line)}\n" for line in told).encode()).found
    return found


def measured(found: Found) -> dict[str, float]:
    return {one.name: one.value for one in found.statistics().measures}


def test_a_bounty_on_foot_counts_like_one_in_space() -> None:
    on_foot = {"event": "Bounty", "Target": "Skimmer", "Reward": 1000, "VictimFaction": "b"}
    in_space = {"event": "Bounty", "Target": "viper", "Rewards": [{"Reward": 500}], "TotalReward": 500}
    assert measured(flown(on_foot, in_space))["bounties"] == 1500


def test_what_samples_of_life_are_sold_for_is_earned() -> None:
    sold = {"event": "SellOrganicData", "BioData": [{"Value": 5000, "Bonus": 20000}, {"Value": 700, "Bonus": 0}]}
    assert measured(flown(sold, {"event": "MissionCompleted", "Reward": 300}))["earned"] == 26000


@pytest.mark.parametrize("event", ["SupercruiseExit", "Location", "Touchdown"])
def test_the_callsign_of_a_carrier_is_not_sent_and_a_planet_is(event: str) -> None:
    carrier = {"event": event, "StarSystem": "Sol", "Body": "K7Q-BQL", "BodyType": "Station"}
    planet = carrier | {"Body": "Sol 3 a", "BodyType": "Planet"}
    document = sent(flown(carrier, planet, {"event": "MissionAccepted", "LocalisedName": "Haul to K7Q-BQL"}))
    assert (holding(document, "K7Q-BQL"), holding(document, "Sol 3 a")) == ([], ["Sol 3 a"])


@pytest.mark.parametrize("title", ["Cmdr ", "CMDR ", "cmdr "])
def test_who_killed_the_player_is_not_sent_whatever_case_the_title_has(title: str) -> None:
    wing = {"event": "Died", "Killers": [{"Name": f"{title}Quellmont", "Ship": "x"}, {"Name": f"{title}Oriana"}]}
    alone = {"event": "Died", "KillerName": f"{title}Vexmoor"}
    missions = [{"event": "MissionAccepted", "LocalisedName": f"Hunt {n}"} for n in ("Oriana", "Quellmont", "Vexmoor")]
    document = sent(flown(wing, alone, *missions))
    assert [text for name in ("Oriana", "Quellmont", "Vexmoor", "Hunt") for text in holding(document, name)] == []


# Real journals


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines() if line.strip()]


def names_in(lines: list[dict[str, Any]]) -> set[str]:
    """Whom a real journal names, and what its player named, found without the recipe."""
    return {name.strip() for line in lines for name in _names(line) if len(name.strip()) >= 3}


def _names(line: dict[str, Any]) -> Iterator[str]:
    wanted = {
        "LoadGame": ("Commander", "FID", "ShipName", "ShipIdent", "Group"),
        "Commander": ("Name", "FID"),
        "Loadout": ("ShipName", "ShipIdent"),
        "Friends": ("Name",),
        "SquadronStartup": ("SquadronName",),
        "ReceiveText": ("From",) if line.get("Channel") != "npc" else (),
        "SendText": ("To",),
    }
    for key in wanted.get(line["event"], ()):
        value = line.get(key)
        if isinstance(value, str):
            yield value


@samples
def test_the_shipped_samples_hold_twenty_three_games() -> None:
    assert sum(len(read(path.read_bytes()).found) for path in FILES) == 23


@samples
@each_real_journal
def test_every_game_of_a_real_journal_is_a_session_that_begins_when_it_did(path: Path) -> None:
    begun = [line["timestamp"] for line in lines_of(path) if line["event"] == "LoadGame"]
    found = read(path.read_bytes()).found
    assert [one.session.started_at for one in found] == [datetime.fromisoformat(stamp) for stamp in begun]


@samples
@each_real_journal
def test_the_sessions_of_a_real_journal_do_not_overlap(path: Path) -> None:
    found = read(path.read_bytes()).found
    assert all(one.last_at <= other.session.started_at for one, other in pairwise(found))


@samples
@each_real_journal
def test_no_real_name_is_in_what_is_sent(path: Path) -> None:
    names = names_in(lines_of(path))
    documents = [sent(found) for found in read(path.read_bytes()).found]
    assert sum(1 for name in names for document in documents if _stands_alone(name, document)) == 0


def _stands_alone(name: str, document: bytes) -> bool:
    """Whether a text holds the name and not just a longer word with the same letters."""
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(name.casefold())}(?![A-Za-z0-9])")
    return any(word.search(text.casefold()) for text in holding(document, name))


@samples
@each_real_journal
def test_no_chat_of_a_real_journal_is_in_what_is_sent(path: Path) -> None:
    said = [
        line["Message"]
        for line in lines_of(path)
        if line["event"] in {"ReceiveText", "SendText"} and line.get("Channel") != "npc" and len(line["Message"]) > 8
    ]
    documents = [sent(found) for found in read(path.read_bytes()).found]
    assert sum(1 for text in said for document in documents if holding(document, text)) == 0


@samples
@each_real_journal
def test_a_real_journal_is_read_alike_in_small_pieces(path: Path) -> None:
    data = path.read_bytes()
    pieces = (data[start : start + 997] for start in range(0, len(data), 997))
    assert told(read(*pieces)) == told(read(data))


@samples
@each_real_journal
def test_the_last_session_of_a_real_journal_is_sent_alike_when_it_is_read_on(path: Path) -> None:
    data = path.read_bytes()
    for last in read(data).found[-1:]:
        reader = ELITE.reader(offset=last.offset, line=last.line)
        reader.feed(data[last.offset :])
        assert [sent(found) for found in reader.reading(settled=True).found] == [sent(last)]


@samples
@each_real_journal
def test_a_real_journal_with_the_line_ends_of_windows_is_the_same(path: Path) -> None:
    data = path.read_bytes().replace(b"\r\n", b"\n")
    windows = read(data.replace(b"\n", b"\r\n")).found
    assert [found.session for found in windows] == [found.session for found in read(data).found]


@samples
@each_real_journal
def test_a_real_journal_cut_off_anywhere_has_no_session_that_is_not_in_it(path: Path) -> None:
    data = path.read_bytes()
    known = {found.session.id for found in read(data).found}
    for cut in range(0, len(data), max(1, len(data) // 15)):
        assert {found.session.id for found in read(data[:cut]).found} <= known
