"""A worker that knows letters and documents which end it, stop it or take all of its memory; and what is to be said to it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from logferry_daemon.core.exchange import Letter, Parcel
from logferry_daemon.core.reading import Document, DocumentTracker, Reading
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.trackers.artemis import Artemis
from logferry_daemon.workshop.worker import known_trackers, work
from logferry_model.errors import Damaged

COMMAND = (
    sys.executable,
    "-c",
    f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r}); from tests.bad_letters import main; main()",
)


class Dies(LogferryDialect):
    """The system ends whoever writes it, without a word."""

    name = "dies"

    def write(self, parcel: Parcel) -> Letter:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        raise AssertionError("it lives")


class Spins(LogferryDialect):
    """Comes to no end."""

    name = "spins"

    def write(self, parcel: Parcel) -> Letter:
        while True:
            pass


class Sleeps(LogferryDialect):
    """Does nothing any more."""

    name = "sleeps"

    def write(self, parcel: Parcel) -> Letter:
        while True:
            time.sleep(3_600)


class Swells(LogferryDialect):
    """Needs more memory than there is."""

    name = "swells"

    def write(self, parcel: Parcel) -> Letter:
        return super().write(replace(parcel, document=bytes(sys.maxsize // 2)))


class Deadly(Artemis):
    """Its documents say what becomes of whoever reads them."""

    name = "deadly"

    def read(self, document: Document) -> Reading:
        match document.data:
            case b"damaged":
                raise Damaged("cut", "it lost some bytes.", hint="Copy it again.")
            case b"mistaken":
                raise KeyError("s3cret text")
            case b"deadly":
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
            case b"swelling":
                bytes(sys.maxsize // 2)
        while True:
            pass


def trackers() -> Mapping[str, DocumentTracker]:
    """All that a worker knows, and this one."""
    return {**known_trackers(), Deadly.name: Deadly()}


BAD = (Dies(), Spins(), Sleeps(), Swells())


def main() -> None:
    """The worker of a daemon, with these besides."""
    work({**all_dialects(), **{one.name: one for one in BAD}}, trackers)
