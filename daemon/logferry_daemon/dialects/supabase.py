"""Supabase, and any PostgREST: a row for each session, put in place of an older one of the same session. Pure.

The address names the table; docs/destinations-services.md has the statement that makes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from logferry_daemon.core.exchange import (
    Conversation,
    Erased,
    ErasingConversation,
    Letter,
    Outcome,
    Parcel,
    Parked,
    Report,
    Request,
    Response,
    Stop,
)
from logferry_daemon.core.proof import Different, Missing, Proof, ProvingConversation, Unclear, Verified
from logferry_daemon.dialects.services import (
    Said,
    erasure,
    failure,
    is_page,
    json_headers,
    json_of,
    may_still_come,
    not_so_far,
    proof,
    text_in,
)
from logferry_daemon.dialects.status import portal, unproven
from logferry_daemon.dialects.summary import summary_of
from logferry_model.envelope import Receipt, sha256_hex

ECHO = "session_id,natural_key,revision,digest"
UPSERT = f"?on_conflict=tracker,natural_key&select={ECHO}"
PREFER = "resolution=merge-duplicates,return=representation"


class SupabaseDialect:
    """Believes only the row as the table has it now, with the session's digest in it."""

    name = "supabase"

    def write(self, parcel: Parcel) -> Letter:
        """The row."""
        digest = sha256_hex(parcel.document)
        row = {
            "session_id": parcel.session,
            "tracker": parcel.tracker,
            "natural_key": parcel.natural_key,
            "revision": parcel.revision,
            "started_at": parcel.started_at,
            "ended_at": parcel.ended_at,
            "digest": digest,
            "summary": summary_of(parcel),
            "document": msgspec.Raw(parcel.document),
        }
        headers = {**json_headers(parcel.idempotency_key), "Prefer": PREFER}
        return Letter(body=msgspec.json.encode([row]), headers=headers, payload_digest=digest)

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """The gateway wants it in the one, PostgREST in the other."""
        return {"apikey": secret, "Authorization": f"Bearer {secret}"}

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """One post."""
        response = yield Request(method="POST", path=UPSERT, headers=letter.headers, body=letter.body)
        return _stored(letter, response, now)

    def verify(self, receipt: Receipt, *, now: datetime) -> ProvingConversation:
        """The row's own digest."""
        one = f"?session_id=eq.{quote(receipt.report_id, safe='')}&select={ECHO}"
        response = yield Request(method="GET", path=one)
        if (rows := _rows(response)) is None:
            return Unclear(reason=getattr(_failed(response, now), "reason", f"the answer was {response.status}"))
        return _proof_of(receipt, rows[0]) if rows else Missing(reason="the table has no row of it any more")

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """The row; then a look whether it is gone, for a policy that hides it from a deletion answers the same."""
        one = f"?session_id=eq.{quote(report.session, safe='')}&select=session_id"
        response = yield Request(method="DELETE", path=one, headers={"Prefer": "return=representation"})
        if (gone := _rows(response)) is None:
            return erasure(_failed(response, now))
        response = yield Request(method="GET", path=one)
        if (left := _rows(response)) is None:
            return erasure(_failed(response, now))
        if left:
            return Parked(reason="the key may not delete the row; the table lacks a policy for it")
        if gone:
            return Erased()
        return not_so_far() if may_still_come(report) else Erased(note="it was not there any more")


def _stored(letter: Letter, response: Response, now: datetime) -> Outcome:
    rows = _rows(response)
    if rows is None:
        return _failed(response, now)
    row = rows[0] if len(rows) == 1 else {}
    if text_in(row, "digest") != letter.payload_digest:
        return unproven(f"the answer ({response.status}) does not have the row that was sent")
    natural_key, revision = text_in(row, "natural_key"), row.get("revision")
    return proof(
        letter,
        now=now,
        report=text_in(row, "session_id"),
        natural_key=natural_key,
        revision=revision if isinstance(revision, int) else 0,
    )


def _proof_of(receipt: Receipt, row: Mapping[str, Any]) -> Proof:
    """A row says nothing of the bytes that brought it."""
    digest, revision = text_in(row, "digest"), row.get("revision")
    if digest == receipt.payload_digest:
        return Verified(received_digest="", payload_digest=digest)
    if isinstance(revision, int) and revision > receipt.revision:
        return Unclear(reason="a newer version of the session is in its place", alone=True)
    return Different(received_digest="", payload_digest=digest, fields=("payload_digest",))


def _rows(response: Response) -> list[dict[str, Any]] | None:
    """The rows of a whole answer; None when it is none."""
    found = json_of(response) if response.status in {200, 201} else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        return None
    return found


def _failed(response: Response, now: datetime) -> Outcome:
    if response.status >= 300:
        return failure(response, now, _said, _RULES)
    if is_page(response):
        return portal(response, now)
    return unproven(f"the answer ({response.status}) has no rows")


def _said(told: Any) -> Said:  # noqa: ANN401 -- any JSON value
    texts = [text for text in (text_in(told, "message"), text_in(told, "hint")) if text]
    return Said(code=text_in(told, "code"), text="; ".join(texts))


def _table(said: str) -> Outcome:
    return Stop(
        reason=f"the table is not as it has to be: {said}",
        hint="Make it as docs/destinations-services.md says, then: logferry retry --all",
    )


def _policy(said: str) -> Outcome:
    return Stop(
        reason=f"a policy of the table forbids it: {said}",
        hint="Allow insert, update and select, then: logferry retry --all",
    )


def _refused(said: str) -> Outcome:
    return Parked(reason=said)


_RULES = {
    "42P10": _table,  # no unique constraint over the columns of on_conflict
    "42P01": _table,  # no such table
    "42703": _table,  # no such column
    "PGRST204": _table,  # no such column
    "PGRST205": _table,  # no such table
    "PGRST106": _table,  # no such schema
    "42501": _policy,
    "23505": _refused,  # another unique constraint, which a second try breaks again
    "23503": _refused,
}
