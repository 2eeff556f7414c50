"""Sessions that are sent while they run: each version is one delivery, and the complete one is always the last word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from logferry_daemon.core.recut import Split
from logferry_daemon.ports import Spool, source_note
from logferry_model.errors import Misconfigured
from logferry_model.session import EndRule, SessionId
from tests.contracts.spooling import (
    HOME,
    LETTER,
    NOW,
    PLACE,
    RECEIPT,
    SECOND,
    Bench,
    admit,
    claim,
    found,
    row,
    rows_of,
    so_far,
    states,
)
from tests.factories import HOUR, START

AWAY = "away"


async def counts(spool: Spool) -> dict[str, int]:
    """Deliveries by state."""
    totals = (await spool.totals()).by_state
    return {state.value: number for (_, state), number in totals.items()}


async def test_a_partial_version_is_sent_as_one_and_has_no_end(spool: Spool) -> None:
    await admit(spool, so_far("aa", events=2))
    (one,) = await claim(spool)
    assert (one.parcel.partial, one.parcel.ended_at, one.parcel.revision) == (True, None, 1)
    ((summary, _),) = await spool.sessions()
    assert (summary.ended_at, summary.end_rule, summary.events) == (None, "", 2)


async def test_a_complete_version_is_sent_as_one(spool: Spool) -> None:
    await admit(spool, so_far("aa", events=2))
    await admit(spool, found("aa", events=3))
    (one,) = await claim(spool)
    assert (one.parcel.partial, one.parcel.revision) == (False, 2)
    assert one.parcel.ended_at == START + HOUR


async def test_a_newer_version_supersedes_what_waits(spool: Spool) -> None:
    await admit(spool, so_far("aa", events=1))
    await admit(spool, so_far("aa", events=2))
    await admit(spool, found("aa", events=3))
    assert await states(spool) == {
        ("aa", 1, HOME): "excluded",
        ("aa", 2, HOME): "excluded",
        ("aa", 3, HOME): "pending",
    }


async def test_the_same_state_of_a_session_is_not_sent_twice(bench: Bench) -> None:
    await admit(bench.spool, so_far("aa", events=2))
    await bench.restart()
    (again,) = await bench.spool.admit(row(), [so_far("aa", events=2)], [HOME], NOW)
    assert (again.revision, again.new) == (1, False)
    assert len(await rows_of(bench.spool)) == 1


async def test_a_partial_version_after_the_complete_one_is_no_news(spool: Spool) -> None:
    await admit(spool, found("aa", events=3, rule=EndRule.SILENCE))
    await admit(spool, so_far("aa", events=9))
    ((summary, rows),) = await spool.sessions()
    assert (summary.revision, summary.events, len(rows)) == (1, 3, 1)


async def test_one_that_was_being_sent_when_the_daemon_ended_is_superseded_by_the_complete_one(bench: Bench) -> None:
    await admit(bench.spool, so_far("aa", events=2))
    (one,) = await claim(bench.spool)
    await bench.spool.keep_letter(one.row.id, LETTER)
    await admit(bench.spool, found("aa", events=3))
    assert (await states(bench.spool))["aa", 1, HOME] == "uploading"
    await bench.restart()
    assert (await states(bench.spool))["aa", 1, HOME] == "excluded"
    assert [one.parcel.revision for one in await claim(bench.spool)] == [2]


async def test_one_that_was_being_sent_and_had_no_successor_is_sent_again_with_the_same_bytes(bench: Bench) -> None:
    await admit(bench.spool, so_far("aa", events=2))
    (one,) = await claim(bench.spool)
    await bench.spool.keep_letter(one.row.id, LETTER)
    await bench.restart()
    (again,) = await claim(bench.spool)
    assert (again.letter, again.parcel.idempotency_key) == (LETTER, one.parcel.idempotency_key)


async def test_a_destination_that_refused_a_version_gets_no_more_before_the_complete_one(spool: Spool) -> None:
    await admit(spool, so_far("aa", events=1), to=[HOME, AWAY])
    (one,) = await claim(spool)
    await spool.parked(one.row.id, "422", NOW)
    await admit(spool, so_far("aa", events=2), to=[HOME, AWAY])
    assert await states(spool) == {
        ("aa", 1, HOME): "failed",
        ("aa", 1, AWAY): "excluded",
        ("aa", 2, AWAY): "pending",
    }
    await admit(spool, found("aa", events=3), to=[HOME, AWAY])
    assert (await states(spool))["aa", 1, HOME] == "excluded"
    assert (await states(spool))["aa", 3, HOME] == "pending"


async def test_a_destination_is_not_told_of_a_running_session_only_because_it_is_there(bench: Bench) -> None:
    await admit(bench.spool, so_far("aa"), found("bb"))
    assert await bench.spool.enlist(AWAY, PLACE, START) == 1
    await admit(bench.spool, found("aa", events=9), to=[HOME, AWAY])
    assert (await states(bench.spool))["aa", 2, AWAY] == "pending"


async def test_one_that_was_heard_of_before_its_source_was_followed_waits_until_it_goes_on(spool: Spool) -> None:
    await spool.set_note(source_note("game"), f"{(START + 2 * SECOND).isoformat()} folder")
    await admit(spool, so_far("aa", events=2))
    await admit(spool, so_far("aa", events=9))
    assert await states(spool) == {("aa", 1, HOME): "excluded", ("aa", 2, HOME): "pending"}
    await admit(spool, so_far("bb", events=2))
    assert (await states(spool))["bb", 1, HOME] == "backlog"


async def test_partial_ones_are_known_to_the_next_daemon_with_their_time(bench: Bench) -> None:
    await admit(bench.spool, so_far("aa"), found("bb"), now=NOW)
    await admit(bench.spool, so_far("aa", events=5), now=NOW + HOUR)
    await bench.restart()
    assert dict(await bench.spool.partials("game")) == {SessionId("aa"): NOW + HOUR}
    assert dict(await bench.spool.partials("other")) == {}
    await admit(bench.spool, found("aa", events=6))
    assert dict(await bench.spool.partials("game")) == {}


async def test_the_sources_of_partial_ones_are_known(bench: Bench) -> None:
    await admit(bench.spool, so_far("aa"), so_far("bb"), at=row(source="old"))
    await admit(bench.spool, found("cc"), at=row(source="done"))
    await admit(bench.spool, so_far("dd"))
    await bench.restart()
    assert list(await bench.spool.sources_of_partials()) == ["game", "old"]
    await bench.spool.complete(SessionId("dd"), [HOME], NOW)
    assert list(await bench.spool.sources_of_partials()) == ["old"]


async def test_what_is_left_of_one_is_made_the_whole_of_it(bench: Bench) -> None:
    await admit(bench.spool, so_far("aa", events=4), to=[HOME])
    await bench.restart()
    done = await bench.spool.complete(SessionId("aa"), [HOME, AWAY], NOW)
    assert done is not None
    assert (done.revision, done.new) == (2, True)
    kept = await bench.spool.session("aa")
    assert kept is not None
    assert (len(kept[2].events), kept[2].ended_at) == (4, START + 3 * SECOND)
    assert kept[0].end_rule == EndRule.SILENCE
    assert [one.parcel.partial for one in await claim(bench.spool, AWAY)] == [False]
    assert await bench.spool.complete(SessionId("aa"), [HOME, AWAY], NOW) is None
    assert await bench.spool.complete(SessionId("zz"), [HOME, AWAY], NOW) is None


async def test_what_goes_on_after_all_is_a_new_version(spool: Spool) -> None:
    await admit(spool, so_far("aa", events=4))
    await spool.complete(SessionId("aa"), [HOME], NOW)
    (more,) = await spool.admit(row(), [found("aa", events=5)], [HOME], NOW)
    assert (more.revision, more.new) == (3, True)


async def test_a_running_session_cannot_be_cut(spool: Spool) -> None:
    await admit(spool, so_far("aa", events=4))
    with pytest.raises(Misconfigured, match="still runs"):
        await spool.recut(Split("aa", (START + SECOND,)), [HOME], NOW, only_look=False)


async def test_a_deleted_session_stays_deleted_while_it_runs_and_when_it_is_over(spool: Spool) -> None:
    await admit(spool, so_far("aa", events=1))
    await spool.delete("aa", "artemis", NOW, ask=())
    await admit(spool, so_far("aa", events=2))
    await admit(spool, found("aa", events=3))
    assert await rows_of(spool) == []


async def test_every_version_is_counted_once(spool: Spool) -> None:
    await admit(spool, so_far("aa", events=1))
    (one,) = await claim(spool)
    await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta())
    await admit(spool, so_far("aa", events=2))
    await admit(spool, found("aa", events=3))
    assert await counts(spool) == {"uploaded": 1, "excluded": 1, "pending": 1}
    assert (await spool.totals()).homeless == 0
