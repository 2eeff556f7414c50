"""Nothing leaves before its owner agrees, nothing but what they agreed to leaves then, and nothing after they took it back."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from logferry_daemon.core.delivery import BACKLOG_REASON
from tests.acceptance.delivered import judge, plays_in
from tests.acceptance.proxy import Proxy, proxy_to
from tests.acceptance.running import (
    DESTINATION,
    CollectorHome,
    DaemonHome,
    copy_quiet,
    daemon_home,
    make_quiet,
    tell,
    until,
)
from tests.conftest import SAMPLES, needs, only_on
from tests.daemon.recipes.small import TEXT as TAVERN
from tests.factories import artemis_document, cast, encode_document, file_name, journal

pytestmark = [pytest.mark.accept, only_on("linux"), pytest.mark.timeout(300)]

BEGAN = datetime(2026, 1, 20, 19, 0, tzinfo=UTC)
HUNTS, FLIGHTS = range(1, 7), range(11, 15)
NETWORK = re.compile(r"connect\(\d+, \{sa_family=AF_INET6?, .*?htons\((?P<port>\d+)\)")
SHORTEST = 3
"""Letters: a shorter name is in every text by chance."""


@pytest.fixture
def games(tmp_path: Path) -> Path:
    """Full folders of both trackers; the real journals among them where there are any."""
    root = tmp_path / "games"
    for name in ("artemis", "elite"):
        (root / name).mkdir(parents=True)
    for number in HUNTS:
        put_hunt(root, number)
    for number in FLIGHTS:
        flight = journal(number, start=start_of(number), last_newline=True, games=2)
        (root / "elite" / flight.name).write_bytes(flight.encode())
        make_quiet(root / "elite" / flight.name)
    for file in (SAMPLES / "elite").glob("Journal.*.log"):
        copy_quiet(file, root / "elite")
    return root


def start_of(number: int) -> datetime:
    return BEGAN + number * timedelta(hours=2)


def put_hunt(root: Path, number: int) -> str:
    """One more finished hunt; its start, as the tracker writes it."""
    document = artemis_document(number, start=start_of(number))
    draft = root / file_name(document)
    draft.write_bytes(encode_document(document))
    draft.rename(root / "artemis" / draft.name)
    make_quiet(root / "artemis" / draft.name)
    return str(document["startedAt"])


@pytest.fixture
def daemon(tmp_path: Path, games: Path, proxy: Proxy) -> Iterator[DaemonHome]:
    with daemon_home(tmp_path / "daemon", backfill=False) as daemon:
        configure(daemon, games, proxy.url)
        yield daemon


def configure(daemon: DaemonHome, games: Path, url: str) -> None:
    sources = {"hunts": ("artemis", games / "artemis"), "flights": ("elite-dangerous", games / "elite")}
    daemon.configure(sources=sources, destinations={DESTINATION: url})


def plays(games: Path) -> int:
    return (plays_in(games / "artemis") + plays_in(games / "elite")).total()


def all_held(daemon: DaemonHome, number: int) -> None:
    """Returns when this many sessions are found and each waits for consent, in `status` and in the list."""

    def found() -> bool:
        counts = daemon.client.status().counts
        return counts.found == number == counts.held + counts.uploaded

    until(found, f"{number} sessions found", seconds=60, every=0.1)


def reasons(daemon: DaemonHome) -> set[tuple[str, str]]:
    """State and reason of every delivery, as `sessions list --json` has them."""
    said = daemon.command("sessions", "list", "--json")
    assert said.code == 0, said.err
    deliveries = [each for session in json.loads(said.out)["sessions"] for each in session["deliveries"]]
    return {(each["state"], each["reason"]) for each in deliveries}


def network_connects(trace: Path) -> list[int]:
    """The ports that a traced daemon reached for."""
    return [int(found["port"]) for found in NETWORK.finditer(trace.read_text("utf-8", "replace"))]


@needs("strace")
def test_nothing_leaves_before_consent_and_nothing_after_it_is_taken_back(
    games: Path, proxy: Proxy, collector: CollectorHome, daemon: DaemonHome, capsys: pytest.CaptureFixture[str]
) -> None:
    trace, number = games.parent / "connects", plays(games)
    daemon.start("strace", "-f", "-qq", "-e", "trace=connect", "-o", str(trace))
    all_held(daemon, number)
    assert reasons(daemon) == {("held", BACKLOG_REASON)}
    said = daemon.command("upload", "--all", "--no-wait")
    assert said.code == 0, said.err
    all_held(daemon, number)
    status = json.loads(daemon.command("status", "--json").out)
    assert status["counts"]["held"] == number
    assert [(each["state"], each["reason"]) for each in status["destinations"]] == [("held", "no consent")]
    assert reasons(daemon) == {("held", "no consent")}
    assert "no consent" in daemon.command("sessions", "list").out
    assert (proxy.connections, network_connects(trace)) == (0, [])

    assert daemon.command("consent", "grant", DESTINATION, "--yes").code == 0
    assert (proxy.connections, network_connects(trace)) == (0, [])
    typed = f"{collector.key}\n"
    assert daemon.command("login", DESTINATION, "--stdin", "--insecure-storage", typed=typed).code == 0
    daemon.settled(number)
    verdict = judge(plays_in(games / "artemis") + plays_in(games / "elite"), collector)
    assert verdict.exactly_once, verdict
    assert set(network_connects(trace)) == {proxy.port}

    assert daemon.command("consent", "revoke", DESTINATION).code == 0
    sent, reached = len(proxy.requests), len(network_connects(trace))
    put_hunt(games, 99)
    assert daemon.command("upload", "--all", "--no-wait").code == 0
    all_held(daemon, number + 1)
    assert reasons(daemon) == {("held", "no consent"), ("uploaded", "")}
    assert (len(proxy.requests), len(network_connects(trace))) == (sent, reached)
    tell(capsys, f"consent: 0 connections before, {sent} requests after, 0 once revoked; {verdict}")


def test_another_address_in_the_settings_file_voids_the_consent(
    games: Path, proxy: Proxy, collector: CollectorHome, daemon: DaemonHome
) -> None:
    number = plays(games)
    first = daemon.start()
    daemon.agree(collector.key)
    daemon.client.upload_all()
    daemon.settled(number)
    assert first.stop() == 0
    with proxy_to(collector.port) as elsewhere:
        configure(daemon, games, elsewhere.url)
        put_hunt(games, 98)
        second = daemon.start()
        # What went to the address before counts there; the other one has nothing yet.
        until(lambda: daemon.client.status().counts.held == number + 1, "everything waits for the other address")
        assert daemon.client.status().counts.uploaded == number
        assert reasons(daemon) == {("held", BACKLOG_REASON), ("uploaded", "")}
        assert (daemon.client.destinations().destinations[0].credential, elsewhere.connections) == ("absent", 0)
        assert not daemon.client.consent(DESTINATION).granted
        assert second.stop() == 0
        assert elsewhere.connections == 0


def test_a_recipe_that_is_changed_sends_nothing_more_before_it_is_agreed_to(
    games: Path, proxy: Proxy, collector: CollectorHome, daemon: DaemonHome
) -> None:
    number = plays(games)
    daemon.home.recipes_folder.mkdir(parents=True)
    recipe = daemon.home.recipes_folder / "tavern.toml"
    recipe.write_text(TAVERN, "utf-8")
    first = daemon.start()
    assert "- of tavern: loudness, table, words [" in daemon.command("consent", "show", DESTINATION).out
    daemon.agree(collector.key)
    daemon.client.upload_all()
    daemon.settled(number)
    assert first.stop() == 0
    recipe.write_text(TAVERN.replace('["words", "loudness"]', '["words", "loudness", "mood"]'), "utf-8")
    put_hunt(games, 98)
    before = proxy.connections
    daemon.start()
    daemon.client.upload_all()
    until(lambda: daemon.client.status().counts.held == 1, "the new one waits")
    status = daemon.command("status").out
    assert "no consent" in status
    assert "It is not what you agreed to any more. Read and agree with: logferry consent grant home" in status
    shown = daemon.command("consent", "show", DESTINATION).out
    assert "now     of tavern: loudness, mood, table, words [" in shown
    assert "before  of tavern: loudness, table, words [" in shown
    assert proxy.connections == before
    daemon.agree(collector.key)
    daemon.settled(number + 1)


def test_an_agreement_is_to_the_text_that_was_shown(daemon: DaemonHome, proxy: Proxy) -> None:
    daemon.start()
    shown = daemon.command("consent", "show", DESTINATION)
    assert proxy.url in shown.out
    granted = daemon.command("consent", "grant", DESTINATION)
    assert granted.code == 4, granted  # nobody is there to say yes
    assert not daemon.client.consent(DESTINATION).granted
    assert proxy.connections == 0


def test_no_planted_name_is_in_the_bytes_that_are_sent(
    tmp_path: Path, games: Path, collector: CollectorHome, daemon: DaemonHome, proxy: Proxy
) -> None:
    number = plays(games)
    daemon.start()
    daemon.agree(collector.key)
    daemon.client.upload_all()
    daemon.settled(number)
    sent = [folded(request.text.decode("utf-8")) for request in proxy.letters]
    assert len(set(proxy.keys)) == number
    assert any("animal hide" in text for text in sent), "the bodies were not read at all"
    names = {name for name in planted(games) if len(name) >= SHORTEST}
    assert len(names) > 50
    assert {name for name in names if any(stands_in(text, name) for text in sent)} == set()
    whereabouts = {str(tmp_path), *(file.name for folder in games.iterdir() for file in folder.iterdir())}
    assert {place for place in whereabouts if any(place in text for text in sent)} == set()


def planted(games: Path) -> set[str]:
    """Every name that stands in the files: those that the generators made up, and those of the real journals."""
    made_up = {name for number in (*HUNTS, *FLIGHTS) for name in cast(number).planted}
    return made_up | {name for file in (games / "elite").iterdir() for name in named_in(file)}


def named_in(file: Path) -> Iterator[str]:
    """Commander, game account and ship of a journal, by its own words."""
    for line in file.read_bytes().splitlines():
        if b'"LoadGame"' in line or b'"Commander"' in line:
            fields = json.loads(line)
            yield from (fields[key] for key in ("Commander", "FID", "ShipName", "ShipIdent") if fields.get(key))


def folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def stands_in(text: str, name: str) -> bool:
    """Whether the name stands in the text as a word of its own: a ship called TEST is not in `latest`."""
    words = (re.escape(spelt) for spelt in spellings(name) if spelt in text)
    return any(re.search(rf"(?<![^\W_]){word}(?![^\W_])", text) for word in words)


def spellings(name: str) -> set[str]:
    """The name as JSON, HTML and addresses may write it."""
    ways = (name, json.dumps(name)[1:-1], json.dumps(name, ensure_ascii=False)[1:-1], html.escape(name), quote(name))
    return {folded(way) for way in ways}
