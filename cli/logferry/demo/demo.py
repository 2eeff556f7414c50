"""The demo: a collector, the daemon and generated trackers as real processes, from the first file to the report.

Everything lies in one temporary folder with a home of its own: the daemon of this computer, if there is one, and its
keyring are not touched.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from logferry.blocks import GAP, dim, line
from logferry.demo import views
from logferry.demo.backstage import Backstage, Collector
from logferry.demo.children import Child, open_children
from logferry.demo.feed import Feed, open_feed
from logferry.demo.generators import make_cast
from logferry.demo.generators.elite import Ending
from logferry.demo.journey import Journey
from logferry.demo.plays import Play, flight, hunt
from logferry.demo.reports import fetch_all
from logferry.demo.stage import open_stage
from logferry.demo.told import told_by
from logferry.demo.verdict import judge
from logferry.exits import Exit
from logferry.output import Output
from logferry_ipc.messages import ConsentGrant, IdentityDecision, Login, NewDestination, NewSource
from logferry_model.errors import LogferryError, Unreachable

SEED = 20260113
"""The same sessions every time; only their times differ."""
DESTINATION = "home"
PATIENCE = timedelta(seconds=25)
"""How long anything here may take; nothing takes half of it."""
ENCORE = timedelta(seconds=10)
"""Between two sessions of a demo that goes on."""
LOOK_AGAIN = timedelta(seconds=0.1)


def run(out: Output, *, once: bool, keep: bool) -> Exit:
    """The whole play; everything it started is gone when it returns."""
    began = time.monotonic()
    with ExitStack() as stack:
        stage = stack.enter_context(open_stage(keep=keep))
        backstage = Backstage(stage, stack.enter_context(open_children()))
        try:
            ended = Demo(out, backstage, began).play(once=once)
        except LogferryError:
            # Whoever does not answer any more has probably died, and its last words tell why.
            for row in backstage.last_words():
                out.note(row)
            backstage.children.check()
            raise
        except KeyboardInterrupt:
            out.blocks([GAP])
            ended = Exit.FAILED if once else Exit.DONE
    rest = f"kept: {stage.root}" if keep else "removed"
    out.say(dim(f"{time.monotonic() - began:.1f} s; every process is ended, the folder is {rest}."))
    return ended


class Demo:
    """One performance."""

    def __init__(self, out: Output, backstage: Backstage, began: float) -> None:
        self._out = out
        self._backstage = backstage
        self._daemon = backstage.daemon
        self._random = random.Random(SEED)  # noqa: S311 -- made-up sessions, no secrets
        self._cast = make_cast(self._random)
        self._journey = Journey()
        self._began = began

    def play(self, *, once: bool) -> Exit:
        """All the chapters."""
        collector = self._set_up()
        with open_feed(self._daemon) as feed:
            try:
                self._show_that_nothing_goes_unasked(feed)
                self._agree(feed, collector)
                self._perform(feed)
                return self._judge(collector) if once else self._go_on(feed)
            finally:
                self._backstage.ask_daemon_to_stop()

    def _set_up(self) -> Collector:
        self._out.blocks(views.chapter("A collector, the daemon and two trackers, in a folder that is thrown away"))
        self._backstage.start_daemon()
        collector = self._backstage.start_collector()
        self._backstage.wait_for_answers(collector)
        self._tell("collector", f"{collector.url}, on SQLite, with one key")
        self._tell("daemon", "runs, with a home of its own")
        self._daemon.add_destination(NewDestination(name=DESTINATION, dialect="logferry", url=collector.url))
        self._out.blocks([views.command(f"destinations add {DESTINATION} --dialect logferry --url {collector.url}")])
        return collector

    def _show_that_nothing_goes_unasked(self, feed: Feed) -> None:
        self._out.blocks(views.chapter("Yesterday's session lies in its folder, and nobody has agreed to anything"))
        self._backstage.leave_behind(hunt(self._random, self._cast, now=datetime.now(UTC) - timedelta(days=1)))
        for tracker in ("artemis", "elite-dangerous"):
            folder = self._backstage.stage.watched(tracker)
            self._daemon.add_source(NewSource(tracker=tracker, path=str(folder)))
            self._out.blocks(
                [views.command(f"sources add {tracker} --path {folder.relative_to(self._backstage.stage.root)}")]
            )
        self._wait(feed, lambda: len(self._journey.held) == 1, "yesterday's session was not held")

    def _agree(self, feed: Feed, collector: Collector) -> None:
        self._out.blocks(views.chapter("Its owner reads what will be sent, agrees to exactly that, and logs in"))
        policy = self._daemon.consent(DESTINATION)
        self._daemon.grant(DESTINATION, ConsentGrant(policy_digest=policy.policy_digest))
        # A file instead of the keyring: the key opens nothing but this collector, and both end with the demo.
        self._daemon.login(DESTINATION, Login(secret=collector.key, insecure_storage=True))
        self._out.blocks(
            [
                views.command(f"consent grant {DESTINATION}"),
                views.command(f"login {DESTINATION} --insecure-storage"),
                line(dim("(in a file, as this home is thrown away; yours uses the keyring)"), indent=9),
            ]
        )
        self._wait(feed, lambda: len(self._journey.uploaded) == 1, "yesterday's session was not uploaded")

    def _allow_the_commander(self) -> None:
        """Agreeing was about whoever had played by then: a log that names somebody else would be held."""
        name, tracker = self._cast.commander, "elite-dangerous"
        decision = IdentityDecision(destination=DESTINATION, tracker=tracker, identity=name, allowed=True)
        self._daemon.decide_identity(decision)
        self._out.blocks([views.command(f'identities allow {DESTINATION} "{name}" --tracker {tracker}')])

    def _perform(self, feed: Feed) -> None:
        self._out.blocks(views.chapter("Now somebody plays: one hunt, and two flights that end in different ways"))
        self._allow_the_commander()
        now = datetime.now(UTC)
        hunting = self._start(hunt(self._random, self._cast, now=now))
        earlier = now - timedelta(hours=1)
        first = self._start(flight(self._random, self._cast, now=earlier, ending=Ending.SHUTDOWN))
        self._wait(feed, lambda: first.ended, "the first flight did not end")
        second = self._start(flight(self._random, self._cast, now=now, ending=Ending.QUIT))
        self._wait(feed, lambda: hunting.ended and second.ended, "the games did not end")
        self._wait(feed, self._all_arrived, "not every session was uploaded")

    def _judge(self, collector: Collector) -> Exit:
        self._out.blocks(views.chapter("What the trackers wrote, and what the collector gives back"))
        stage = self._backstage.stage
        found = judge(
            [told for manifest in stage.read_manifests() for told in told_by(manifest)],
            fetch_all(collector.url, database=stage.database),
            linked=self._journey.uploaded.values(),
            planted=self._cast.planted,
            files=stage.read_watched(),
        )
        self._out.blocks(views.verdict(found))
        return Exit.DONE if found.same else Exit.FAILED

    def _go_on(self, feed: Feed) -> Exit:
        self._out.blocks(views.chapter("A session now and then, until Ctrl-C: open a report in your browser"))
        while True:
            self._follow(feed, ENCORE)
            now = datetime.now(UTC)
            ending = self._random.choice(tuple(Ending))
            another = flight(self._random, self._cast, now=now, ending=ending)
            self._one_more(feed, self._random.choice((hunt(self._random, self._cast, now=now), another)))

    def _one_more(self, feed: Feed, play: Play) -> None:
        tracker = self._start(play)
        self._wait(feed, lambda: tracker.ended, "the game did not end")
        self._wait(feed, self._all_arrived, "the session was not uploaded")

    def _all_arrived(self) -> bool:
        """Whether the collector has as many sessions as trackers have ended."""
        return len(self._journey.uploaded) >= len(self._backstage.stage.read_manifests())

    def _start(self, play: Play) -> Child:
        self._tell(play.tracker, f"plays: {play.about}")
        return self._backstage.start_tracker(play)

    def _wait(self, feed: Feed, until: Callable[[], bool], trouble: str) -> None:
        """Tells what happens until something has happened."""
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while not until():
            self._follow(feed, LOOK_AGAIN)
            if time.monotonic() > deadline:
                raise Unreachable("demo-late", f"The demo stopped waiting: {trouble}.")

    def _follow(self, feed: Feed, length: timedelta) -> None:
        """Tells what happens for so long."""
        end = time.monotonic() + length.total_seconds()
        while (left := end - time.monotonic()) > 0:
            self._backstage.children.check()
            if event := feed.take(min(timedelta(seconds=left), LOOK_AGAIN)):
                self._out.blocks(self._journey.take(event, after=self._elapsed))
                if event.delivery is None:
                    self._out.blocks(self._journey.look(self._daemon.sessions(), after=self._elapsed))

    def _tell(self, who: str, what: str) -> None:
        self._out.blocks([views.happening(self._elapsed, who, what)])

    @property
    def _elapsed(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self._began)
