"""Whose sessions a destination is sent: over the real spool and its fake. Nothing is stored of it but the rule itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from msgspec.structs import replace as other

from logferry_daemon.core.delivery import State
from logferry_daemon.core.identities import ANY, Binding, Standing
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.ports import UNASKED, Spool, destination_note, trackers_note, trackers_text
from logferry_model.envelope import encode_session, sha256_hex
from tests.contracts.spooling import HOME, NOW, PLACE, RECEIPT, SECOND, Bench, admit, claim, found, rows_of

AWAY = "away"


def played(name: str, tracker: str, *, age: int = 0, player: str | None = None) -> NewSession:
    made = found(name, age=age, player=player)
    session = other(made.session, tracker=tracker)
    document = encode_session(session)
    return NewSession(
        session=session,
        document=document,
        events=len(session.events),
        fingerprint=sha256_hex(document),
        weight=made.weight,
        only_grows=False,
        identity=player,
    )


async def choose(spool: Spool, *trackers: str, to: str = HOME) -> None:
    await spool.set_note(trackers_note(to), trackers_text(trackers))


async def claimed(spool: Spool, to: str = HOME) -> list[str]:
    these = await claim(spool, to)
    await spool.released([one.row.id for one in these])
    return [one.row.session for one in these]


async def standings(spool: Spool, to: str = HOME) -> Mapping[str, Standing]:
    return {one.session: one.standing for one in await rows_of(spool) if one.destination == to}


async def both(spool: Spool) -> None:
    await admit(spool, played("aa", "artemis", age=1), played("bb", "putt"), to=(HOME, AWAY))


async def test_without_a_filter_all_go(spool: Spool) -> None:
    await both(spool)
    assert await claimed(spool) == ["aa", "bb"]
    assert set((await standings(spool)).values()) == {Standing.ALLOWED}


async def test_only_the_chosen_trackers_go_and_only_there(spool: Spool) -> None:
    await both(spool)
    await choose(spool, "putt", "swg-bot")
    assert await claimed(spool) == ["bb"]
    assert await claimed(spool, AWAY) == ["aa", "bb"]
    assert await standings(spool) == {"aa": Standing.OTHER_TRACKER, "bb": Standing.ALLOWED}
    assert set((await standings(spool, AWAY)).values()) == {Standing.ALLOWED}


async def test_another_filter_judges_anew_what_was_not_sent_also_after_a_restart(bench: Bench) -> None:
    await both(bench.spool)
    await choose(bench.spool, "putt")
    await bench.restart()
    assert await claimed(bench.spool) == ["bb"]
    await choose(bench.spool, "artemis")
    assert await claimed(bench.spool) == ["aa"]
    await choose(bench.spool)
    assert await claimed(bench.spool) == ["aa", "bb"]


async def test_what_is_left_out_is_never_due(spool: Spool) -> None:
    await admit(spool, played("aa", "artemis"))
    await choose(spool, "putt")
    assert await spool.next_due(HOME, NOW, backfill=False) is None
    await choose(spool)
    assert await spool.next_due(HOME, NOW, backfill=False) is not None


async def test_many_that_are_left_out_keep_nothing_from_its_turn(spool: Spool) -> None:
    await admit(spool, *(played(f"{n:02}", "artemis", age=99 - n) for n in range(40)), played("zz", "putt"))
    await choose(spool, "putt")
    assert [one.row.session for one in await claim(spool, limit=1)] == ["zz"]


async def test_what_is_left_out_is_counted_once_whoever_played_it(spool: Spool) -> None:
    mine = Binding(destination=HOME, tracker=ANY, identity="ole", allowed=False, decided_at=NOW)
    await admit(
        spool,
        played("aa", "artemis", player="mila"),
        played("bb", "artemis"),
        played("cc", "putt", player="mila"),
        played("dd", "putt", player="ole"),
    )
    await spool.bind([mine])
    await choose(spool, "putt")
    assert (await spool.totals()).barred == {
        (HOME, State.PENDING, Standing.OTHER_TRACKER): 2,
        (HOME, State.PENDING, Standing.UNKNOWN): 1,
        (HOME, State.PENDING, Standing.DENIED): 1,
    }


async def test_what_was_sent_before_is_not_left_out(spool: Spool) -> None:
    await admit(spool, played("aa", "artemis", age=1), played("bb", "artemis"))
    first, second = await claim(spool)
    await spool.acked(first.row.id, RECEIPT, "", NOW, SECOND)
    await choose(spool, "putt")
    assert (await spool.totals()).barred == {}
    await spool.released([second.row.id])
    assert (await spool.totals()).barred == {(HOME, State.PENDING, Standing.OTHER_TRACKER): 1}


async def test_nobody_is_asked_who_played_what_is_left_out(spool: Spool) -> None:
    await admit(spool, played("aa", "artemis", player="mila"), played("bb", "putt", player="mila"))
    await choose(spool, "putt")
    assert [one.player.tracker for one in await spool.seen()] == ["putt"]


async def test_one_session_and_one_delivery_say_so_too(spool: Spool) -> None:
    await both(spool)
    await choose(spool, "putt")
    shown = await spool.session("aa")
    assert shown is not None
    assert {one.destination: one.standing for one in shown[1]} == {
        HOME: Standing.OTHER_TRACKER,
        AWAY: Standing.ALLOWED,
    }
    (at_home,) = [one.id for one in shown[1] if one.destination == HOME]
    alone = await spool.delivery(at_home)
    assert alone is not None
    assert alone.standing is Standing.OTHER_TRACKER


async def test_what_failed_and_is_left_out_now_hides_no_other_failure(spool: Spool) -> None:
    await admit(spool, *(played(f"{n:02}", "artemis", age=n) for n in range(5)), played("zz", "putt", age=9))
    for number, one in enumerate(await claim(spool)):
        await spool.parked(one.row.id, "no", NOW + timedelta(seconds=number))
    await choose(spool, "putt")
    assert [one.session for one in await spool.failures(3)] == ["zz"]


async def test_what_is_left_out_everywhere_is_no_backlog(spool: Spool) -> None:
    await spool.set_note(UNASKED, None)
    await spool.set_note(destination_note(HOME), NOW.isoformat())
    await admit(spool, played("aa", "artemis", age=1), played("bb", "putt"))
    await choose(spool, "putt")
    backlog = (await spool.totals()).backlog
    assert backlog is not None
    assert backlog.sessions == 1
    await choose(spool, "swg-bot")
    assert (await spool.totals()).backlog is None


@pytest.mark.parametrize("gone", [True, False])
async def test_a_filter_goes_with_its_destination_and_with_the_address(spool: Spool, gone: bool) -> None:
    await spool.enlist(HOME, PLACE, NOW)
    await choose(spool, "putt")
    if gone:
        await spool.dismiss(HOME)
    else:
        await spool.enlist(HOME, "elsewhere", NOW)
    assert await spool.note(trackers_note(HOME)) is None
