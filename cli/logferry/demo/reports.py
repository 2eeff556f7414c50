"""Fetches the demo's reports back from its collector and counts what is stored. Reads, never writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import msgspec

from logferry.demo.verdict import Report
from logferry_model.session import Session

PATIENCE = 10.0
"""Seconds."""


def fetch_all(collector: str, *, database: Path) -> tuple[Report, ...]:
    """Every report that is stored, whether or not the daemon knows of it, as its owner would get it."""
    versions = stored_versions(database)
    return tuple(_report(f"{collector}/r/{report}", count) for report, count in sorted(versions.items()))


def stored_versions(database: Path) -> dict[str, int]:
    """Report id -> number of versions; asked of the database itself, past the program that wrote it."""
    question = "SELECT report_id, count(*) FROM revisions GROUP BY report_id"
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return dict(connection.execute(question).fetchall())


def page(url: str) -> bytes:
    """The bytes at a URL of the demo's own collector."""
    with urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 -- http to our own child on 127.0.0.1
        body: bytes = answer.read()
    return body


def _report(url: str, revisions: int) -> Report:
    document = page(f"{url}.json")
    return Report(
        url=url,
        session=msgspec.json.decode(document, type=Session),
        # The page that people see is searched for names as well.
        body=document + page(url),
        revisions=revisions,
    )
