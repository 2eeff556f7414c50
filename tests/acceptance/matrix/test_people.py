"""Cells in which somebody does something in the middle: F18, F25, F26, F29, F30, F32, F34."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from logferry_collector.keys import create_key, revoke_account
from logferry_collector.settings import CollectorSettings
from logferry_ipc.messages import DeleteRequest, Login
from tests.acceptance.delivered import plays_in, stored_in
from tests.acceptance.matrix.world import SESSIONS, world
from tests.acceptance.playground import hunts
from tests.acceptance.proxy import proxy_to
from tests.acceptance.running import ACCOUNT, DESTINATION, make_quiet, until
from tests.faults import scripts
from tests.faults.tcp import HEALTHY, UNANSWERED, Fault, Line

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]
SLOW = Fault(down=Line(latency=0.1))


def test_f25_a_file_that_is_half_there_for_a_while(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        files = list(hunts(SESSIONS))
        for name, content in files:
            (w.playground.artemis / name).write_bytes(content[: len(content) // 2])
        w.daemon.client.upload_all()
        assert w.daemon.client.status().counts.found == 0
        for name, content in files:
            with (w.playground.artemis / name).open("ab") as file:
                file.write(content[len(content) // 2 :])
            make_quiet(w.playground.artemis / name)
        w.truth = plays_in(w.playground.artemis)
        w.drained()
        assert w.judge(25, "second half later").exactly_once


def test_f26_files_that_go_away_or_change_their_name_while_they_are_sent(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.broken(lambda _, __: SLOW)
        until(lambda: w.daemon.client.status().counts.found == SESSIONS, "all found")
        files = sorted(w.playground.artemis.iterdir())
        for number, file in enumerate(files):
            if number % 3 == 0:
                file.unlink()
            elif number % 3 == 1:
                file.rename(file.with_name(f"session-moved-{number}.json"))
        w.drained()
        assert w.judge(26, "deleted, renamed").exactly_once


def test_f29_a_key_that_is_revoked_in_the_middle_and_renewed(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.broken(lambda _, __: SLOW)
        until(lambda: w.daemon.client.status().counts.uploaded >= 3, "the first ones")
        settings = CollectorSettings(database_url=f"sqlite:///{w.collector.database.as_posix()}")
        revoke_account(settings, ACCOUNT)
        w.play(5)  # what went in one request with the first ones is there already
        w.hears("key refused", within=15)
        assert w.daemon.client.status().counts.failed == 0
        renewed = create_key(settings, ACCOUNT, "renewed").text
        w.daemon.client.login(DESTINATION, Login(secret=renewed, insecure_storage=True))
        w.heal()
        w.drained()
        w.judge(29, "revoked and renewed")


def test_f30_a_poison_item_is_parked_alone(tmp_path: Path) -> None:
    with world(tmp_path) as w, proxy_to(w.collector.port) as poisoned:
        refused: set[bytes] = set()

        def answer(number: int, request: bytes) -> bytes | None:
            if b"POST" not in request[:4] or (refused and request not in refused):
                return None
            refused.add(request)
            return scripts.problem(422, "This one is poison")

        poisoned.answers = answer
        w.proxy.target = poisoned.port
        w.play()
        until(lambda: w.daemon.client.status().counts.uploaded == SESSIONS - 1, "all but one", seconds=120)
        w.hears("This one is poison")
        assert w.daemon.client.status().counts.failed == 1
        poisoned.answers = None
        assert w.daemon.command("retry", "--all").code == 0
        w.drained()
        assert w.judge(30, "one item of 30").exactly_once


def test_f32_a_collector_whose_database_is_locked(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.play(5)
        w.drained()
        with closing(sqlite3.connect(w.collector.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            w.play()
            w.hears("does not work at the moment", "no answer in time", within=100)
            other.execute("ROLLBACK")
        assert w.daemon.client.status().counts.failed == 0
        w.drained()
        w.judge(32, "locked")


def test_f34_what_its_owner_deletes_while_it_is_tried_again_stays_deleted(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        # It is stored over there, and nobody here knows: the answers are lost.
        w.broken(lambda _, first: UNANSWERED if first.startswith(b"POST") else HEALTHY)
        until(lambda: len(stored_in(w.collector.database)) >= 4, "stored, and not heard of")
        there = {one.natural_key for one in stored_in(w.collector.database)}
        rows = w.daemon.client.sessions().sessions
        with closing(sqlite3.connect(f"{w.daemon.home.spool_file.as_uri()}?mode=ro", uri=True)) as spool:
            ids = dict(spool.execute("SELECT natural_key, id FROM sessions"))
        gone = {ids[key] for key in sorted(there)[:3]}
        for session in sorted(gone):
            w.daemon.client.delete(session, DeleteRequest(remote=True))
        w.heal()
        w.drained(but=len(gone))
        until(lambda: len(stored_in(w.collector.database)) == len(rows) - len(gone), "deleted over there", seconds=60)
        starts = {one.started_at for one in rows if one.id in gone}
        for play in [one for one in w.truth if one.started_at in starts]:
            del w.truth[play]
        w.judge(34, "3 of them")
