"""A player of one session is no thing in another one of the same file."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from tests.daemon.shell.stage import ELITE, JOURNAL, MINUTE, NEXT_JOURNAL, Stage, begin, line, shutdown


@pytest.mark.parametrize("first", [True, False])
async def test_a_player_of_one_session_is_nothing_in_another_one_of_the_same_file(first: bool) -> None:
    stage = Stage(ELITE)
    start = stage.clock.now()
    who = line("ReceiveText", start, From="Oriana Quellmont", Channel="player", Message="hello")
    met, seen = [begin(start), who, shutdown(start)], [begin(start + MINUTE), *_seen(start + MINUTE)]
    await _written(stage, b"".join([*met, *seen] if first else [*seen, *met]))
    kept = [msgspec.json.encode(await stage.document(number)) for number in range(2)]
    assert all(b"Quellmont" not in document for document in kept)
    assert sum(b"Sol" in document for document in kept) == 1


async def test_also_when_the_session_that_names_him_was_over_long_before() -> None:
    stage = Stage(ELITE)
    start = stage.clock.now()
    who = line("ReceiveText", start, From="Oriana Quellmont", Channel="player", Message="hello")
    met = b"".join([begin(start), who, shutdown(start)])
    await _written(stage, met)
    later = stage.clock.now()
    await _written(stage, b"".join([met, begin(later), *_seen(later)]))
    kept = [msgspec.json.encode(await stage.document(number)) for number in range(2)]
    assert all(b"Quellmont" not in document for document in kept)


async def test_who_is_named_in_another_file_is_no_reason_to_leave_anything_out() -> None:
    stage = Stage(ELITE)
    start = stage.clock.now()
    who = line("ReceiveText", start, From="Oriana Quellmont", Channel="player", Message="hello")
    await _written(stage, b"".join([begin(start), who, shutdown(start)]))
    stage.files.write(NEXT_JOURNAL, b"".join([begin(start + MINUTE), *_seen(start + MINUTE)]))
    await stage.run(2 * MINUTE)
    kept = [msgspec.json.encode(await stage.document(number)) for number in range(2)]
    assert sum(b"Quellmont" in document for document in kept) == 1


def _seen(at: datetime) -> list[bytes]:
    """A place that is called like her, one that is not, and the end."""
    places = ("Rest of Oriana Quellmont", "Sol")
    return [*(line("FSDJump", at, StarSystem=name, JumpDist=1.0) for name in places), shutdown(at)]


async def _written(stage: Stage, log: bytes) -> None:
    stage.files.write(JOURNAL, log)
    await stage.run(2 * MINUTE)
