"""What it takes to make a letter of a tracker's file, beside what everybody would do with the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec

from benchmarks.harness import Case, Finding, NotMeasured, Target, compared, interleave, seconds
from logferry_daemon.core.addressing import Terms, Tokens
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.detectors import Detectors, Surroundings
from logferry_daemon.core.exchange import Letter, Parcel
from logferry_daemon.core.policy import STANDARD
from logferry_daemon.core.preparing import prepare
from logferry_daemon.core.reading import Document
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.core.slots import Slots
from logferry_daemon.core.writing import Errand, write_letter
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.trackers.artemis import Artemis
from logferry_model.session import EndRule, Session
from tests.factories import artemis_document, encode_document

ABOUT = "a tracker's file to the letter that is sent; lower is better"
OURS, BLIND = "whole preparation", "without looking for patterns"
PARSED, NAIVE = "json.loads", "json, walk, sorted dump, sha256, gzip -6"
USUAL, LARGE = 2_500, 5_000
"""Events: the first is about the mean of the design's corpus, 470 kB."""
OWNER = Surroundings(user="somebody", host="somewhere", home="/home/somebody")
TRACKER = Artemis()
DIALECT = LogferryDialect()


class Blind(Detectors):
    """Finds nothing, at once."""

    def found(self, text: str) -> str | None:
        return None


def run(*, quick: bool) -> Iterator[Finding]:
    rounds = 5 if quick else 15
    data = written(USUAL)
    check(data)
    values = interleave(
        {
            OURS: timed(lambda: prepared(data, Detectors(OWNER))),
            BLIND: timed(lambda: prepared(data, Blind(OWNER))),
            PARSED: timed(lambda: json.loads(data)),
            NAIVE: timed(lambda: naive(data)),
        },
        rounds,
    )
    what = f"{USUAL} events, {len(data) / 1000:.0f} kB"
    for peer, target, stretch in ((PARSED, 1.15, 0.85), (NAIVE, 1 / 6, 1 / 10)):
        yield from compared(
            "preparation",
            what,
            "ms",
            values,
            ours=OURS,
            peers=(peer,),
            target=Target(round(target, 3)),
            stretch=Target(round(stretch, 3)),
        )
    patterns = tuple(max(whole - rest, 0.0) for whole, rest in zip(values[OURS], values[BLIND], strict=True))
    yield Finding(
        benchmark="preparation",
        what="looking for patterns",
        unit="ms",
        values=patterns,
        peer="all the rest",
        peer_values=values[BLIND],
        target=Target(0.2),
        stretch=Target(0.05),
    )
    document = session_of(written(LARGE))
    decoded = interleave(
        {
            "typed": timed(lambda: msgspec.json.decode(document, type=Session)),
            PARSED: timed(lambda: json.loads(document)),
        },
        rounds,
    )
    yield from compared(
        "preparation",
        f"typed decode, {LARGE} events",
        "ms",
        decoded,
        ours="typed",
        peers=(PARSED,),
        target=Target(round(1 / 2.2, 3)),
        stretch=Target(round(1 / 3, 3)),
    )


def timed(work: Any) -> Case:  # noqa: ANN401 -- whatever is called
    return lambda: 1000 * seconds(work)


def written(events: int, seed: int = 7) -> bytes:
    """A file as its tracker writes it."""
    return encode_document(artemis_document(seed, events=events, length=timedelta(minutes=90)))


def prepared(data: bytes, detectors: Detectors) -> Letter:
    """All that happens to a file between the disk and the network, but for the spool."""
    hashlib.sha256(data).digest()
    found = TRACKER.read(Document(data=data)).found[0]
    privacy = Privacy(slots=Slots(b"a key of the benchmark"), detectors=detectors, listing=TRACKER.listing)
    new = prepare(found, found.end or end_by(EndRule.EXPLICIT, "endedAt"), only_grows=False, privacy=privacy)
    parcel = Parcel(
        session=new.session.id,
        tracker=new.session.tracker,
        natural_key=new.session.natural_key,
        revision=1,
        started_at=new.session.started_at,
        ended_at=new.session.ended_at,
        document=new.document,
        idempotency_key="0" * 32,
        install_id="benchmark",
        app_version="0",
        platform="linux",
    )
    terms = Terms(policy=STANDARD, listing=TRACKER.listing, tokens=Tokens(b"another key of it"), kept={})
    errand = Errand(parcel=parcel, terms=terms, removed=new.removed, secrets=(), encodings=("zstd", "gzip"))
    return write_letter(errand, DIALECT, detectors).letter


def session_of(data: bytes) -> bytes:
    """The session in a file, as the spool keeps it."""
    found = TRACKER.read(Document(data=data)).found[0]
    privacy = Privacy(slots=Slots(b"a key of the benchmark"), detectors=Detectors(), listing=TRACKER.listing)
    return prepare(found, end_by(EndRule.EXPLICIT, "endedAt"), only_grows=False, privacy=privacy).document


def naive(data: bytes) -> bytes:
    """What a script does: every name replaced wherever it stands, a digest that two writers agree on, gzip."""
    cleaned = _walked(json.loads(data))
    canonical = json.dumps(cleaned, sort_keys=True, separators=(",", ":")).encode()
    hashlib.sha256(canonical).hexdigest()
    return gzip.compress(canonical, 6)


def _walked(value: Any) -> Any:  # noqa: ANN401 -- any JSON value
    if isinstance(value, dict):
        return {key: "player" if key in {"player", "name"} else _walked(inner) for key, inner in value.items()}
    return [_walked(one) for one in value] if isinstance(value, list) else value


def check(data: bytes) -> None:
    letter = prepared(data, Detectors(OWNER))
    if letter.headers.get("Content-Encoding") != "zstd" or letter != prepared(data, Detectors(OWNER)):
        raise NotMeasured("the same file made another letter")
