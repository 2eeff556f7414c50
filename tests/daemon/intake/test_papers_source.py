"""A tracker that keeps more than sessions: its documents are followed, and what becomes of each paper is noted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.trackers.encounter_tracker import EncounterTracker
from tests.daemon.shell.stage import MINUTE, Stage

EXPORT = "export.json"
KEY = "5f0c3a52-77d1-4e0b-9a55-1c5d2f5e8a05"


def export(*names: str) -> bytes:
    parties = [{"id": f"party-{name}", "name": name, "members": []} for name in names]
    return json.dumps({"parties": parties, "encounters": [], "creatures": []}).encode()


async def actions(stage: Stage) -> list[str]:
    return [line.change.action.value for line in await stage.spool.paper_changes(0)]


async def written(stage: Stage, content: bytes) -> list[str]:
    name = next(pattern for pattern in EncounterTracker().patterns).replace("*", "export")
    stage.files.write(name, content)
    stage.hint()
    await stage.run(2 * MINUTE)
    return await actions(stage)


async def test_what_is_created_changed_and_deleted_in_an_export_is_noted() -> None:
    stage = Stage(EncounterTracker())
    assert await written(stage, export("owls")) == ["CREATE"]
    assert await written(stage, export("owls", "mice")) == ["CREATE", "CREATE"]
    assert await written(stage, export("mice")) == ["CREATE", "CREATE", "DELETE"]


class Known:
    """One key that may be had."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Secrets]:
        yield Secrets([KEY])


async def test_a_paper_that_has_a_key_for_a_name_is_not_noted() -> None:
    stage = Stage(EncounterTracker())
    stage.follow(replace(stage.world, keys=Known()))
    kept = KEY.replace("5", "6")
    parties = [{"id": one, "name": "owls", "members": []} for one in (KEY, kept)]
    await written(stage, json.dumps({"parties": parties, "encounters": [], "creatures": []}).encode())
    assert [line.change.id for line in await stage.spool.paper_changes(0)] == [kept]


async def test_half_an_export_deletes_nothing() -> None:
    stage = Stage(EncounterTracker())
    await written(stage, export("owls"))
    assert await written(stage, export("owls", "mice")[:30]) == ["CREATE"]


async def test_with_its_file_everything_in_it_is_deleted() -> None:
    stage = Stage(EncounterTracker())
    await written(stage, export("owls"))
    for path in list(stage.files.paths):
        stage.files.delete(path)
    stage.hint()
    await stage.run(2 * MINUTE)
    assert await actions(stage) == ["CREATE", "DELETE"]
