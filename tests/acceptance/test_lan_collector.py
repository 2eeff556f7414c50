"""A collector with a key of its own: found, compared, pinned, sent to; and with another key sent nothing at all."""

from __future__ import annotations

import http
import http.client
import json
import re
import shlex
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from logferry.exits import Exit
from logferry_ipc.messages import Status
from tests.acceptance.delivered import stored_in
from tests.acceptance.running import (
    DESTINATION,
    HOST,
    LOGFERRY,
    CollectorHome,
    DaemonHome,
    Program,
    daemon_home,
    make_quiet,
    tell,
    until,
)
from tests.acceptance.test_docs import commands
from tests.conftest import only_on
from tests.factories import artemis_document, encode_document, file_name

pytestmark = [pytest.mark.accept, only_on("linux"), pytest.mark.timeout(300)]

FINGERPRINT = re.compile(r"(?:[0-9a-f]{4}:){15}[0-9a-f]{4}")
ON_LOOPBACK = {"LOGFERRY_DISCOVER__INTERFACES": json.dumps([HOST])}


class LanCollector(CollectorHome):
    """Encrypts by itself and is announced."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.url = self.url.replace("http:", "https:")
        self.key_file = root / "tls-key.pem"

    def start(self, *more: str) -> Program:
        where = ("--database", self._database_url, "--host", HOST, "--port", str(self.port))
        command = (*LOGFERRY, "collector", "serve", *where, "--tls", "--announce", *more)
        program = self.programs.start("collector", command, {"PATH": "/usr/bin:/bin"})
        until(lambda: self._healthy(program), f"collector ready\n{program.words}")
        until(lambda: "Found on the local network" in program.words, f"announced\n{program.words}")
        return program

    def _healthy(self, program: Program) -> bool:
        if program.process.poll() is not None:
            raise AssertionError(f"the collector ended with {program.process.returncode}:\n{program.words}")
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(HOST, self.port, timeout=30, context=trust)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()


def fingerprint_in(words: str) -> str:
    """As the collector printed it."""
    found = FINGERPRINT.search(words.partition("Its key, to compare")[2])
    assert found, words
    return found.group()


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[LanCollector]:
    made = LanCollector(tmp_path / "collector")
    try:
        yield made
    finally:
        made.programs.clear_away()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonHome]:
    """One that follows a folder and has no destination."""
    (tmp_path / "hunts").mkdir()
    with daemon_home(tmp_path / "daemon") as made:
        made.extra |= ON_LOOPBACK
        made.configure(sources={"hunts": ("artemis", tmp_path / "hunts")}, settle=0.1, rescan=0.5)
        made.start()
        yield made


def hunt(folder: Path, number: int) -> None:
    """One more finished session."""
    document = artemis_document(number)
    make_quiet_file = folder / file_name(document)
    make_quiet_file.write_bytes(encode_document(document))
    make_quiet(make_quiet_file)


def asked(program: Program) -> list[str]:
    """The requests that a collector answered, except for whether it lives."""
    served = [line for line in program.words.splitlines() if "request served" in line]
    assert served, "it writes a line for each"
    return [line for line in served if "/health" not in line]


def test_a_collector_is_found_pinned_and_sent_to_and_another_key_hears_nothing(
    tmp_path: Path, collector: LanCollector, daemon: DaemonHome, capsys: pytest.CaptureFixture[str]
) -> None:
    """Discover, add with the compared pin, deliver; key replaced: a hard stop; accepted: it goes on."""
    first = collector.start()
    old = fingerprint_in(first.words)
    (there,) = until(lambda: discovered(daemon, collector.url), "it is found")
    assert there["fingerprint"] == old

    add = ("destinations", "add", DESTINATION, "--dialect", "logferry", "--url", there["url"])
    unattended = daemon.command(*add, "--pin")
    assert (unattended.code, old in unattended.err) == (Exit.WAITING, True)
    assert asked(first) == [], "a look at the key is no request"
    assert daemon.command(*add, "--pin", old).code == Exit.DONE
    daemon.agree(collector.key)
    hunt(tmp_path / "hunts", 1)
    daemon.settled(1)
    assert len(stored_in(collector.database)) == 1

    assert first.stop() == 0
    collector.key_file.unlink()
    second = collector.start()
    new = fingerprint_in(second.words)
    assert new != old
    hunt(tmp_path / "hunts", 2)
    status = until(lambda: stopped(daemon), "a hard stop")
    (trouble,) = [one for one in status.attention if old in one.message]
    assert new in trouble.message
    assert f"logferry destinations pin {DESTINATION} --accept" in trouble.hint
    daemon.command("retry", "--all")
    daemon.command("upload", "--all")
    until(lambda: stopped(daemon), "still a hard stop")
    assert old in daemon.command("status").out
    assert daemon.command("destinations", "pin", DESTINATION).code == Exit.FAILED
    assert asked(second) == []
    assert len(stored_in(collector.database)) == 1

    assert daemon.command("destinations", "pin", DESTINATION, "--accept", new).code == Exit.DONE
    assert daemon.command("consent", "grant", DESTINATION, "--yes").code == Exit.DONE
    daemon.settled(2)
    assert len(stored_in(collector.database)) == 2
    assert collector.key not in daemon.own_words() + collector.programs.words
    tell(capsys, f"requests at the wrong key: 0; at the right ones: {len(asked(first))} and {len(asked(second))}")


def discovered(daemon: DaemonHome, url: str) -> list[dict[str, str]]:
    """Who says to be there; on a machine with much to do, answers come late."""
    found = json.loads(daemon.command("discover", "--seconds", "4", "--json").out)["candidates"]
    return [one for one in found if one["url"] == url]


def stopped(daemon: DaemonHome) -> Status | None:
    """The status, once the destination is held because of its key."""
    status = daemon.client.status()
    held = [one for one in status.destinations if one.state == "held" and "not the pinned one" in one.reason]
    return status if held and status.counts.held else None


def test_the_lan_page_leads_to_a_pinned_destination(tmp_path: Path, collector: LanCollector) -> None:
    """Typing the page's commands in order adds a collector of the network, by a key that was compared."""
    log = tmp_path / "collector.log"
    url, address = "https://192.168.1.20:8765", f"https://{HOST}:{collector.port}"
    printed = f"$(grep -oE '{FINGERPRINT.pattern.replace('?:', '')}' {shlex.quote(str(log))} | tail -1)"
    stand_ins = {
        "serve --host 0.0.0.0 --tls --announce &": f"serve --tls --announce > {shlex.quote(str(log))} 2>&1 &",
        "keys create me": "keys create me > key.txt",
        "discover": "discover --seconds 4",
        f"--url {url} --pin": f'--url {address} --pin "{printed}"',
        "consent grant home": "consent grant home --yes",
        "login home": "login home --stdin --insecure-storage < key.txt",
    }
    lines = ["set -eu", f"cd {shlex.quote(str(tmp_path))}"]
    for command in commands("lan-collector.md"):
        here = next((end for end in stand_ins if command.endswith(end)), None)
        lines.append(command if here is None else command.removesuffix(here) + stand_ins[here])
        if command.endswith("--announce &"):
            lines.append(f"until grep -q 'Found on the local' {shlex.quote(str(log))}; do sleep 0.1; done")
        if command == "logferry run &":
            lines.append("until logferry status > /dev/null 2>&1; do sleep 0.1; done")
    lines += ["logferry destinations list --json > told.json", "kill %1 %2", "wait"]
    environment = ON_LOOPBACK | {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(tmp_path / "user"),
        "LOGFERRY_HOME": str(tmp_path / "home"),
        "LOGFERRY_COLLECTOR_PORT": str(collector.port),
        "LOGFERRY_IPC__PORT": "0",
    }
    (tmp_path / "user").mkdir()
    shell = collector.programs.start("docs", ("bash", "-mc", "\n".join(lines)), environment)
    code = shell.process.wait(90)
    assert code == 0, shell.words
    (told,) = json.loads((tmp_path / "told.json").read_text())["destinations"]
    assert (told["url"], told["consent"], told["credential"]) == (address, True, "available")
    assert told["pin"] == fingerprint_in(log.read_text())
    assert address in shell.words, "it was found"
