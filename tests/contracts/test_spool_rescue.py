"""A spool whose file is not what was written: set aside, built anew of what can be read, and nothing made up."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from logferry_daemon.adapters.clock_system import SystemChance
from logferry_daemon.adapters.spool_rescue import make_sound
from logferry_daemon.adapters.spool_sqlite import open_spool
from logferry_daemon.core.consent import Grant
from logferry_daemon.core.identities import UNSURE, Binding
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.salvage import REBUILT_NOTE, decode_rebuilt
from logferry_daemon.core.tus import PATH as TUS
from logferry_daemon.ports import source_note
from logferry_model.errors import Unreachable
from tests.contracts.spooling import FACTS, HOME, LETTER, NOW, RECEIPT, admit, claim, found, row, states
from tests.fakes import FixedChance

GRANT = Grant(destination=HOME, policy_digest="ab" * 32, policy_version=1, granted_at=NOW, terms=("names: token",))
OLE = Binding(destination=HOME, tracker="artemis", identity="ole", allowed=False, decided_at=NOW)
MILA = Binding(destination=HOME, tracker="artemis", identity="mila", allowed=True, decided_at=NOW)
KEY = "0123456789abcdef" * 4
INSTALL = "fedcba9876543210" * 2
NAMES = [f"{number:016x}" for number in range(40)]
FLIPS = 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spool in which there is some of everything; never changed."""
    import asyncio

    path = tmp_path_factory.mktemp("whole") / "spool.db"
    asyncio.run(_fill(path))
    return path


async def _fill(path: Path) -> None:
    async with open_spool(path, FixedChance(), FACTS) as spool:
        await spool.set_note("slot-key", KEY)
        await spool.set_note("install-id:home", INSTALL)
        await spool.set_note(source_note("game"), (NOW - timedelta(days=900)).isoformat())
        await spool.grant(GRANT)
        await spool.bind([MILA, OLE])
        for number, name in enumerate(NAMES):
            player = "mila" if number % 3 else "ole"
            await admit(spool, found(name, events=40, age=number, player=player), at=row(f"{number}.log"))
        for one in await claim(spool, limit=12):
            await spool.keep_letter(one.row.id, LETTER)
            await spool.acked(one.row.id, RECEIPT, "", NOW, timedelta(seconds=1))
        (parked, under_way) = await claim(spool, limit=2)
        await spool.parked(parked.row.id, "no", NOW)
        await spool.keep_letter(under_way.row.id, LETTER)
        await spool.delete(NAMES[-1], "artemis", NOW, ask=())


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "spool.db"))


def page_of(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0])


def ruin(path: Path, page: int, *, size: int = 4096) -> None:
    content = bytearray(path.read_bytes())
    content[size * (page - 1) : size * page] = b"\xaa" * size
    path.write_bytes(content)


async def contents(path: Path) -> Mapping[str, object]:
    async with open_spool(path, FixedChance(), FACTS) as spool:
        return {
            "states": await states(spool),
            "grants": await spool.grants(),
            "bindings": await spool.bindings(),
            "key": await spool.note("slot-key"),
            "install": await spool.note("install-id:home"),
            "files": await spool.files("game"),
            "deleted": {one.session for one in await spool.deleted()},
            "rebuilt": decode_rebuilt(await spool.note(REBUILT_NOTE)),
        }


async def test_a_sound_one_is_left_alone(path: Path) -> None:
    before = path.read_bytes()
    assert make_sound(path, NOW) is None
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir() if not one.name.endswith(("-wal", "-shm"))] == ["spool.db"]


async def test_one_that_is_not_there_is_left_alone(tmp_path: Path) -> None:
    assert make_sound(tmp_path / "spool.db", NOW, distrusted=True) is None
    assert list(tmp_path.iterdir()) == []


async def test_a_distrusted_one_keeps_everything_but_positions_and_letters(path: Path) -> None:
    before = await contents(path)
    old = path.read_bytes()
    rebuilt = make_sound(path, NOW, distrusted=True)
    assert rebuilt is not None
    assert (rebuilt.sessions, rebuilt.receipts, rebuilt.unread) == (39, 12, ())
    assert path.with_name(rebuilt.aside).read_bytes() == old
    after = await contents(path)
    assert after["files"] == []
    same = ("states", "grants", "bindings", "key", "deleted")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["rebuilt"] == rebuilt
    async with open_spool(path, FixedChance(), FACTS) as spool:
        one = next(one for one in await claim(spool, limit=99) if one.row.attempts == 0 and one.letter is None)
        assert one.parcel.document


async def test_a_letter_that_may_have_been_sent_is_written_anew_under_another_key(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (name, before) = connection.execute("SELECT id, idempotency_key FROM deliveries WHERE body NOT NULL").fetchone()
    make_sound(path, NOW, distrusted=True)
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT state, body, idempotency_key FROM deliveries WHERE id = ?"
        state, body, after = connection.execute(query, (name,)).fetchone()
        tries = connection.execute("SELECT idempotency_key, state FROM copies WHERE report = ''").fetchall()
    assert (state, body) == ("pending", None)
    assert after != before
    assert (before, "kept") in tries


@pytest.mark.parametrize(
    "table", ["sessions", "deliveries", "grants", "bindings", "players", "notes", "deleted", "files"]
)
async def test_one_ruined_table_takes_only_what_depends_on_it(path: Path, table: str) -> None:
    before = await contents(path)
    ruin(path, page_of(path, table))
    rebuilt = make_sound(path, NOW)
    assert rebuilt is not None
    assert table in rebuilt.unread
    after = await contents(path)
    assert after["key"] == (None if table == "notes" else KEY)
    if table != "grants":
        assert after["grants"] == before["grants"]
    else:
        assert after["grants"] == {}
    assert after["bindings"] == ([] if table == "bindings" else before["bindings"])
    if table in {"grants", "bindings", "notes", "files", "deleted"}:
        assert after["states"] == before["states"]


async def test_without_the_list_of_deleted_sessions_what_is_read_anew_waits_to_be_asked_for(path: Path) -> None:
    ruin(path, page_of(path, "deleted"))
    make_sound(path, NOW)
    async with open_spool(path, SystemChance(), FACTS) as spool:
        assert await spool.note(source_note("game")) is None
        # As the fleet does when it follows a source that it knows nothing of.
        await spool.set_note(source_note("game"), NOW.isoformat())
        await admit(spool, found(NAMES[-1], age=39))
        assert (await states(spool))[NAMES[-1], 1, HOME] == "backlog"


async def test_whose_player_is_not_known_any_more_is_asked_about(path: Path) -> None:
    ruin(path, page_of(path, "players"))
    make_sound(path, NOW)
    async with open_spool(path, FixedChance(), FACTS) as spool:
        assert {one.player.identity for one in await spool.seen()} == {UNSURE}
        assert await claim(spool, limit=99) == []


async def test_a_row_that_cannot_be_believed_is_left_out(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE sessions SET document = x'00' WHERE id = ?", (NAMES[3],))
        connection.execute("UPDATE deliveries SET receipt = '{' WHERE session = ?", (NAMES[38],))
        connection.execute("UPDATE grants SET policy_digest = 'yes'")
        connection.commit()
    make_sound(path, NOW, distrusted=True)
    after = await contents(path)
    assert (NAMES[3], 1, HOME) not in after["states"]  # type: ignore[operator]
    assert after["states"][NAMES[38], 1, HOME] == "pending"  # type: ignore[index]
    assert after["grants"] == {}


async def test_an_upload_that_was_begun_is_taken_back_as_nobody_goes_on_with_it(path: Path) -> None:
    """One in a delivery, one that stood by itself; none that is whole, nor a path that Logferry never wrote there."""
    begun, bad = f"{TUS}/u1", f"{TUS}/../secrets"
    with closing(sqlite3.connect(path)) as connection:
        set_path = "UPDATE deliveries SET upload_path = ? WHERE session = ?"
        connection.executemany(set_path, [(begun, NAMES[3]), (bad, NAMES[4]), (f"{TUS}/whole", NAMES[5])])
        arrived = "UPDATE deliveries SET body = ?, upload_offset = ? WHERE session = ?"
        connection.executemany(arrived, [(b"the letter", 9, NAMES[3]), (b"the letter", 10, NAMES[5])])
        connection.execute("UPDATE deliveries SET upload_path = 'x' WHERE state = 'uploaded'")
        add = "INSERT INTO remnants (id, session, destination, path, state) VALUES (?, 's', ?, ?, 'pending')"
        connection.executemany(add, [("r1", HOME, f"{TUS}/u2"), ("r2", HOME, bad), ("r3", "", f"{TUS}/u3")])
        connection.commit()
    make_sound(path, NOW, distrusted=True)
    async with open_spool(path, FixedChance(), FACTS) as spool:
        left = {row.path: row.session for row in await spool.due_remnants(HOME, NOW, 9)}
        assert left == {begun: NAMES[3], f"{TUS}/u2": "s"}
        assert all(one.upload.path == "" for one in await claim(spool, limit=99))


async def test_what_stands_in_a_document_too_is_taken_from_there(path: Path) -> None:
    query = "SELECT natural_key, sessions.started_at, ended_at, deliveries.started_at FROM sessions JOIN deliveries ON session = sessions.id WHERE session = ?"
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute(query, (NAMES[3],)).fetchall()
        connection.execute(
            "UPDATE sessions SET natural_key = 'flipped', started_at = 1, ended_at = 2 WHERE id = ?", (NAMES[3],)
        )
        connection.execute("UPDATE deliveries SET started_at = 3 WHERE session = ?", (NAMES[3],))
        connection.commit()
    make_sound(path, NOW, distrusted=True)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(query, (NAMES[3],)).fetchall() == before != []


async def test_a_file_that_is_no_database_becomes_an_empty_one_and_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"this is not a database" * 1000)
    rebuilt = make_sound(path, NOW)
    assert rebuilt is not None
    assert (rebuilt.sessions, rebuilt.receipts) == (0, 0)
    assert path.with_name(rebuilt.aside).read_bytes().startswith(b"this is not")
    assert make_sound(path, NOW) is None


async def test_two_on_one_day_are_both_kept(path: Path, whole: Path) -> None:
    first = make_sound(path, NOW, distrusted=True)
    second = make_sound(path, NOW, distrusted=True)
    assert first is not None
    assert second is not None
    assert first.aside != second.aside
    assert path.with_name(first.aside).read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("moved", ["nothing", "file", "file and log"])
async def test_whoever_is_killed_in_between_finds_something_to_go_on_with(path: Path, whole: Path, moved: str) -> None:
    """The three states on the disk between the first byte of the new one and its name."""
    make_sound(path, NOW, distrusted=True)
    fresh, aside = path.with_name("spool.db.new"), path.with_name("spool.db.damaged-20260101T000000Z")
    log = path.with_name("spool.db-wal")
    if moved == "nothing":
        fresh.write_bytes(b"half a database")
    else:
        path.rename(fresh)
        shutil.copy(whole, aside)
        (log if moved == "file" else aside.with_name(f"{aside.name}-wal")).write_bytes(b"the old one's log")
    make_sound(path, NOW)
    assert not fresh.exists()
    assert not log.exists() or log.read_bytes() != b"the old one's log"
    assert len((await contents(path))["states"]) == 39  # type: ignore[arg-type]


async def test_one_in_a_folder_that_is_away_is_unreachable(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.mkdir()
    with pytest.raises(Unreachable) as caught:
        make_sound(path, NOW)
    assert caught.value.code == "spool-unavailable"


@pytest.mark.parametrize("seed", range(FLIPS))
async def test_whatever_bytes_are_flipped_it_opens_and_nothing_is_made_up(path: Path, seed: int) -> None:
    chance, content = Random(seed), bytearray(path.read_bytes())
    for _ in range(1 << chance.randrange(12)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    make_sound(path, NOW, distrusted=True)
    after = await contents(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert make_sound(path, NOW) is None
    for grant in after["grants"].values():  # type: ignore[attr-defined]
        assert len(grant.policy_digest) == 64
    async with open_spool(path, FixedChance(), FACTS) as spool:
        for session, _ in await spool.sessions():
            assert await spool.session(session.id)
        assert len(await spool.sessions()) <= len(NAMES)


async def test_what_decides_how_names_look_is_found_where_no_table_can_be_read(path: Path) -> None:
    ruin(path, 1)
    rebuilt = make_sound(path, NOW)
    assert rebuilt is not None
    assert (rebuilt.sessions, len(rebuilt.unread) > 10) == (0, True)
    after = await contents(path)
    assert (after["key"], after["install"]) == (KEY, INSTALL)


@pytest.mark.parametrize("way", ["deleted", "a key in it"])
async def test_what_is_to_be_gone_takes_the_file_along_that_was_set_aside(path: Path, way: str) -> None:
    async with open_spool(path, FixedChance(), FACTS) as spool:
        await spool.scrub()
    rebuilt = make_sound(path, NOW, distrusted=True)
    assert rebuilt is not None
    aside = path.with_name(rebuilt.aside)
    async with open_spool(path, FixedChance(), FACTS) as spool:
        await spool.scrub()
        assert aside.exists()
        if way == "deleted":
            await spool.delete(NAMES[0], "artemis", NOW, ask=())
        else:
            assert (await spool.withhold(Secrets([NAMES[0]]))).anything
        await spool.scrub()
        after = decode_rebuilt(await spool.note(REBUILT_NOTE))
    assert list(path.parent.glob(f"{path.name}.damaged-*")) == []
    assert after is not None
    assert (after.aside, after.sessions) == ("", rebuilt.sessions)
