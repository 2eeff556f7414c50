"""Files that cannot be read, now or ever: each is one trouble, told in time, and the others go on."""

from __future__ import annotations

import pytest

from logferry_daemon.core.reading import Document, Reading
from logferry_daemon.trackers.artemis import Artemis
from logferry_model.errors import Unreachable
from tests.daemon.shell.stage import ARTEMIS, DOCUMENT, MINUTE, PACE, SECOND, Stage, hunt


async def test_half_a_document_is_waited_for_and_then_told(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt()[:-40])
    await stage.run(PACE.patience - SECOND)
    assert await stage.troubles() == {}
    await stage.run(3 * SECOND)
    assert await stage.troubles() == {DOCUMENT: "not-json"}
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 1


BAD = {
    "half": (hunt()[:-40], "not-json"),
    "nothing": (b"", "empty"),
    "zeros": (b"\0" * 4096, "empty"),
    "text": (b"hello", "not-json"),
    "list": (b"[]", "not-a-session"),
    "twice": (hunt().replace(b'"id"', b'"tags"', 1), "duplicate-key"),
    "nan": (hunt(2, manualArmorCost=float("nan")), "repaired"),
    "deep": (b"[" * 100_000, "too-deep"),
    "large": (b"x" * (ARTEMIS.max_bytes + 1), "too-large"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_document_is_one_trouble_and_the_others_go_on(stage: Stage, kind: str) -> None:
    data, code = BAD[kind]
    stage.files.write("session-0.json", data)
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    assert await stage.troubles() == {"session-0.json": code}
    assert len(await stage.kept()) == (2 if code == "repaired" else 1)
    reads = stage.files.reads
    await stage.run(10 * MINUTE)
    assert stage.files.reads == reads


@pytest.mark.parametrize("code", ["symlink", "not-a-file"])
async def test_what_is_no_file_is_one_trouble_and_the_others_go_on(stage: Stage, code: str) -> None:
    stage.files.spoil("session-0.json", code)
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    assert await stage.troubles() == {"session-0.json": code}
    assert len(await stage.kept()) == 1


async def test_permission_that_comes_back_is_noticed_without_any_other_sign(stage: Stage) -> None:
    stage.files.write("session-0.json", hunt(2))
    stage.files.deny("session-0.json")
    stage.files.write(DOCUMENT, hunt())
    await stage.run(5 * MINUTE)
    assert await stage.troubles() == {"session-0.json": "no-permission"}
    assert len(await stage.kept()) == 1
    stage.files.permit("session-0.json")
    await stage.run(2 * PACE.rescan)
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 2


async def test_permission_that_comes_back_to_a_known_file_takes_its_trouble_away(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt())
    await stage.run(MINUTE)
    stage.files.deny(DOCUMENT)
    stage.files.touch(DOCUMENT)
    await stage.run(2 * PACE.rescan)
    assert await stage.troubles() == {DOCUMENT: "no-permission"}
    stage.files.permit(DOCUMENT)
    await stage.run(2 * PACE.rescan)
    assert await stage.troubles() == {}
    assert len(stage.news) == 1


async def test_a_file_that_cannot_be_read_for_long_is_told_and_tried_on(stage: Stage) -> None:
    stage.files.write(DOCUMENT, hunt())
    stage.files.fail(DOCUMENT, Unreachable("file-unreadable", "input/output error"))
    await stage.run(PACE.patience - SECOND)
    assert await stage.troubles() == {}
    await stage.run(MINUTE)
    assert await stage.troubles() == {DOCUMENT: "file-unreadable"}
    stage.files.permit(DOCUMENT)
    await stage.run(2 * PACE.rescan)
    assert await stage.troubles() == {}
    assert len(await stage.kept()) == 1


class Faulty(Artemis):
    """A tracker with a mistake in it."""

    def read(self, document: Document) -> Reading:
        if b"poison" in document.data:
            raise ZeroDivisionError
        return super().read(document)


async def test_a_reader_that_raises_is_the_trouble_of_its_file_and_the_others_go_on() -> None:
    stage = Stage(Faulty())
    stage.files.write("session-0.json", b"poison")
    stage.files.write(DOCUMENT, hunt())
    await stage.run(5 * MINUTE)
    assert await stage.troubles() == {"session-0.json": "reader-failed"}
    assert len(await stage.kept()) == 1
