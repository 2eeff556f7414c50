"""From the close of a finished session file to the news that the collector has it."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory

import watchfiles

from benchmarks.harness import Finding, NotMeasured, Target, compared, interleave
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.exchange import Letter, Parcel
from logferry_daemon.core.reading import Document
from logferry_daemon.dialects.logferry import PATH, LogferryDialect
from logferry_daemon.trackers.artemis import Artemis
from logferry_ipc.messages import DeliveryState
from logferry_model.errors import Unreachable
from logferry_model.session import EndRule
from tests.acceptance.running import (
    DESTINATION,
    HOST,
    CollectorHome,
    DaemonHome,
    collector_home,
    daemon_home,
)
from tests.factories import START, artemis_document, encode_document, file_name
from tests.privacy import prepare

ABOUT = "close() of a finished Artemis file to `uploaded` in the event stream, default settle of 1 s"
TARGET = Target(2.5, "s")
OURS, PEER = "logferry", "watchfiles + POST"
"""The peer waits for nothing, reads nothing and removes nothing: it posts a letter that was written beforehand."""
PATIENCE = 20.0


def run(*, quick: bool) -> Iterator[Finding]:
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        collector = stack.enter_context(collector_home(folder / "collector"))
        ours = stack.enter_context(open_ours(folder, collector))
        peer = stack.enter_context(open_peer(folder, collector))
        numbers = count(1)
        cases = {OURS: lambda: ours.sample(next(numbers)), PEER: lambda: peer.sample(next(numbers))}
        interleave(cases, 1)  # imports, connections, first migration of both sides
        values = interleave(cases, 5 if quick else 15)
    yield from compared("close_to_uploaded", "close to uploaded", "s", values, ours=OURS, peers=(PEER,), target=TARGET)


@dataclass(frozen=True)
class Hunt:
    """A finished session file."""

    name: str
    content: bytes

    @classmethod
    def number(cls, number: int) -> Hunt:
        document = artemis_document(number, start=START + number * timedelta(hours=1))
        return cls(file_name(document), encode_document(document))

    def write(self, folder: Path) -> float:
        """As the tracker does, in place; the moment after close()."""
        with (folder / self.name).open("wb") as file:
            file.write(self.content)
        return time.monotonic()


@dataclass(frozen=True)
class Side:
    """A watched folder and the moments at which something was uploaded from it."""

    folder: Path
    arrivals: SimpleQueue[float] = field(default_factory=SimpleQueue)

    def arrived(self, written: float) -> float:
        try:
            return self.arrivals.get(timeout=PATIENCE) - written
        except Empty:
            raise NotMeasured(f"nothing was uploaded within {PATIENCE:g} s") from None


class Ours(Side):
    """The daemon."""

    def sample(self, number: int) -> float:
        return self.arrived(Hunt.number(number).write(self.folder))


@contextmanager
def open_ours(root: Path, collector: CollectorHome) -> Iterator[Ours]:
    folder = root / "ours"
    folder.mkdir()
    with daemon_home(root / "daemon") as daemon:
        daemon.configure(sources={"hunts": ("artemis", folder)}, destinations={DESTINATION: collector.url})
        program = daemon.start()
        daemon.agree(collector.key)
        side = Ours(folder)
        thread = threading.Thread(target=listen, args=(daemon, side), daemon=True)
        thread.start()
        yield side
        program.stop()
        thread.join(PATIENCE)


def listen(daemon: DaemonHome, side: Side) -> None:
    """Notes when a delivery is uploaded, until the daemon goes away."""
    try:
        with daemon.client.events() as events:
            for event in events:
                if event.delivery is not None and event.delivery.state is DeliveryState.UPLOADED:
                    side.arrivals.put(time.monotonic())
    except Unreachable:
        return


@dataclass(frozen=True)
class Peer(Side):
    """What a script of ten lines would do: a callback, and one request with the same bytes."""

    letters: dict[str, Letter] = field(default_factory=dict)
    key: str = ""
    port: int = 0

    def sample(self, number: int) -> float:
        hunt = Hunt.number(number)
        self.letters[hunt.name] = letter(hunt, number)
        return self.arrived(hunt.write(self.folder))

    def watch(self, stop: threading.Event) -> None:
        for changes in watchfiles.watch(self.folder, stop_event=stop, raise_interrupt=False):
            for name in {Path(path).name for _, path in changes}:
                post(self.letters[name], self.key, self.port)
                self.arrivals.put(time.monotonic())


@contextmanager
def open_peer(root: Path, collector: CollectorHome) -> Iterator[Peer]:
    folder = root / "peer"
    folder.mkdir()
    side, stop = Peer(folder, key=collector.key, port=collector.port), threading.Event()
    thread = threading.Thread(target=side.watch, args=(stop,), daemon=True)
    thread.start()
    try:
        yield side
    finally:
        stop.set()
        thread.join(PATIENCE)


def letter(hunt: Hunt, number: int) -> Letter:
    """What the daemon would send for this file."""
    found = Artemis().read(Document(data=hunt.content)).found[0]
    ready = prepare(found, found.end or end_by(EndRule.EXPLICIT, "endedAt"), only_grows=False)
    return LogferryDialect().write(
        Parcel(
            session=ready.session.id,
            tracker=ready.session.tracker,
            natural_key=ready.session.natural_key,
            revision=1,
            started_at=ready.session.started_at,
            ended_at=ready.session.ended_at,
            document=ready.document,
            idempotency_key=f"peer-{number:027}",
            install_id="peer",
            app_version="0",
            platform="linux",
        )
    )


def post(one: Letter, key: str, port: int) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        connection.request("POST", PATH, one.body, {**one.headers, "Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != http.HTTPStatus.CREATED:
            raise NotMeasured(f"the collector answered the peer with {answer.status}: {body[:200]!r}")
    finally:
        connection.close()
