"""Papers and the journal of their changes, in every spool."""

from __future__ import annotations

from dataclasses import replace

from logferry_daemon.core.reading import Paper
from logferry_daemon.ports import Spool
from tests.contracts.spooling import HOME, NOW, found, row

PARTY, OWL = Paper(kind="party", id="a", digest="1"), Paper(kind="creature", id="b", digest="1")
WISER_OWL = Paper(kind="creature", id="b", digest="2")


async def note(spool: Spool, *papers: Paper, path: str = "export.json") -> None:
    await spool.admit(row(path), [], [HOME], NOW, papers)


async def happened(spool: Spool, after: int = 0) -> list[tuple[str, str]]:
    return [(line.change.id, line.change.action.value) for line in await spool.paper_changes(after)]


async def test_what_a_document_holds_is_created_then_updated_then_deleted(spool: Spool) -> None:
    await note(spool, PARTY, OWL)
    await note(spool, PARTY, WISER_OWL)
    await note(spool, WISER_OWL)
    assert await happened(spool) == [("a", "CREATE"), ("b", "CREATE"), ("b", "UPDATE"), ("a", "DELETE")]


async def test_the_same_again_is_no_change(spool: Spool) -> None:
    await note(spool, PARTY)
    await note(spool, PARTY)
    assert len(await happened(spool)) == 1


async def test_a_reading_that_says_nothing_of_papers_deletes_none(spool: Spool) -> None:
    await note(spool, PARTY)
    await spool.admit(row("export.json"), [found()], [HOME], NOW)
    assert len(await happened(spool)) == 1


async def test_with_its_document_a_paper_is_gone(spool: Spool) -> None:
    await note(spool, PARTY)
    await note(spool, OWL, path="other.json")
    await spool.forget_file("game", "export.json", NOW)
    assert (await happened(spool))[2:] == [("a", "DELETE")]


async def test_whoever_asks_on_misses_nothing(spool: Spool) -> None:
    await note(spool, PARTY)
    last = (await spool.paper_changes(0))[-1].seq
    await note(spool, PARTY, OWL)
    assert await happened(spool, last) == [("b", "CREATE")]


async def test_how_many_midnights_passed_is_remembered(spool: Spool) -> None:
    await spool.admit(replace(row(), days=3), [], [HOME], NOW)
    assert [one.days for one in await spool.files("game")] == [3]
