"""Without an account nothing but a random id says whose a session is; with one, its owner's name where he gave it."""

from __future__ import annotations

import getpass
import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from logferry_ipc.messages import DeleteRequest, IdentityDecision, RetryRequest
from tests.acceptance.delivered import stored_in
from tests.acceptance.proxy import Proxy
from tests.acceptance.running import (
    ACCOUNT,
    DESTINATION,
    CollectorHome,
    DaemonHome,
    collector_home,
    daemon_home,
    fetch,
    make_quiet,
    tell,
    until,
)
from tests.factories import artemis_document, cast, encode_document, file_name
from tests.leaks import HUNT

pytestmark = [pytest.mark.accept, pytest.mark.timeout(300)]

BEGAN = datetime(2026, 1, 20, 19, 0, tzinfo=UTC)
EMAIL = "oriana.quellmont@example.org"
KEY = re.compile(rb"Authorization: Bearer (\S+)", re.IGNORECASE)
INSECURE = "--insecure-storage"
ENVELOPE = {
    "schema_version", "tracker", "natural_key", "revision", "started_at", "ended_at",
    "install_id", "app_version", "platform", "payload",
}  # fmt: skip


def put(folder: Path, *numbers: int) -> None:
    """Finished hunts."""
    folder.mkdir(exist_ok=True)
    for number in numbers:
        document = artemis_document(number, start=BEGAN + number * timedelta(hours=2))
        file = folder / file_name(document)
        file.write_bytes(encode_document(document))
        make_quiet(file)


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[CollectorHome]:
    with collector_home(tmp_path / "collector", started=False) as collector:
        yield collector


@pytest.fixture
def daemon(tmp_path: Path, proxy: Proxy) -> Iterator[DaemonHome]:
    """One that has found three sessions and may send them, as soon as it has a key."""
    put(tmp_path / "games", 1, 2, 3)
    with daemon_home(tmp_path / "daemon") as daemon:
        daemon.configure(sources={"hunts": ("artemis", tmp_path / "games")}, destinations={DESTINATION: proxy.url})
        daemon.start()
        daemon.client.decide_identity(IdentityDecision(destination=DESTINATION, identity="*", allowed=True))
        yield daemon


def said(daemon: DaemonHome, *words: str, typed: str = "") -> str:
    """What a command says that does what it should."""
    done = daemon.command(*words, typed=typed)
    assert done.code == 0, (words, done)
    return done.out


def agree(daemon: DaemonHome) -> str:
    return said(daemon, "consent", "grant", DESTINATION, "--yes")


def anonymous_key(daemon: DaemonHome, proxy: Proxy) -> str:
    """Logged in without an account, and everything sent; the key that the daemon made."""
    said(daemon, "login", DESTINATION, "--anonymous", INSECURE)
    daemon.settled(3)
    (key,) = keys(proxy)
    HUNT.secrets.add(key)
    return key


def letters(proxy: Proxy) -> list[dict[str, Any]]:
    found = (one for one in proxy.letters if b"/api/v1/ingest" in one.head)
    return [json.loads(one.text.partition(b"\r\n\r\n")[2]) for one in found]


def keys(proxy: Proxy) -> set[str]:
    """Every key that a request was made with."""
    return {found[1].decode() for one in proxy.requests if (found := KEY.search(one.head))}


def accounts(collector: CollectorHome) -> list[str]:
    return sorted({one.account for one in stored_in(collector.database)})


def people() -> list[bytes]:
    """Whoever could be told by a name: everybody in the games, and whoever runs this computer."""
    own = {getpass.getuser(), socket.gethostname()} - {"root", "localhost"}
    return [name.encode() for name in (*(name for number in (1, 2, 3) for name in cast(number).planted), *sorted(own))]


def test_a_session_arrives_without_a_registration_and_nothing_but_a_random_id_says_whose_it_is(
    daemon: DaemonHome, proxy: Proxy, collector: CollectorHome, capsys: pytest.CaptureFixture[str]
) -> None:
    collector.start("--anonymous")
    assert "Who you are there: nobody by name." in agree(daemon)
    assert not proxy.requests
    key = anonymous_key(daemon, proxy)
    assert re.fullmatch(r"lfa_[A-Za-z0-9_-]{43}", key)
    sent = letters(proxy)
    assert {frozenset(one) for one in sent} == {frozenset(ENVELOPE)}
    assert [len({one["install_id"] for one in sent}), len(sent)] == [1, 3]
    assert re.fullmatch(r"[0-9a-f]{32}", sent[0]["install_id"])
    wire = b"".join(one.text for one in proxy.requests)
    hits = {name for name in people() if name in wire}
    assert hits == set()
    (account,) = accounts(collector)
    assert re.fullmatch(r"anonymous-[0-9a-f]{16}", account)
    reports = [one.report for one in stored_in(collector.database)]
    pages = [fetch(f"{collector.url}/r/{report}") for report in reports]
    assert {status for status, _ in pages} == {200}
    for _, page in pages:
        assert not any(word in page for word in (*people(), sent[0]["install_id"].encode(), account.encode()))
    assert key.removeprefix("lfa_").encode() not in collector.database.read_bytes()
    tell(capsys, f"{len(sent)} sessions without a registration, {len(people())} names looked for, {len(hits)} found")


def test_no_key_is_posted_anywhere_before_its_owner_agreed(
    daemon: DaemonHome, proxy: Proxy, collector: CollectorHome
) -> None:
    collector.start("--anonymous")
    said(daemon, "login", DESTINATION, "--anonymous", INSECURE)
    typed = f"{collector.key}\n"
    refused = daemon.command("login", DESTINATION, "--stdin", "--join", INSECURE, typed=typed)
    assert (refused.code != 0, f"logferry consent grant {DESTINATION}" in refused.err) == (True, True), refused
    assert (proxy.connections, proxy.requests) == (0, [])


def test_with_an_account_it_arrives_under_his_name(daemon: DaemonHome, proxy: Proxy, collector: CollectorHome) -> None:
    collector.start()
    agree(daemon)
    said(daemon, "login", DESTINATION, "--stdin", INSECURE, typed=f"{collector.key}\n")
    daemon.settled(3)
    before = len(proxy.requests)
    assert all("account" not in one for one in letters(proxy))
    told = said(daemon, "destinations", "account", DESTINATION, EMAIL)
    assert f"logferry consent grant {DESTINATION}" in told
    put(daemon.root.parent / "games", 4)
    until(lambda: daemon.client.status().counts.held == 1, "the fourth session held")
    assert len(proxy.requests) == before, "nothing goes under a name that was not agreed to"
    assert EMAIL in agree(daemon)
    daemon.settled(4)
    (last,) = [one for one in letters(proxy) if "account" in one]
    assert (last["account"], EMAIL in json.dumps(last["payload"])) == (EMAIL, False)
    assert accounts(collector) == [ACCOUNT]
    for one in stored_in(collector.database):
        status, page = fetch(f"{collector.url}/r/{one.report}")
        assert (status, EMAIL.encode() in page) == (200, False)


def test_a_collector_that_lets_nobody_in_says_so_and_what_to_do(
    daemon: DaemonHome, proxy: Proxy, collector: CollectorHome
) -> None:
    program = collector.start()
    agree(daemon)
    refused = daemon.command("login", DESTINATION, "--anonymous", INSECURE)
    assert (refused.code, "nothing without a key of its own" in refused.err) == (1, True), refused
    until(lambda: daemon.client.status().counts.held == 3, "held")
    (trouble,) = [one for one in daemon.client.status().attention if "nothing without a key of its own" in one.message]
    assert f"logferry login {DESTINATION}" in trouble.hint
    assert stored_in(collector.database) == []
    (key,) = keys(proxy)
    HUNT.secrets.add(key)
    assert program.stop() == 0
    collector.start("--anonymous")
    daemon.client.retry(RetryRequest())
    daemon.settled(3)
    assert keys(proxy) == {key}


def test_what_was_sent_without_an_account_is_taken_into_one_and_deleted_with_it(
    daemon: DaemonHome, proxy: Proxy, collector: CollectorHome
) -> None:
    collector.start("--anonymous")
    agree(daemon)
    key = anonymous_key(daemon, proxy)
    (before,) = accounts(collector)
    refused = daemon.command("login", DESTINATION, "--stdin", INSECURE, typed=f"{collector.key}\n")
    assert (refused.code != 0, "--join" in refused.err) == (True, True)
    told = said(daemon, "login", DESTINATION, "--stdin", "--join", INSECURE, typed=f"{collector.key}\n")
    assert "3 reports" in told
    put(daemon.root.parent / "games", 4)
    daemon.settled(4)
    assert accounts(collector) == sorted([before, ACCOUNT])
    assert key in {found[1].decode() for one in proxy.requests[:-1] if (found := KEY.search(one.head))}
    gone = next(one for one in daemon.client.sessions().sessions if one.started_at < BEGAN + timedelta(hours=3))
    (report,) = [one.report_url or "" for one in gone.deliveries]
    assert fetch(report)[0] == 200
    daemon.client.delete(gone.id, DeleteRequest(remote=True))
    until(
        lambda: [copy.state for one in daemon.client.sessions().deleted for copy in one.copies] == ["deleted"], "gone"
    )
    assert fetch(report)[0] == 404
    assert len(stored_in(collector.database)) == 3
    with closing(sqlite3.connect(collector.database)) as database:
        assert database.execute("SELECT count(*) FROM keys WHERE revoked_at IS NOT NULL").fetchone() == (1,)
