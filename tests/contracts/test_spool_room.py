"""A spool in which no more than so much may wait: what does not go in is not lost, and nothing in it makes room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.adapters.spool_sqlite import open_spool
from logferry_daemon.core.queue_bound import QUEUE_FULL, Bound
from logferry_daemon.ports import Spool, source_note
from logferry_model.errors import Unreachable
from tests.contracts.spooling import FACTS, HOME, NOW, RECEIPT, admit, claim, found, row, states
from tests.fake_spool import MemorySpool
from tests.fakes import FixedChance

FEW = Bound(sessions=3)
SMALL = Bound(bytes=1)


@pytest.fixture(params=["sqlite", "memory"])
async def spool(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Spool]:
    async for one in opened(request.param, tmp_path, FEW):
        yield one


async def opened(kind: str, folder: Path, bound: Bound) -> AsyncIterator[Spool]:
    if kind == "memory":
        yield MemorySpool(bound=bound)
        return
    async with open_spool(folder / "spool.db", FixedChance(), FACTS, bound=bound) as spool:
        yield spool


async def fill(spool: Spool) -> None:
    for name in ("aa", "bb", "cc"):
        await admit(spool, found(name), at=row(f"{name}.log"))


async def refused(spool: Spool, name: str) -> str:
    with pytest.raises(Unreachable) as caught:
        await admit(spool, found(name), at=row(f"{name}.log"))
    return caught.value.code


async def test_a_full_one_takes_nothing_new_evicts_nothing_and_says_so(spool: Spool) -> None:
    await fill(spool)
    assert spool.trouble is None
    assert await refused(spool, "dd") == QUEUE_FULL
    assert {session for session, _, _ in await states(spool)} == {"aa", "bb", "cc"}
    assert [one.path for one in await spool.files("game")] == ["aa.log", "bb.log", "cc.log"]
    assert spool.trouble is not None
    assert spool.trouble.code == QUEUE_FULL


async def test_a_full_one_takes_what_is_known_and_positions(spool: Spool) -> None:
    await fill(spool)
    await admit(spool, found("aa", events=5))
    await admit(spool, at=row(offset=77))
    assert ("aa", 2, HOME) in await states(spool)


@pytest.mark.parametrize("how", ["sent", "deleted"])
async def test_room_is_used_as_soon_as_it_is_there(spool: Spool, how: str) -> None:
    await fill(spool)
    await refused(spool, "dd")
    (one,) = await claim(spool, limit=1)
    if how == "sent":
        await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta())
    else:
        await spool.delete(one.row.session, "artemis", NOW, ask=())
    await admit(spool, found("dd"))
    assert spool.trouble is None
    assert await refused(spool, "ee") == QUEUE_FULL


async def test_room_is_found_although_what_did_not_fit_never_comes_again(spool: Spool) -> None:
    await fill(spool)
    await refused(spool, "dd")
    await spool.measure()
    assert spool.trouble is not None
    (one,) = await claim(spool, limit=1)
    await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta())
    await spool.measure()
    assert spool.trouble is None


async def test_what_was_parked_still_waits_and_what_waits_to_be_asked_for_does_not(spool: Spool) -> None:
    await spool.set_note(source_note("old"), (NOW + timedelta(days=9)).isoformat())
    for number in range(5):
        await admit(spool, found(f"o{number}"), at=row(source="old"))
    await fill(spool)
    (one,) = await claim(spool, limit=1)
    await spool.parked(one.row.id, "no", NOW)
    assert await refused(spool, "dd") == QUEUE_FULL


@pytest.mark.parametrize("kind", ["sqlite", "memory"])
async def test_bytes_count_too(kind: str, tmp_path: Path) -> None:
    async for spool in opened(kind, tmp_path, SMALL):
        await admit(spool, found("aa"))
        assert await refused(spool, "bb") == QUEUE_FULL


async def test_a_deleted_session_that_is_read_again_needs_no_room(spool: Spool) -> None:
    await admit(spool, found("xx"))
    await spool.delete("xx", "artemis", NOW, ask=())
    await fill(spool)
    await admit(spool, replace(found("xx")))
    assert {session for session, _, _ in await states(spool)} == {"aa", "bb", "cc"}
