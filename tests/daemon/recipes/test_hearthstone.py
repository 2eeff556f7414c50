"""The shipped recipe for Hearthstone: over generated logs, over a stored one, and over those of real players.

Real logs are read where they lie; nothing of their content stands here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from logferry_model.session import EndRule
from tests.conftest import SAMPLES, needs_samples
from tests.daemon.golden import expected, stored
from tests.daemon.recipes.logs import Log, document, measures, own_figures, rules, sent, types
from tests.daemon.recipes.small import codes
from tests.daemon.texts import holding
from tests.factories_cards import INNKEEPER, OWN_TAG, RIVAL_TAG, hearthstone
from tests.factories_logs import OWN, RIVAL, START, written

HEARTHSTONE = Log("hearthstone", "Hearthstone_2026_03_01_19_59_58/Power.log")
FILES = sorted((SAMPLES / "hearthstone").glob("*.log"))
samples = needs_samples("hearthstone")
each_real_log = pytest.mark.parametrize("path", FILES, ids=[f"log-{number}" for number in range(len(FILES))])


@pytest.mark.parametrize("games", [0, 1, 3])
def test_every_game_of_a_log_is_a_session(games: int) -> None:
    assert len(HEARTHSTONE.read(written(hearthstone(1, games=games))).found) == games


def test_what_is_told_twice_counts_once() -> None:
    once, twice = (
        HEARTHSTONE.read(written(hearthstone(2, told_twice=told_twice))).found for told_twice in (False, True)
    )
    assert [one.session for one in once] == [one.session for one in twice]


def test_a_log_of_the_animation_alone_has_no_game() -> None:
    lines = [line for line in hearthstone(3) if "GameState" not in line]
    assert codes(HEARTHSTONE.read(written(lines))) == ["no-session"]


def test_a_game_that_another_follows_without_any_end_is_ended_by_it() -> None:
    reading = HEARTHSTONE.read(written(hearthstone(4, games=3, unended=[0, 2])))
    assert rules(reading) == [EndRule.NEXT_START, EndRule.EXPLICIT, None]


def test_the_last_line_of_a_game_ends_it_also_without_its_newline() -> None:
    lines = hearthstone(4, games=1)
    last = max(number for number, line in enumerate(lines) if "GameState" in line and "value=COMPLETE" in line)
    assert rules(HEARTHSTONE.read(written(lines[: last + 1]).rstrip(b"\r\n"))) == [EndRule.EXPLICIT]


def test_a_game_is_dated_by_its_folder_and_goes_on_after_midnight() -> None:
    found = HEARTHSTONE.read(written(hearthstone(5, games=2, start=START.replace(hour=23, minute=59)))).found
    assert [one.started_at.date().isoformat() for one in found] == ["2026-03-01", "2026-03-02"]


def test_a_game_of_an_older_client_is_dated_by_when_its_file_was_last_written() -> None:
    log = written(hearthstone(5, games=2, start=START.replace(hour=23, minute=59)))
    found = HEARTHSTONE.read(log, path="Power.log", modified=datetime(2026, 7, 5, 1, 0, tzinfo=UTC)).found
    assert [one.started_at.date().isoformat() for one in found] == ["2026-07-04", "2026-07-05"]


def test_a_game_is_the_same_whether_its_own_folder_is_followed_or_the_one_above() -> None:
    log = written(hearthstone(5, games=2, start=START.replace(hour=23, minute=59)))
    folder = HEARTHSTONE.path.partition("/")[0]
    above, own = (
        HEARTHSTONE.read(log, folder=root, path=path).found
        for root, path in (("/Logs", HEARTHSTONE.path), (f"/Logs/{folder}", "Power.log"))
    )
    assert [one.session for one in above] == [one.session for one in own]


def test_the_player_is_the_one_whose_name_the_client_knows() -> None:
    assert HEARTHSTONE.only(written(hearthstone(6, games=1))).identity == OWN_TAG


def test_the_innkeeper_is_not_the_player() -> None:
    assert HEARTHSTONE.only(written(hearthstone(6, games=1, rival=INNKEEPER))).identity == OWN_TAG


def test_where_two_players_are_known_nobody_can_tell_whose_game_it_is() -> None:
    assert HEARTHSTONE.only(written(hearthstone(6, games=1, rival=RIVAL_TAG))).identity is None


def test_who_won_is_a_figure_of_the_players() -> None:
    assert own_figures(HEARTHSTONE.only(written(hearthstone(7, games=1)))) == {"won": 1.0}


def test_what_kind_of_game_it_was_is_known() -> None:
    found = HEARTHSTONE.only(written(hearthstone(7, games=1)))
    facts = found.session.facts
    assert (facts["game_type"], facts["game_format"], facts["own_seat"]) == ("GT_RANKED", "FT_STANDARD", 2)


def test_turns_and_cards_are_counted() -> None:
    found = HEARTHSTONE.only(written(hearthstone(8, games=1)))
    wanted = types(found)
    assert (measures(found)["turns"], measures(found)["cards_played"]) == (wanted["turn"], wanted["card_played"])


def test_a_card_is_told_by_its_id_and_never_by_its_name() -> None:
    found = HEARTHSTONE.only(written(hearthstone(9, games=1)))
    cards = {event.item for event in found.session.events if event.type == "card_played"}
    assert cards <= {None, "CS2_029", "EX1_277", "CORE_004"}


def test_a_game_of_2016_tells_the_cards_in_the_words_of_that_time() -> None:
    lines = [line.replace("BLOCK_START BlockType=", "ACTION_START SubType=") for line in hearthstone(9, games=1)]
    assert types(HEARTHSTONE.only(written(lines))) == types(HEARTHSTONE.only(written(hearthstone(9, games=1))))


def test_a_name_without_its_number_is_looked_for_too() -> None:
    assert HEARTHSTONE.only(written(hearthstone(9, games=1))).names >= {OWN_TAG, OWN, RIVAL_TAG, RIVAL}


def test_a_generated_log_is_sent_as_it_was_when_somebody_last_looked() -> None:
    made = [document(found) for found in HEARTHSTONE.read(stored("hearthstone/Power.log")).found]
    assert made == expected("hearthstone/sent.json", made)


# Real logs


def games_in(path: Path) -> int:
    """How many there are, found without the recipe."""
    return sum(
        line.partition(b" GameState.DebugPrintPower() -")[2].strip() == b"CREATE_GAME"
        for line in path.read_bytes().splitlines()
    )


@samples
def test_the_shipped_samples_hold_four_games() -> None:
    assert [len(HEARTHSTONE.read(path.read_bytes()).found) for path in FILES] == [0, 0, 1, 1, 1, 1]


@samples
@each_real_log
def test_every_game_of_a_real_log_is_a_session(path: Path) -> None:
    assert len(HEARTHSTONE.read(path.read_bytes()).found) == games_in(path)


@samples
@each_real_log
def test_a_real_log_without_a_game_says_so(path: Path) -> None:
    said = "no-session" in codes(HEARTHSTONE.read(path.read_bytes()))
    assert said == (games_in(path) == 0)


@samples
@each_real_log
def test_every_game_of_a_real_log_has_its_end(path: Path) -> None:
    assert set(rules(HEARTHSTONE.read(path.read_bytes()))) <= {EndRule.EXPLICIT}


@samples
@each_real_log
def test_no_player_of_a_real_log_is_in_what_is_sent(path: Path) -> None:
    data = path.read_bytes()
    names = {part.partition(b" tag=")[0] for part in data.split(b"TAG_CHANGE Entity=") if b"tag=PLAYSTATE" in part}
    people = [name.decode() for name in names if not name.isdigit() and len(name) > 3]
    documents = [sent(found) for found in HEARTHSTONE.read(data).found]
    assert sum(1 for name in people for one in documents if holding(one, name)) == 0


@samples
@each_real_log
def test_a_real_log_is_read_alike_in_small_pieces(path: Path) -> None:
    data = path.read_bytes()
    pieces = (data[start : start + 4099] for start in range(0, len(data), 4099))
    assert HEARTHSTONE.read(*pieces) == HEARTHSTONE.read(data)
