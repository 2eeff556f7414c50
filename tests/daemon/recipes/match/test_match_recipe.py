from __future__ import annotations

import copy
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from logferry_daemon.core.reading import DocumentTracker, Reading
from logferry_daemon.recipes.match.recipe import MatchRecipe
from logferry_daemon.recipes.match.tracker import MatchTracker
from tests.daemon.recipes.match.shipped import GW2, LEAGUE, codes, found_in, read, recipe, sent, tracker
from tests.daemon.recutting import joined, measured, twin
from tests.daemon.texts import holding
from tests.factories_match import fight, replay, zipped

BOTH = pytest.mark.parametrize("one", [GW2, LEAGUE], ids=lambda one: one.name)
CHESS: dict[str, Any] = {
    "name": "chess",
    "title": "Chess",
    "format": "match-file",
    "facts": ["level", "moves"],
    "files": {"patterns": ["*.game"], "paths": {"linux": ["~/chess"]}},
    "match": {"decoder": "header", "magic": "hex:43 48 00", "zip": True},
    "header": {
        "started": "at",
        "seconds": "took",
        "identity": "white",
        "fields": [
            {"name": "at", "at": 4, "type": "u32"},
            {"name": "took", "at": 8, "type": "u16"},
            {"name": "level", "at": 10, "type": "u8"},
            {"name": "moves", "at": 11, "type": "i32"},
            {"name": "white", "at": 16, "type": "text:16"},
            {"name": "black", "at": 32, "type": "text:16"},
        ],
    },
    "privacy": {"names": ["black"]},
    "measure": [{"name": "moves", "label": "Moves", "of": "moves", "who": "me"}],
}
START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)


def game(white: bytes = b"Oriana", black: bytes = b"Hob", at: int = int(START.timestamp())) -> bytes:
    return struct.pack("<3sxIHBix16s16s", b"CH\0", at, 90, 7, -3, white, black) + b"the moves"


def changed(where: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 -- any TOML value
    """CHESS with another value at `a.b`."""
    one = copy.deepcopy(CHESS)
    *path, last = where.split(".")
    inner = one
    for key in path:
        inner = inner[key]
    inner[last] = value
    return one


def read_chess(data: bytes, **changes: Any) -> Reading:  # noqa: ANN401 -- any TOML value
    one = CHESS
    for where, value in changes.items():
        one = changed(where, value)
    return read(tracker(one), data)


@BOTH
def test_a_match_tracker_reads_documents(one: MatchTracker) -> None:
    assert isinstance(one, DocumentTracker)


@BOTH
@pytest.mark.parametrize("system", ["windows", "macos", "linux"])
def test_every_system_has_a_folder(one: MatchTracker, system: str) -> None:
    assert [path for path in one.usual_paths(system) if not path.startswith(("~/", "%USERPROFILE%/"))] == []
    assert one.usual_paths(system)


@pytest.mark.parametrize(("one", "number"), [(GW2, "/1284210/pfx/"), (LEAGUE, "/252950/pfx/")])
def test_the_prefix_of_proton_is_looked_at(one: MatchTracker, number: str) -> None:
    assert any(number in path for path in one.usual_paths("linux"))


@BOTH
def test_no_silence_and_no_later_file_ends_a_match(one: MatchTracker) -> None:
    rules = one.rules("anywhere")
    assert (rules.silence, rules.next_start, rules.processes) == (None, False, ())


@BOTH
def test_a_match_is_one_file(one: MatchTracker) -> None:
    assert one.companions("a.replay") == ()


@BOTH
def test_what_is_dense_already_is_not_packed_again(one: MatchTracker) -> None:
    assert one.recipe.match.compress is False


@pytest.mark.parametrize(("one", "data"), [(GW2, fight()), (LEAGUE, replay())])
def test_of_a_part_of_a_match_only_its_length_is_told(one: MatchTracker, data: bytes) -> None:
    session = found_in(one, data).session
    told = one.recount(session)
    assert {each.name for each in told.measures} == {each.name for each in one.recipe.measure if each.of == "duration"}
    assert told.events == len(session.events)


@pytest.mark.parametrize(("one", "data"), [(GW2, fight()), (LEAGUE, replay())])
def test_matches_that_are_joined_add_up_and_rates_stay_rates(one: MatchTracker, data: bytes) -> None:
    first = found_in(one, data).session
    rates = {each.name for each in one.recipe.measure if each.per_second}
    assert measured(joined(one, first, twin(first))) == {
        name: pytest.approx(value if name in rates else 2 * value) for name, value in measured(first).items()
    }


def test_a_fact_that_the_recipe_does_not_list_stays_here() -> None:
    one = recipe("guild-wars-2-arcdps") | {"facts": ["boss_id"]}
    assert set(found_in(tracker(one), fight()).session.facts) == {"boss_id"}


def test_the_fields_of_a_header_are_where_the_recipe_says() -> None:
    (found,) = read_chess(game()).found
    session = found.session
    told = (session.started_at, session.duration, session.facts, found.identity)
    assert told == (START, timedelta(seconds=90), {"level": 7, "moves": -3}, "Oriana")


def test_a_field_of_a_header_may_be_a_measure() -> None:
    (found,) = read_chess(game()).found
    assert [(one.name, one.value) for one in found.session.statistics.measures] == [("moves", -3.0)]


def test_people_in_a_header_are_nowhere_in_what_is_sent() -> None:
    (found,) = read_chess(game(b"Oriana", b"Quellmont")).found
    assert holding(sent(found), "oriana") + holding(sent(found), "quellmont") == []


def test_a_match_is_not_known_by_who_played_it() -> None:
    one, other = (read_chess(game(white)).found[0].id for white in (b"Oriana", b"Hob"))
    assert one == other


def test_of_the_numbers_in_a_header_those_alone_are_sent_that_a_measure_is_made_of() -> None:
    fields = [*CHESS["header"]["fields"], {"name": "account", "at": 20, "type": "u32"}]
    measures = [*CHESS["measure"], {"name": "account", "label": "Account", "of": "account", "who": "me"}]
    one = changed("header.fields", fields) | {"measure": measures, "privacy": {"names": ["black", "account"]}}
    found = found_in(tracker(one), game(white=b"OrianaQ1"))
    (me,) = found.session.participants
    assert me.figures == {"moves": -3.0}, "not when it began, how long it took, nor whose account it is"
    account = struct.unpack("<I", b"naQ1")[0]
    assert str(account) in found.names
    assert {name: value for name, value in measured(found.session).items() if name == "account"} == {"account": 0.0}


def test_a_number_in_a_header_may_name_who_played() -> None:
    one = changed("header.identity", "level")
    assert found_in(tracker(one), game()).identity == "7"


@pytest.mark.parametrize("at", [0, -1])
def test_a_header_without_a_time_is_no_match(at: int) -> None:
    one = tracker(changed("header.fields", [{"name": "at", "at": 4, "type": "i32"}, *CHESS["header"]["fields"][1:]]))
    assert codes(read(one, game(at=at & 0xFFFFFFFF))) == ["no-time"]


def test_two_games_of_two_moments_are_two_sessions() -> None:
    one, other = (read_chess(game(at=at)).found[0].id for at in (1_772_395_200, 1_772_395_201))
    assert one != other


def test_a_header_in_a_zip_is_read_too() -> None:
    assert len(read_chess(zipped(game())).found) == 1


def test_a_header_in_a_damaged_zip_is_not_believed() -> None:
    assert codes(read_chess(zipped(game(), crc=1))) == ["zip-unsound"]


@pytest.mark.parametrize("size", range(1, 48))
def test_a_header_that_is_cut_is_waited_for(size: int) -> None:
    reading = read_chess(game()[:size])
    assert (reading.found, codes(reading), reading.unfinished) == ((), ["cut-off"], True)


@pytest.mark.parametrize("data", [b"XX" + game()[2:], b"CH\1" + game()[3:]])
def test_another_magic_is_another_format(data: bytes) -> None:
    assert codes(read_chess(data)) == ["another-format"]


@pytest.mark.parametrize(
    ("where", "value", "says"),
    [
        ("facts", ["levle"], 'did you mean "level"'),
        ("match.decoder", "evtc", "[header] belongs to"),
        ("header", None, 'decoder = "header" needs [header]'),
        ("match.magic", "hex:4g", "hexadecimal"),
        ("header.started", None, "Expected `str`"),
        ("header.started", "when", '"when" is not one of the fields'),
        ("header.started", "white", "is a text and no number"),
        ("header.fields", [{"name": "a", "at": 0, "type": "u128"}], "is not a type of a field"),
        ("header.fields", [{"name": "a", "at": -1, "type": "u8"}], "is not in the first"),
        ("header.fields", [{"name": "a", "at": 2**20, "type": "u8"}], "is not in the first"),
        ("header.fields", [{"name": "a", "at": 0, "type": "text:0"}], "is not a type of a field"),
        ("privacy.names", ["blakc"], 'did you mean "black"'),
        ("measure", [{"name": "a", "label": "A", "of": "move"}], 'did you mean "moves"'),
        ("match.decoder", "zip", "Invalid enum value"),
        ("files.min_byte", 5, "unknown field"),
    ],
)
def test_a_recipe_that_cannot_work_says_why(where: str, value: Any, says: str) -> None:  # noqa: ANN401 -- any TOML value
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(changed(where, value), MatchRecipe)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["guild-wars-2-arcdps", "rocket-league"])
def test_a_shipped_recipe_that_lists_what_its_decoder_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="is not a fact"):
        tracker(recipe(name) | {"facts": ["account"]})
