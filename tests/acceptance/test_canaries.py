"""A daemon with a source of every tracker and recipe, hundreds of canaries in their files, and none of them on the wire.

Planted are names, in every field of a name and inside other texts, what people say, and addresses, paths, keys and
passwords in any text at all (tests/planting.py). Not planted is a bare unknown word where a game names its things: that is
the game's word, nobody can tell it from another, and it stays.
"""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.acceptance.proxy import proxy_to
from tests.acceptance.running import DESTINATION, DaemonHome, collector_home, daemon_home, make_quiet, tell, until
from tests.conftest import only_on
from tests.packed import zstd
from tests.planting import TRACKERS, Canaries, lay, planted, read, safe_places

pytestmark = [pytest.mark.accept, only_on("linux"), pytest.mark.timeout(300)]

SEED = 1


def plant_all(root: Path) -> tuple[list[str], Counter[str]]:
    """A folder a tracker; every canary that was put there, and how many sessions there are to be found."""
    words, sessions = list[str](), Counter[str]()
    for number, tracker in enumerate(sorted(TRACKERS)):
        folder = root / tracker
        folder.mkdir(parents=True)
        canaries = Canaries(f"kanari{number:02}")
        files = planted(tracker, SEED, canaries, safe_places(tracker, SEED))
        lay(tracker, files, folder)
        words += canaries.words
        sessions[tracker] += len(read(tracker, files))
        for file in folder.rglob("*"):
            if file.is_file():
                make_quiet(file)
    return words, sessions


def unpacked(data: bytes) -> Iterator[bytes]:
    """The bytes, and what they are the compressed form of."""
    yield data
    for open_up in (gzip.decompress, zlib.decompress, zstd.decompress):
        with suppress(OSError, EOFError, zlib.error, zstd.ZstdError):
            yield open_up(data)


WHO_PLAYED = ("players", "bindings")
"""Tables of who played, which is asked about on this computer and goes no further: names stand there in full."""


def rows_of(database: Path, *tables: str) -> Iterator[bytes]:
    """Every value of these tables."""
    with closing(sqlite3.connect(database)) as connection:
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 -- its own names
                yield from (str(cell).encode() if not isinstance(cell, bytes) else cell for cell in row)


def tables_of(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def hits(words: Iterable[str], texts: Iterable[bytes]) -> set[str]:
    """Those of `words` that stand in one of the texts, in whatever case."""
    whole = b"\n".join(opened for text in texts for opened in unpacked(text)).lower()
    return {word for word in words if word.lower().encode() in whole}


def end_what_runs(daemon: DaemonHome) -> None:
    """Where a canary made the word for the end unreadable, the owner says that it is over."""
    until(
        lambda: len(daemon.client.sessions().running) + len(daemon.client.sessions().sessions) >= len(TRACKERS), "found"
    )
    for running in daemon.client.sessions().running:
        daemon.client.end(running.id)


def all_uploaded(daemon: DaemonHome) -> bool:
    """Whether something of every tracker has arrived and nothing moves."""
    sessions, counts = daemon.client.sessions().sessions, daemon.client.status().counts
    arrived = {one.tracker for one in sessions if any(each.state.value == "uploaded" for each in one.deliveries)}
    return arrived == set(TRACKERS) and counts.uploaded == counts.found


def test_no_canary_of_any_source_is_on_the_wire_or_in_the_spool(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    games = tmp_path / "games"
    words, sessions = plant_all(games)
    assert len(set(words)) >= 500
    laid = [file.read_bytes() for file in games.rglob("*") if file.is_file()]
    assert len(hits(words, laid)) > 0.9 * len(words), "the canaries are not in the files at all"
    with (
        collector_home(tmp_path / "collector") as collector,
        proxy_to(collector.port) as proxy,
        daemon_home(tmp_path / "daemon") as daemon,
    ):
        sources = {tracker: (tracker, games / tracker) for tracker in TRACKERS}
        daemon.configure(sources=sources, destinations={DESTINATION: proxy.url})
        program = daemon.start()
        daemon.agree(collector.key)
        end_what_runs(daemon)
        until(lambda: all_uploaded(daemon), f"all of {dict(sessions)} sent", seconds=90, every=0.2)
        assert daemon.client.status().counts.failed == 0
        assert program.stop() == 0
        sent = [part for request in proxy.requests for part in (request.wire, request.text)]
        kept = [file.read_bytes() for file in daemon.home.state.iterdir() if file.is_file()]
        spool = daemon.home.spool_file
        spooled = list(rows_of(spool, *tables_of(spool) - set(WHO_PLAYED)))
        players = hits(words, rows_of(spool, *WHO_PLAYED))
        stored = list(rows_of(collector.database, *tables_of(collector.database)))
        assert hits(["animal hide"], sent), "the bodies were not read at all"
        assert hits(["animal hide"], spooled), "the spool was not read at all"
        assert hits(words, sent) == set()
        assert hits(words, spooled) == set()
        assert hits(words, kept) <= players
        assert hits(words, stored) == set()
        assert hits(words, [daemon.own_words().encode()]) == set()
        size = sum(len(request.wire) for request in proxy.requests)
        tell(
            capsys,
            f"canaries: {len(set(words))} in {len(laid)} files of {len(sources)} sources, {len(proxy.requests)} requests "
            f"with {size:,} bytes captured, 0 on the wire; 0 in the spool but for the {len(players)} who played, who are asked about there",
        )
