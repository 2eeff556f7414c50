"""Sessions that were split or joined by hand, in the spool: at once, and for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from logferry_daemon.core.identity import session_id
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.preparing import part_of
from logferry_daemon.core.recut import Merge, Split
from logferry_daemon.ports import Recutting, Spool, source_note
from logferry_model.errors import Misconfigured
from tests.contracts.spooling import (
    HOME,
    NOW,
    PLACE,
    RECEIPT,
    SECOND,
    Bench,
    admit,
    claim,
    row,
    states,
)
from tests.factories import HOUR, START, event, session

AWAY = "away"


def played(key: str, *, events: int = 6, hours: int = 0) -> NewSession:
    """A session with an event a second, as a reader makes it."""
    start = START + hours * HOUR
    happened = tuple(event(item=f"{key}{number}", after=number * SECOND, start=start) for number in range(events))
    identity = session_id("artemis", key)
    return part_of(session(identity, natural_key=key, start=start, events=happened))


ONE, TWO, THREE = played("one"), played("two", hours=2), played("three", hours=4)
A, B, C = (each.session.id for each in (ONE, TWO, THREE))
REST = session_id("artemis", f"one/{round((START + 3 * SECOND).timestamp() * 1000)}")


async def split(spool: Spool, *seconds: int, name: str = A, to: Sequence[str] = (HOME,)) -> Recutting:
    order = Split(name, tuple(START + second * SECOND for second in seconds or (3,)))
    return await spool.recut(order, to, NOW, only_look=False)


async def merge(spool: Spool, *names: str, to: Sequence[str] = (HOME,)) -> Recutting:
    return await spool.recut(Merge(names), to, NOW, only_look=False)


async def events(spool: Spool) -> dict[str, int]:
    """Session -> events, of those that are not part of another one."""
    return {one.id: one.events for one, _ in await spool.sessions() if not one.merged_into}


async def send_all(spool: Spool) -> None:
    for one in await claim(spool):
        await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta())


async def test_a_split_session_is_a_new_revision_and_new_sessions_for_the_rest(spool: Spool) -> None:
    await admit(spool, ONE)
    await send_all(spool)
    done = await split(spool, to=[HOME, AWAY])
    assert [one.id for one in done.before] == [A]
    assert [(one.id, len(one.events)) for one in done.after] == [(A, 3), (REST, 3)]
    assert await states(spool) == {
        (A, 1, HOME): "uploaded",
        (A, 2, HOME): "pending",
        (A, 2, AWAY): "pending",
        (REST, 1, HOME): "pending",
        (REST, 1, AWAY): "pending",
    }
    for part in done.after:
        kept = await spool.session(part.id)
        assert kept is not None
        assert (kept[2], kept[0].source) == (part, "game")


async def test_looking_changes_nothing(bench: Bench) -> None:
    await admit(bench.spool, ONE)
    order = Split(A, (START + 3 * SECOND,))
    looked = await bench.spool.recut(order, [HOME], NOW, only_look=True)
    assert await events(bench.spool) == {A: 6}
    assert looked == await bench.spool.recut(order, [HOME], NOW, only_look=False)


async def test_the_same_file_read_again_neither_undoes_nor_doubles_a_split(bench: Bench) -> None:
    await admit(bench.spool, ONE)
    await split(bench.spool)
    before = await states(bench.spool)
    await bench.restart()
    for _ in range(2):
        (again,) = await bench.spool.admit(row(), [ONE], [HOME], NOW)
        assert not again.new
    assert await states(bench.spool) == before
    assert await events(bench.spool) == {A: 3, REST: 3}


async def test_a_longer_version_changes_only_the_part_that_grew(bench: Bench) -> None:
    await admit(bench.spool, ONE)
    await split(bench.spool)
    await send_all(bench.spool)
    await bench.restart()
    told = await bench.spool.admit(row(), [played("one", events=8)], [HOME], NOW)
    assert [(one.session, one.revision, one.new) for one in told] == [(A, 2, False), (REST, 2, True)]
    assert await events(bench.spool) == {A: 3, REST: 5}
    assert (await states(bench.spool))[REST, 2, HOME] == "pending"


async def test_a_part_can_be_split_again(spool: Spool) -> None:
    await admit(spool, ONE)
    await split(spool)
    await split(spool, 4, name=REST)
    assert sorted((await events(spool)).values()) == [1, 2, 3]


async def test_joined_sessions_are_one_and_the_others_are_marked(spool: Spool) -> None:
    await admit(spool, ONE, TWO, THREE)
    done = await merge(spool, A, B)
    assert [(one.id, len(one.events)) for one in done.after] == [(A, 12)]
    assert await events(spool) == {A: 12, C: 6}
    assert {one.id: one.merged_into for one, _ in await spool.sessions()} == {A: None, B: A, C: None}
    assert await states(spool) == {
        (A, 1, HOME): "excluded",
        (A, 2, HOME): "pending",
        (B, 1, HOME): "excluded",
        (C, 1, HOME): "pending",
    }
    reasons = {one.last_error for row, deliveries in await spool.sessions() for one in deliveries if row.id == B}
    assert reasons == {f"merged into {A}"}


async def test_what_was_uploaded_before_it_became_part_of_another_stays_uploaded(spool: Spool) -> None:
    await admit(spool, ONE, TWO)
    await send_all(spool)
    await merge(spool, A, B)
    assert (await states(spool))[B, 1, HOME] == "uploaded"


async def test_what_was_being_sent_when_it_became_part_of_another_is_not_sent_again(spool: Spool) -> None:
    await admit(spool, ONE, TWO)
    under_way = await claim(spool)
    await merge(spool, A, B)
    for one in under_way:
        await spool.deferred(one.row.id, "503", NOW, counts=True)
    assert await states(spool) == {(A, 1, HOME): "excluded", (A, 2, HOME): "pending", (B, 1, HOME): "excluded"}


async def test_joined_sessions_stay_joined_when_their_files_are_read_again(bench: Bench) -> None:
    await admit(bench.spool, ONE, TWO)
    await merge(bench.spool, A, B)
    before = await states(bench.spool)
    await bench.restart()
    told = await bench.spool.admit(row(), [ONE, TWO], [HOME], NOW)
    assert not any(one.new for one in told)
    assert await states(bench.spool) == before
    (grown,) = await bench.spool.admit(row(), [played("two", events=9, hours=2)], [HOME], NOW)
    assert (grown.session, grown.revision, grown.new) == (A, 3, True)
    assert await events(bench.spool) == {A: 15}


async def test_joined_and_split_again_are_what_they_were_and_go_once_more(spool: Spool) -> None:
    await admit(spool, ONE, TWO)
    await merge(spool, A, B)
    done = await spool.recut(Split(A, (START + HOUR,)), [HOME], NOW, only_look=False)
    assert done.after == (ONE.session, TWO.session)
    assert {key[:2]: state for key, state in (await states(spool)).items() if state == "pending"} == {
        (A, 3): "pending",
        (B, 2): "pending",
    }


async def test_a_split_can_be_taken_back(spool: Spool) -> None:
    await admit(spool, ONE)
    await split(spool)
    await merge(spool, A, REST)
    assert await events(spool) == {A: 6}
    kept = await spool.session(A)
    assert kept is not None
    assert kept[2] == ONE.session
    assert (await states(spool))[REST, 1, HOME] == "excluded"


async def test_parts_of_what_waits_wait_too_and_parts_of_what_was_asked_for_go(spool: Spool) -> None:
    await spool.set_note(source_note("game"), f"{NOW.isoformat()} folder")
    await admit(spool, ONE, TWO)
    await split(spool)
    assert {state for (name, _, _), state in (await states(spool)).items() if name == REST} == {"backlog"}
    await spool.release(B, None)
    await spool.recut(Split(B, (TWO.session.started_at + SECOND,)), [HOME], NOW, only_look=False)
    pending = {name for (name, _, _), state in (await states(spool)).items() if state == "pending"}
    assert len(pending) == 2
    assert pending & {A, REST} == set()


async def test_everything_adds_up_after_a_recut_also_without_a_destination(spool: Spool) -> None:
    await admit(spool, ONE, TWO, to=[])
    await merge(spool, A, B, to=[])
    assert (await spool.totals()).homeless == 1
    assert await spool.enlist(AWAY, PLACE, NOW) == 1


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (Split("nonsense", (START,)), "session-unknown"),
        (Merge((A, "nonsense")), "session-unknown"),
        (Split(A, (START + HOUR,)), "recut-outside"),
        (Merge((A, C)), "recut-apart"),
        (Merge((A,)), "recut-one"),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused_and_changes_nothing(spool: Spool, order: Split | Merge, code: str) -> None:
    await admit(spool, ONE, TWO, THREE)
    with pytest.raises(Misconfigured) as caught:
        await spool.recut(order, [HOME], NOW, only_look=False)
    assert caught.value.code == code
    assert await events(spool) == {A: 6, B: 6, C: 6}


async def test_a_session_that_became_part_of_another_is_no_session_any_more(spool: Spool) -> None:
    await admit(spool, ONE, TWO)
    await merge(spool, A, B)
    with pytest.raises(Misconfigured, match=f"became part of {A}"):
        await spool.recut(Split(B, (START,)), [HOME], NOW, only_look=False)
