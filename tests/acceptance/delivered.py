"""What the trackers wrote and what a collector has, each read without any of the code under test."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests.acceptance.running import ACCOUNT, CollectorHome, fetch
from tests.packed import unpacked


class Play(NamedTuple):
    """A session as both sides can name it."""

    tracker: str
    started_at: datetime


def plays_in(folder: Path, *, without: Collection[str] = ()) -> Counter[Play]:
    """Every play that the raw files of a folder tell of: a `LoadGame` line, or an Artemis document."""
    found: Counter[Play] = Counter()
    for file in sorted(one for one in folder.iterdir() if one.name not in without):
        if file.match("Journal.*.log"):
            lines = (json.loads(line) for line in file.read_bytes().splitlines() if b'"LoadGame"' in line)
            found.update(
                Play("elite-dangerous", _time(line["timestamp"])) for line in lines if line["event"] == "LoadGame"
            )
        elif file.match("session-*.json"):
            found[Play("artemis", _time(json.loads(file.read_bytes())["startedAt"]))] += 1
    return found


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class Stored(NamedTuple):
    """One revision in a collector's database."""

    account: str
    tracker: str
    natural_key: str
    digest: str
    report: str
    started_at: datetime
    whole: bool
    """Whether the digest is that of the stored bytes."""


STORED = """
SELECT a.name, r.tracker, r.natural_key, v.payload_digest, r.id, v.started_at, v.body
FROM revisions v JOIN reports r ON r.id = v.report_id JOIN accounts a ON a.id = r.account_id
ORDER BY v.id
"""


def stored_in(database: Path) -> list[Stored]:
    """Every revision that a collector has stored."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(STORED).fetchall()
    return [
        Stored(
            account=account,
            tracker=tracker,
            natural_key=natural_key,
            digest=digest,
            report=report,
            started_at=datetime.fromisoformat(started_at).replace(tzinfo=UTC),
            whole=_payload_digest(body) == digest,
        )
        for account, tracker, natural_key, digest, report, started_at, body in rows
    ]


def keys_in(database: Path) -> set[str]:
    """Every idempotency key that a collector has answered: a delivery that is tried again keeps its own."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return {str(row[0]) for row in connection.execute("SELECT key FROM idempotency")}


def _payload_digest(body: bytes) -> str:
    """Of the session's own bytes: what stands between `"payload":` and the envelope's next key or end."""
    envelope = unpacked(body).decode()
    begin = envelope.index('"payload":') + len('"payload":')
    _, end = json.JSONDecoder().raw_decode(envelope, begin)
    return hashlib.sha256(envelope[begin:end].encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How what was stored differs from what was played."""

    expected: int
    stored: int
    lost: tuple[Play, ...]
    doubled: tuple[object, ...]
    foreign: tuple[Play, ...]
    damaged: tuple[str, ...]
    unshown: tuple[str, ...]
    """Report pages that did not answer 200."""
    keys: int
    """Different idempotency keys: more than stored means that something was sent as if it were new."""

    @property
    def exactly_once(self) -> bool:
        clean = not (self.lost or self.doubled or self.foreign or self.damaged or self.unshown)
        return clean and self.keys == self.stored == self.expected

    def __str__(self) -> str:
        return (
            f"expected {self.expected}, stored {self.stored}, lost {len(self.lost)}, doubled {len(self.doubled)}, "
            f"foreign {len(self.foreign)}, damaged {len(self.damaged)}, pages not shown {len(self.unshown)}, "
            f"keys {self.keys}"
        )


def judge(played: Counter[Play], collector: CollectorHome) -> Verdict:
    """Compares plays, by the start that the raw files give, with what is in the database and on the pages."""
    stored = stored_in(collector.database)
    have = Counter(Play(one.tracker, one.started_at) for one in stored)
    identities = Counter((one.account, one.tracker, one.natural_key) for one in stored)
    identities_and_digests = Counter((one.account, one.natural_key, one.digest) for one in stored)
    doubled = [one for counted in (identities, identities_and_digests) for one, times in counted.items() if times > 1]
    return Verdict(
        expected=played.total(),
        stored=len(stored),
        lost=tuple((played - have).elements()),
        doubled=tuple(doubled),
        foreign=(
            *(have - played).elements(),
            *(Play(one.account, one.started_at) for one in stored if one.account != ACCOUNT),
        ),
        damaged=tuple(one.report for one in stored if not one.whole),
        keys=len(keys_in(collector.database)),
        unshown=tuple(one.report for one in stored if fetch(f"{collector.url}/r/{one.report}")[0] != 200),
    )
