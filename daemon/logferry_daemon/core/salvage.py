"""What of a damaged queue is believed. Pure: a row in, the row as it is kept out, or None.

What is not believed is read again from its file, or asked for again; nothing is assumed in its place. A row is believed
when it says nothing that the daemon itself could not have written, and a document when its checksum is right.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from mmap import mmap
from typing import Any

import msgspec

from logferry_daemon.core.delivery import State
from logferry_daemon.core.history import Ending
from logferry_daemon.core.removal import CopyState
from logferry_daemon.core.shelved import unshelved
from logferry_daemon.core.slots import slot_of
from logferry_daemon.core.tus import is_own_path
from logferry_model.envelope import Receipt
from logferry_model.session import Session

Row = Mapping[str, Any]
Rule = Callable[[Row], Row]

REBUILT_NOTE = "rebuilt"
IS_NEWS = timedelta(days=30)
"""So long it is told that a queue was built anew."""
_CARVED = (
    re.compile(rb"(slot-key)([0-9a-f]{64})(?![0-9a-f])"),
    re.compile(rb"(install-id:[\w-]+?)([0-9a-f]{32})(?![0-9a-f])"),
)
"""Notes that decide what names look like, as they lie in a page: the key, and its value right behind it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEX = re.compile(r"[0-9a-f]+")
_FORGOTTEN = frozenset({"probe", REBUILT_NOTE})


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """How a queue was built anew; kept in it as a note."""

    at: datetime
    aside: str
    """What the damaged one is called now; empty once it was removed with something that was in it."""
    sessions: int
    receipts: int
    unread: tuple[str, ...] = ()
    """Tables of which something could not be read."""


class Unbelievable(ValueError):
    """The daemon cannot have written that."""


def believed(table: str, row: Row) -> Row | None:
    """The row as it is kept, or None."""
    try:
        return _RULES.get(table, _as_it_is)(row)
    except (ValueError, KeyError, TypeError, msgspec.MsgspecError):
        return None


def left_behind(row: Row, kept: Row) -> Row | None:
    """Of a delivery that is `kept` under another key: what its destination may have under the one that it had."""
    # A column whose name was damaged is not there.
    known = (row.get("idempotency_key"), row.get("last_attempt"), row.get("payload_digest"))
    if kept["idempotency_key"] == row.get("idempotency_key") or None in known:
        return None
    return {
        "id": _other_key(row["id"])[:16],
        "session": row["session"],
        "destination": row["destination"],
        "report": "",
        "idempotency_key": row["idempotency_key"],
        "stopped_at": row["last_attempt"],
        "state": CopyState.KEPT.value,
    }


def left_pieces(row: Row) -> Row | None:
    """Of a delivery: what its destination has of an upload that was begun, and that nobody goes on with from here."""
    try:
        if row["state"] == State.UPLOADED or not is_own_path(row["upload_path"]) or _is_whole(row):
            return None
        found = {"session": row["session"], "destination": row["destination"], "path": row["upload_path"]}
        return {**found, "id": _other_key(row["id"])[:16], "state": CopyState.PENDING.value}
    except (KeyError, TypeError, AttributeError):
        return None


def _is_whole(row: Row) -> bool:
    """Whether every byte is over there: that is a report, or becomes one."""
    body, offset = row.get("body"), row.get("upload_offset")
    return isinstance(body, bytes) and isinstance(offset, int) and 0 < len(body) <= offset


def carved(raw: bytes | mmap) -> Mapping[str, str]:
    """The notes that decide what names look like, from the bytes of a file that nothing else can be read from.

    With others the same names look like others, and every session like a new revision. One that is there in two ways is
    not believed.
    """
    found: dict[str, set[str]] = {}
    for pattern in _CARVED:
        for key, value in pattern.findall(raw):
            found.setdefault(key.decode(), set()).add(value.decode())
    return {key: values.pop() for key, values in found.items() if len(values) == 1}


def all_or_none(table: str) -> bool:
    """Whether its rows are only believed together: a lost denial would turn the rest into another answer."""
    return table == "bindings"


def too_bold(table: str, row: Row, unread: Collection[str]) -> bool:
    """Whether a row would let go by itself what its owner may have deleted.

    Without the list of deleted sessions, what is read from the files anew waits to be asked for.
    """
    return "deleted" in unread and table == "notes" and str(row["key"]).startswith("source:")


def _check(*, holds: bool) -> None:
    if not holds:
        raise Unbelievable


def _hex(text: str, length: int | None = None) -> None:
    _check(holds=_HEX.fullmatch(text) is not None and (length is None or len(text) == length))


def _texts(text: str) -> None:
    """A JSON list of strings."""
    msgspec.json.decode(text, type=list[str])


def _as_it_is(row: Row) -> Row:
    return row


def _nothing(_: Row) -> Row:
    """Positions: everything is read from its beginning, and what is known is recognised."""
    raise Unbelievable


def _note(row: Row) -> Row:
    _check(holds=row["key"] not in _FORGOTTEN and row["key"].isprintable() and row["value"].isprintable())
    if row["key"] == "slot-key":
        _hex(row["value"], 64)
    if row["key"].endswith(":since"):
        _check(holds=datetime.fromisoformat(row["value"].partition(" ")[0]).tzinfo is not None)
    return row


def _session(row: Row) -> Row:
    document = _document(row)
    _check(holds=(document.id, document.tracker) == (row["id"], row["tracker"]))
    _check(holds=row["revision"] >= 1 and row["events"] >= 0)
    _hex(row["fingerprint"])
    _texts(row["leaks"])
    msgspec.json.decode(row["removed"], type=list[tuple[str, str, int]])
    return {**row, **_told_by(document)}


def _told_by(document: Session) -> Row:
    """What stands in the document and beside it, as it stands in there: that has a checksum, the row has none."""
    told = {"natural_key": document.natural_key, "started_at": _ms(document.started_at)}
    return told if document.ended_at is None else {**told, "ended_at": _ms(document.ended_at)}


def _ms(moment: datetime) -> int:
    """Whole milliseconds since 1970: the spool's unit."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _original(row: Row) -> Row:
    _check(holds=_document(row).id == row["id"])
    return row


def _document(row: Row) -> Session:
    return msgspec.json.decode(unshelved(row["document"]), type=Session)


def _delivery(row: Row) -> Row:
    state = State(row["state"])
    _check(holds=row["revision"] >= 1 and row["attempts"] >= 0 and bool(row["destination"]))
    no_upload = {"upload_path": "", "upload_offset": 0, "upload_expires": None, "cuts": 0}
    row = {**row, **no_upload, "body": None, "headers": None}
    if state is State.UPLOADED and _is_receipt(row["receipt"]):
        return row
    if state is State.EXCLUDED:
        return row
    # Asked for again: over there it is recognised by its key where the same bytes go, and by its content in any case.
    again = State.PENDING if state in {State.UPLOADED, State.UPLOADING} else state
    nothing_yet = dict.fromkeys(("payload_digest", "next_attempt", "uploaded_at", "receipt", "report_url", "took_ms"))
    return {**row, **nothing_yet, "state": again.value, "idempotency_key": _other_key(row["idempotency_key"])}


def _is_receipt(text: str | None) -> bool:
    if text is None:
        return True  # its owner had deleted it over there
    try:
        msgspec.json.decode(text, type=Receipt)
    except msgspec.MsgspecError:
        return False
    return True


def _other_key(key: str) -> str:
    """The letter is written anew, and other bytes get another key."""
    return hashlib.sha256(f"again\n{key}".encode()).hexdigest()[: max(len(key), 16)]


def _grant(row: Row) -> Row:
    _hex(row["policy_digest"], 64)
    _texts(row["terms"])
    return row


def _binding(row: Row) -> Row:
    _check(holds=row["allowed"] in {0, 1} and bool(row["destination"] and row["identity"]))
    return row


def _deleted(row: Row) -> Row:
    _hex(row["id"])
    return row


def _copy(row: Row) -> Row:
    CopyState(row["state"])
    return row


def _remnant(row: Row) -> Row:
    CopyState(row["state"])
    _check(holds=bool(row["destination"]) and is_own_path(row["path"]))
    return row


def _attempt(row: Row) -> Row:
    Ending(row["outcome"])
    return row


def _kept(row: Row) -> Row:
    _check(holds=slot_of(row["slot"]) is not None)
    return row


_RULES: Mapping[str, Rule] = {
    "notes": _note,
    "files": _nothing,
    "sessions": _session,
    "originals": _original,
    "deliveries": _delivery,
    "grants": _grant,
    "bindings": _binding,
    "deleted": _deleted,
    "copies": _copy,
    "remnants": _remnant,
    "attempts": _attempt,
    "kept": _kept,
}
"""Tables without a rule are kept as they are, row by row."""


def encode_rebuilt(rebuilt: Rebuilt) -> str:
    """As a note's value."""
    return json.dumps(msgspec.to_builtins(rebuilt))


def decode_rebuilt(note: str | None) -> Rebuilt | None:
    """From a note's value."""
    return None if note is None else msgspec.json.decode(note, type=Rebuilt)
