"""Rows of the spool to values and back. Pure; the SQL's column names stand here and nowhere else in Python."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from logferry_daemon.core.consent import Grant
from logferry_daemon.core.delivery import State
from logferry_daemon.core.exchange import Letter, Parcel, Upload
from logferry_daemon.core.new_session import NewSession, heard_of, version_of
from logferry_daemon.core.policy import Group
from logferry_daemon.core.reading import Trouble
from logferry_daemon.core.sanitise import TakenOut
from logferry_daemon.core.settle import Signature
from logferry_daemon.core.shelved import shelved, unshelved
from logferry_daemon.core.summaries import summary_of
from logferry_daemon.ports import Backlog, Claimed, DeliveryRow, FileRow, SessionRow, Totals, followed
from logferry_model.session import Session, SessionId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_SLOTS = re.compile(b"@(?:" + "|".join(Group).encode() + b"):[0-9a-f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderFacts:
    """What every parcel says about this program."""

    app_version: str
    platform: str


def ms(moment: datetime) -> int:
    """Whole milliseconds since 1970: the spool's unit."""
    return (moment - _EPOCH) // _MS


def at(number: int) -> datetime:
    """The time of such a number."""
    return _EPOCH + number * _MS


def _maybe_at(number: int | None) -> datetime | None:
    return None if number is None else at(number)


def file_values(row: FileRow) -> dict[str, Any]:
    """For `keep_file`. Inode and device as text: they may not fit SQLite's signed integers."""
    return {
        "source": row.source,
        "path": row.path,
        "size": row.signature.size,
        "mtime_ns": row.signature.mtime_ns,
        "inode": str(row.signature.inode),
        "device": str(row.signature.device),
        "head": row.head,
        "head_size": row.head_size,
        "read_offset": row.offset,
        "read_line": row.line,
        "days": row.days,
        "first_at": None if row.first_at is None else ms(row.first_at),
        "running": int(row.running),
        "troubles": json.dumps([[one.code, one.message] for one in row.troubles]) if row.troubles else "[]",
    }


def file_row(row: sqlite3.Row) -> FileRow:
    """From `files_of_source`."""
    return FileRow(
        source=row["source"],
        path=row["path"],
        signature=Signature(row["size"], row["mtime_ns"], int(row["inode"]), int(row["device"])),
        head=row["head"],
        head_size=row["head_size"],
        offset=row["read_offset"],
        line=row["read_line"],
        days=row["days"],
        first_at=_maybe_at(row["first_at"]),
        running=bool(row["running"]),
        troubles=troubles(row["troubles"]),
    )


def troubles(text: str) -> tuple[Trouble, ...]:
    """The troubles of a file."""
    return tuple(Trouble(code=code, message=message) for code, message in json.loads(text))


def session_values(new: NewSession, source: str, revision: int, now: datetime) -> dict[str, Any]:
    """For `keep_session`. One without an end has the time when it was heard of last in its place."""
    session, end, until = new.session, new.session.end, heard_of(new)
    return {
        "id": session.id,
        "tracker": session.tracker,
        "natural_key": session.natural_key,
        "source": source,
        "started_at": ms(session.started_at),
        "ended_at": ms(until) if until else None,
        "events": new.events,
        "revision": revision,
        "fingerprint": new.fingerprint,
        "end_rule": end.rule.value if end else "",
        "end_evidence": end.evidence if end else "",
        "end_confidence": end.confidence if end else 0.0,
        "now": ms(now),
        "document": shelved(new.document),
        "removed": removed_text(new.removed),
        "leaks": json.dumps(new.leaks) if new.leaks else "[]",
    }


def removed_text(removed: TakenOut) -> str:
    """For a `removed` column."""
    return (
        "[]"
        if not removed
        else json.dumps([[name, reason, times] for (name, reason), times in sorted(removed.items())])
    )


def removed(text: str) -> TakenOut:
    """From such a column."""
    return {(name, reason): times for name, reason, times in json.loads(text)}


def frame_values(left: NewSession) -> dict[str, Any]:
    """For `withhold_session`: what is left of a session in which something private was found."""
    session, end = left.session, left.session.end
    return {
        "id": session.id,
        "natural_key": session.natural_key,
        "events": left.events,
        "fingerprint": left.fingerprint,
        "end_evidence": end.evidence if end else "",
        "document": shelved(left.document),
        "leaks": json.dumps(left.leaks),
    }


def original_values(new: NewSession) -> dict[str, Any]:
    """For `keep_original`."""
    version = version_of(new)
    return {
        "id": new.session.id,
        "fingerprint": version.fingerprint,
        "events": version.events,
        "end_rule": version.end_rule,
        "document": shelved(new.document),
    }


def is_old(age: sqlite3.Row) -> bool:
    """Whether a session ended before its source was followed or its destination set; from `age`."""
    since = [ms(followed(note)) for note in (age["followed"], age["enlisted"]) if note]
    return bool(since) and int(age["ended_at"]) < max(since)


def session_row(row: sqlite3.Row) -> SessionRow:
    """From `all_sessions`."""
    return SessionRow(
        id=SessionId(row["id"]),
        tracker=row["tracker"],
        source=row["source"],
        started_at=at(row["started_at"]),
        ended_at=_end(row),
        events=row["events"],
        revision=row["revision"],
        end_rule=row["end_rule"],
        end_evidence=row["end_evidence"],
        end_confidence=row["end_confidence"],
        found_at=at(row["found_at"]),
        merged_into=row["merged_into"],
    )


def _end(row: sqlite3.Row) -> datetime | None:
    """The time in the row is one of the last line while nothing has ended the session."""
    return _maybe_at(row["ended_at"]) if row["end_rule"] else None


def slots_in(document: bytes) -> set[str]:
    """What stands for names in an encoded session."""
    return {found.decode() for found in _SLOTS.findall(document)}


def document(packed: bytes) -> Session:
    """The session in a `document` column."""
    return msgspec.json.decode(unshelved(packed), type=Session)


def delivery_row(row: sqlite3.Row) -> DeliveryRow:
    """From `all_deliveries` and its like."""
    return DeliveryRow(
        id=row["id"],
        session=SessionId(row["session"]),
        destination=row["destination"],
        revision=row["revision"],
        state=State(row["state"]),
        attempts=row["attempts"],
        created_at=at(row["created_at"]),
        last_error=row["last_error"],
        last_attempt=_maybe_at(row["last_attempt"]),
        next_attempt=_maybe_at(row["next_attempt"]),
        report_url=row["report_url"],
        asked=bool(row["asked"]),
    )


def letter_values(letter: Letter) -> dict[str, Any]:
    """For `keep_letter`."""
    return {
        "body": letter.body,
        "headers": json.dumps(dict(letter.headers)),
        "payload_digest": letter.payload_digest,
    }


def claimed(row: sqlite3.Row, state: State, install_id: str, sender: SenderFacts) -> Claimed:
    """From `due`."""
    letter = None
    if row["body"] is not None:
        letter = Letter(body=row["body"], headers=json.loads(row["headers"]), payload_digest=row["payload_digest"])
    document = unshelved(row["document"]) if row["document"] is not None else b""
    parcel = Parcel(
        session=SessionId(row["session"]),
        tracker=row["tracker"],
        natural_key=row["natural_key"],
        revision=row["revision"],
        started_at=at(row["started_at"]),
        ended_at=_end(row),
        partial=bool(row["summary"]) or not row["end_rule"],
        document=summary_of(document) if document and row["summary"] else document,
        idempotency_key=row["idempotency_key"],
        install_id=install_id,
        app_version=sender.app_version,
        platform=sender.platform,
    )
    delivery = replace(delivery_row(row), state=state, stuck=row["stuck"], stuck_since=_maybe_at(row["stuck_since"]))
    return Claimed(
        row=delivery,
        parcel=parcel,
        letter=letter,
        upload=_upload(row),
        backfill=bool(row["backfill"]),
        leaks=tuple(json.loads(row["leaks"])),
        removed=removed(row["removed"]),
    )


def _upload(row: sqlite3.Row) -> Upload:
    expires = row["upload_expires"]
    return Upload(
        path=row["upload_path"],
        offset=row["upload_offset"],
        cuts=row["cuts"],
        expires=None if expires is None else at(expires),
    )


def upload_values(upload: Upload) -> dict[str, Any]:
    """For `keep_upload`."""
    expires = None if upload.expires is None else ms(upload.expires)
    return {"path": upload.path, "offset": upload.offset, "cuts": upload.cuts, "expires": expires}


def totals(
    counts: Mapping[tuple[str, State], int],
    found: sqlite3.Row,
    sent: sqlite3.Row,
    last_report_url: str | None,
    backlog: sqlite3.Row,
) -> Totals:
    """From `counts`, `found`, `sent`, `last_report` and `backlog`."""
    waiting = None
    if backlog["sessions"]:
        waiting = Backlog(sessions=backlog["sessions"], first=at(backlog["first"]), last=at(backlog["last"]))
    return Totals(
        by_state=counts,
        found=found["number"],
        homeless=found["homeless"],
        uploaded=sent["uploaded"],
        bytes_sent=sent["bytes_sent"],
        average_ms=sent["average_ms"],
        last_upload=_maybe_at(sent["last_upload"]),
        last_report_url=last_report_url,
        backlog=waiting,
    )


def grant(row: sqlite3.Row) -> Grant:
    """From `grants`."""
    return Grant(
        destination=row["destination"],
        policy_digest=row["policy_digest"],
        policy_version=row["policy_version"],
        granted_at=at(row["granted_at"]),
        terms=tuple(json.loads(row["terms"])),
    )


def grant_values(given: Grant) -> dict[str, Any]:
    """For `keep_grant`."""
    return {
        "destination": given.destination,
        "policy_digest": given.policy_digest,
        "policy_version": given.policy_version,
        "granted_at": ms(given.granted_at),
        "terms": json.dumps(given.terms),
    }
