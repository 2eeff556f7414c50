"""Starts what the demo is made of: the collector, the daemon, the trackers. Tells nothing and judges nothing."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

from logferry.demo.children import Child, Children, logferry
from logferry.demo.generators.artemis import encode_document
from logferry.demo.plays import Play
from logferry.demo.reports import page
from logferry.demo.stage import Stage
from logferry_ipc.client import DaemonClient
from logferry_model.errors import LogferryError, Unreachable

HOST = "127.0.0.1"
ACCOUNT = "demo"
PATIENCE = timedelta(seconds=15)
LOOK_AGAIN = timedelta(seconds=0.05)


@dataclass(frozen=True, slots=True)
class Collector:
    """A collector that answers, and what one may upload to it with."""

    url: str
    key: str


class Backstage:
    """Everything that is started, and the daemon's client."""

    def __init__(self, stage: Stage, children: Children) -> None:
        self.stage = stage
        self.children = children
        self.daemon = DaemonClient(stage.home.runtime)
        self._numbers = count(1)

    def start_daemon(self) -> None:
        """A daemon with the stage's own home; it answers later."""
        env, own_log = self.stage.environment(os.environ), self.stage.home.log_file
        self.children.start("daemon", logferry("run"), log=self.stage.log("daemon"), env=env, own_log=own_log)

    def start_collector(self) -> Collector:
        """A collector on SQLite with one account and one key; it answers later."""
        from logferry_collector.keys import create_key
        from logferry_collector.settings import CollectorSettings

        database, port = f"sqlite:///{self.stage.database.as_posix()}", str(free_port())
        key = create_key(CollectorSettings(database_url=database), ACCOUNT, "made by logferry demo")
        command = logferry("collector", "serve", "--database", database, "--host", HOST, "--port", port)
        self.children.start("collector", command, log=self.stage.log("collector"), env=os.environ)
        return Collector(url=f"http://{HOST}:{port}", key=key.text)

    def wait_for_answers(self, collector: Collector) -> None:
        """Returns when both answer."""
        self._wait("collector", lambda: page(f"{collector.url}/health"))
        self._wait("daemon", self.daemon.hello)

    def start_tracker(self, play: Play) -> Child:
        """A tracker that plays in real time; its manifest appears when it ends."""
        number = next(self._numbers)
        plan = play.plan(
            folder=self.stage.watched(play.tracker).as_posix(), manifest=str(self._manifest(number, play.tracker))
        )
        plan_file = self.stage.root / "bin" / f"plan-{number}.json"
        write_json(plan_file, plan)
        command = [sys.executable, str(self.stage.script(play.tracker)), str(plan_file)]
        log = self.stage.log(f"tracker-{number}")
        return self.children.start(play.tracker, command, log=log, env=os.environ)

    def leave_behind(self, play: Play) -> None:
        """A session that was finished before anybody looked."""
        file = self.stage.watched(play.tracker) / play.file
        file.write_bytes(encode_document(play.content))
        manifest = {"tracker": play.tracker, "file": play.file, "written": play.content}
        write_json(self._manifest(next(self._numbers), play.tracker), manifest)

    def ask_daemon_to_stop(self) -> None:
        """In its own way, before its process is ended: on Windows there is no other gentle one."""
        with suppress(LogferryError):
            self.daemon.stop()

    def last_words(self) -> Iterator[str]:
        """The end of what each program printed, for whoever looks for the reason: line by line."""
        for child in self.children.started:
            if tail := child.tail():
                yield f"The last words of {child.name}:"
                yield from (f"  {row}" for row in tail)

    def _manifest(self, number: int, tracker: str) -> Path:
        return self.stage.manifest(f"{number:03}-{tracker}")

    def _wait(self, name: str, ask: Callable[[], object]) -> None:
        """Asks until there is an answer; a child that has died meanwhile is reported with its last words."""
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while True:
            self.children.check()
            try:
                ask()
            except (LogferryError, OSError):
                if time.monotonic() > deadline:
                    raise Unreachable("demo-start", f"The {name} did not answer.") from None
                time.sleep(LOOK_AGAIN.total_seconds())
            else:
                return


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def write_json(file: Path, value: object) -> None:
    """A document for another process."""
    file.write_text(json.dumps(value), encoding="utf-8")
