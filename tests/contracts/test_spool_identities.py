"""Who played, and whose sessions may go where: over the real spool and its fake."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.core.delivery import State
from logferry_daemon.core.identities import ANY, UNSURE, Binding, Decided, Player, Standing, decided, known_as, standing
from logferry_daemon.core.recut import Merge, Split
from logferry_daemon.ports import DeliveryRow, Seen, Spool
from tests.contracts.spooling import HOME, NOW, PLACE, RECEIPT, Bench, MemoryBench, admit, claim, found, rows_of
from tests.factories import HOUR, START

AWAY = "away"
MILA, OLE = Player("artemis", "mila"), Player("artemis", "ole")


def binding(identity: str, allowed: bool = True, *, to: str = HOME, tracker: str = ANY) -> Binding:
    return Binding(destination=to, tracker=tracker, identity=identity, allowed=allowed, decided_at=NOW)


async def claimed(spool: Spool, to: str = HOME) -> list[str]:
    return [one.row.session for one in await claim(spool, to)]


async def standings(spool: Spool, to: str = HOME) -> dict[str, Standing]:
    return {one.session: one.standing for one in await rows_of(spool) if one.destination == to}


async def test_a_session_of_nobody_goes_and_one_of_an_unknown_player_waits(spool: Spool) -> None:
    await admit(spool, found("aa", player="mila"), found("bb"))
    assert await claimed(spool) == ["bb"]
    assert await standings(spool) == {"aa": Standing.UNKNOWN, "bb": Standing.ALLOWED}


@pytest.mark.parametrize(
    "name",
    ["a\0b", "half \ud83d", "two\nlines", "'; DROP TABLE players; --", '"quoted"', "é", "e\u0301", "*", "?", "榊原"],
)
async def test_whatever_a_player_is_called_an_answer_finds_them(spool: Spool, name: str) -> None:
    await admit(spool, found("aa", player=known_as(name)), found("bb", player="somebody else"))
    (one,) = [each.player for each in await spool.seen() if each.player.identity != "somebody else"]
    await spool.bind([binding(one.identity)])
    assert await claimed(spool) == ["aa"]


async def test_what_waits_for_an_answer_is_never_due(spool: Spool) -> None:
    await admit(spool, found("aa", player="mila"))
    assert await spool.next_due(HOME, NOW, backfill=False) is None
    await spool.bind([binding("mila")])
    assert await spool.next_due(HOME, NOW, backfill=False) is not None


async def test_an_answer_is_for_one_destination(spool: Spool) -> None:
    await admit(spool, found("aa", player="mila"), to=[HOME, AWAY])
    await spool.bind([binding("mila")])
    assert await claimed(spool, AWAY) == []
    assert await claimed(spool) == ["aa"]


async def test_an_answer_is_for_one_game_where_it_says_so(spool: Spool) -> None:
    await admit(spool, found("aa", player="mila"))
    await spool.bind([binding("mila", tracker="putt"), binding(ANY, tracker="putt")])
    assert await claimed(spool) == []
    await spool.bind([binding("mila", tracker="artemis")])
    assert await claimed(spool) == ["aa"]


async def test_many_held_sessions_do_not_keep_an_allowed_one_from_its_turn(spool: Spool) -> None:
    held = [found(f"{number:02}", age=99 - number, player="mila") for number in range(40)]
    await admit(spool, *held, found("zz", age=0, player="ole"))
    await spool.bind([binding("ole")])
    assert [one.row.session for one in await claim(spool, limit=1)] == ["zz"]


async def test_a_denied_player_is_barred_and_an_answer_the_other_way_brings_everything_back(spool: Spool) -> None:
    await admit(spool, found("aa", player="mila"))
    await spool.bind([binding("mila", allowed=False)])
    assert await standings(spool) == {"aa": Standing.DENIED}
    assert await claimed(spool) == []
    await spool.bind([binding("mila")])
    assert await claimed(spool) == ["aa"]


async def test_a_forgotten_answer_is_a_question_again(spool: Spool) -> None:
    await admit(spool, found("aa", player="mila"))
    await spool.bind([binding("mila", tracker="artemis"), binding("ole")])
    assert await spool.unbind(HOME, ANY, "mila") == 1
    assert await spool.unbind(HOME, ANY, "mila") == 0
    assert await standings(spool) == {"aa": Standing.UNKNOWN}
    assert await spool.bindings() == [binding("ole")]


async def test_an_answer_for_all_games_takes_the_place_of_one_for_a_game(spool: Spool) -> None:
    await admit(spool, found("aa", player="mila"))
    await spool.bind([binding("mila", tracker="artemis")])
    await spool.bind([binding("mila", allowed=False)])
    assert await spool.bindings() == [binding("mila", allowed=False)]
    assert await claimed(spool) == []


async def test_answers_and_players_survive_a_restart(bench: Bench) -> None:
    await admit(bench.spool, found("aa", player="mila"), found("bb", player="ole"))
    await bench.spool.bind([binding("mila")])
    await bench.restart()
    assert await bench.spool.bindings() == [binding("mila")]
    assert await claimed(bench.spool) == ["aa"]


async def test_answers_are_void_where_the_destination_is_at_another_place(spool: Spool) -> None:
    await spool.enlist(HOME, PLACE, NOW - timedelta(days=9))
    await spool.enlist(AWAY, PLACE, NOW - timedelta(days=9))
    await admit(spool, found("aa", player="mila"), to=[HOME, AWAY])
    await spool.bind([binding("mila"), binding(ANY), binding("mila", to=AWAY)])
    await spool.enlist(HOME, PLACE, NOW)
    assert len(await spool.bindings()) == 3, "the same place"
    await spool.enlist(HOME, "elsewhere", NOW)
    assert await spool.bindings() == [binding("mila", to=AWAY)]
    await spool.release(None, None)
    assert await claimed(spool) == []


async def test_answers_are_forgotten_with_their_destination(spool: Spool) -> None:
    await spool.enlist(HOME, PLACE, NOW)
    await spool.bind([binding("mila")])
    await spool.dismiss(HOME)
    assert await spool.bindings() == []


async def test_players_are_counted_by_destination_with_what_waits_for_them(spool: Spool) -> None:
    await spool.bind([binding("ole")])
    await admit(spool, found("aa", player="mila"), found("bb", player="mila"), found("cc", player="ole"), found("dd"))
    (one,) = [each for each in await claim(spool) if each.row.session == "cc"]
    await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta())
    assert await spool.seen() == [
        Seen(destination=HOME, player=MILA, sessions=2, waiting=2),
        Seen(destination=HOME, player=OLE, sessions=1, waiting=0),
    ]


async def test_deliveries_of_players_who_may_not_go_are_counted(spool: Spool) -> None:
    await admit(spool, found("aa", player="mila"), found("bb", player="ole"), found("cc"))
    await spool.bind([binding("ole", allowed=False)])
    totals = await spool.totals()
    assert totals.by_state == {(HOME, State.PENDING): 3}
    assert totals.barred == {
        (HOME, State.PENDING, Standing.UNKNOWN): 1,
        (HOME, State.PENDING, Standing.DENIED): 1,
    }


async def test_a_later_revision_is_as_its_player_stands(spool: Spool) -> None:
    await admit(spool, found("aa", player="mila"))
    await admit(spool, found("aa", events=5, player="mila"))
    assert await claimed(spool) == []
    await spool.bind([binding("mila")])
    assert [(one.row.session, one.row.revision) for one in await claim(spool)] == [("aa", 2)]


async def test_a_name_that_is_learned_later_counts_and_is_not_unlearned(spool: Spool) -> None:
    await admit(spool, found("aa"), found("bb", player="mila"))
    await admit(spool, found("aa", player="mila"), found("bb"))
    await admit(spool, found("bb", events=5))
    assert {one.session: one.standing for one in await rows_of(spool)} == {
        "aa": Standing.UNKNOWN,
        "bb": Standing.UNKNOWN,
    }
    assert await claimed(spool) == []


async def test_a_session_that_could_say_who_played_and_does_not_is_somebodys(spool: Spool) -> None:
    await admit(spool, found("aa", names_player=True), found("bb", player="mila", names_player=True))
    await spool.bind([binding(ANY, allowed=False)])
    assert await standings(spool) == {"aa": Standing.DENIED, "bb": Standing.DENIED}
    assert await claimed(spool) == []
    await spool.bind([binding(UNSURE)])
    assert await claimed(spool) == ["aa"]


async def test_a_name_takes_the_place_of_none_and_none_takes_the_place_of_no_name(spool: Spool) -> None:
    await admit(spool, found("aa", names_player=True), found("bb", player="mila", names_player=True))
    await admit(spool, found("aa", events=5, player="ole", names_player=True), found("bb", names_player=True))
    await admit(spool, found("bb", events=5, names_player=True))
    assert [one.player for one in await spool.seen()] == [MILA, OLE]


async def test_both_parts_of_a_split_session_are_its_players(spool: Spool) -> None:
    await admit(spool, found("aa", events=4, player="mila"))
    await spool.recut(Split("aa", (START + timedelta(seconds=2),)), [HOME], NOW, only_look=False)
    now = [one.standing for one in await rows_of(spool) if one.state is State.PENDING]
    assert now == [Standing.UNKNOWN] * 2
    await spool.bind([binding("mila")])
    assert len(await claim(spool)) == 2


async def test_two_players_joined_are_unknown_until_asked_and_themselves_again_when_split(spool: Spool) -> None:
    await admit(spool, found("aa", age=2, player="mila"), found("bb", age=1, player="ole"))
    await spool.bind([binding("mila"), binding("ole")])
    await spool.recut(Merge(("aa", "bb")), [HOME], NOW, only_look=False)
    assert await claimed(spool) == []
    assert [one.player.identity for one in await spool.seen()] == ["mila + ole"]
    (joined,) = [one.session for one in await rows_of(spool) if one.state is State.PENDING]
    await spool.recut(Split(joined, (START - HOUR,)), [HOME], NOW, only_look=False)
    assert [one.player for one in await spool.seen()] == [MILA, OLE]
    assert len(await claimed(spool)) == 2


async def test_joined_sessions_of_one_player_stay_theirs(spool: Spool) -> None:
    await admit(spool, found("aa", age=2, player="mila"), found("bb", age=1))
    await spool.bind([binding("mila")])
    await spool.recut(Merge(("aa", "bb")), [HOME], NOW, only_look=False)
    assert [one.player for one in await spool.seen()] == [MILA]
    assert len(await claimed(spool)) == 1


async def test_who_played_is_in_no_document(spool: Spool) -> None:
    await spool.bind([binding(ANY)])
    await admit(spool, found("aa", player="Oriana Quellmont"))
    (one,) = await claim(spool)
    assert b"Quellmont" not in one.parcel.document
    assert "Quellmont" not in repr(one)
    kept = await spool.session("aa")
    assert "Quellmont" not in repr(kept)


players = st.none() | st.sampled_from(["mila", "ole"])
places = st.sampled_from([HOME, AWAY])
acts = st.one_of(
    st.tuples(st.just("admit"), st.sampled_from("abcdef"), players),
    st.tuples(st.just("bind"), places, st.sampled_from(["mila", "ole", ANY]), st.booleans()),
    st.tuples(st.just("unbind"), places, st.sampled_from(["mila", "ole", ANY])),
    st.tuples(st.just("move"), places, st.sampled_from(["here", "there"])),
    st.tuples(st.just("claim"), places),
)


@settings(deadline=None)
@given(st.lists(acts, max_size=40))
def test_nothing_is_ever_claimed_whose_player_is_not_allowed_at_that_moment(history: list[tuple[object, ...]]) -> None:
    asyncio.run(_live_through(MemoryBench().spool, history))


async def _live_through(spool: Spool, history: list[tuple[object, ...]]) -> None:
    whose: dict[str, str] = {}
    for what, *about in history:
        match what, about:
            case "admit", [str(name), player]:
                new = found(name * 2, age=ord(name), events=len(whose), player=None if player is None else str(player))
                whose |= {name * 2: str(player)} if player is not None else {}
                await admit(spool, new, to=[HOME, AWAY])
            case "bind", [str(to), str(identity), bool(allowed)]:
                await spool.bind([binding(identity, allowed, to=to)])
            case "unbind", [str(to), str(identity)]:
                await spool.unbind(to, ANY, identity)
            case "move", [str(to), str(place)]:
                await spool.enlist(to, place, NOW)
                await spool.release(None, None)
            case "claim", [str(to)]:
                answers = decided(await spool.bindings())
                for one in await claim(spool, to):
                    _check(one.row, whose, answers)


def _check(row: DeliveryRow, whose: dict[str, str], answers: Decided) -> None:
    """By another rule than the spool's own: somebody said yes to this player or to everybody, and no one no."""
    name = whose.get(row.session)
    if name is None:
        return
    by_name = answers.get((row.destination, ANY, name))
    assert by_name if by_name is not None else answers.get((row.destination, ANY, ANY))
    assert standing(answers, row.destination, Player("artemis", name)) is Standing.ALLOWED
