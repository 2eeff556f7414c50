"""Every reason for which a request is not served, as one table. Decides nothing; says what each code means on the wire.

Each code has one status, one title and one answer to "may the same bytes be sent again?". The
clients act on the status and the code, so a row may be added but never changed.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from logferry_model.envelope import FieldProblem, Problem
from logferry_model.errors import LogferryError, Refused

MAX_LISTED = 20
"""Field problems told at once; the first few are what a person reads."""


class Meaning(Struct, frozen=True):
    """What one code says to the client."""

    status: int
    title: str
    retryable: bool = False
    retry_after: int | None = None
    """Seconds."""


MEANINGS = {
    "batch-unreadable": Meaning(400, "The batch cannot be taken apart"),
    "body-unreadable": Meaning(400, "The body could not be inflated"),
    "body-incomplete": Meaning(400, "The body ended early", retryable=True),
    "credential-ambiguous": Meaning(400, "Two different credentials"),
    "digest-mismatch": Meaning(400, "The body is not what its digest says", retryable=True),
    "digest-missing": Meaning(400, "No usable Content-Digest"),
    "idempotency-key-invalid": Meaning(400, "The Idempotency-Key cannot be used"),
    "idempotency-key-missing": Meaning(400, "No Idempotency-Key"),
    "json-invalid": Meaning(400, "The body is not strict JSON"),
    "credential-invalid": Meaning(401, "The API key is not valid"),
    "credential-missing": Meaning(401, "No API key"),
    "anonymous-refused": Meaning(401, "No anonymous uploads"),
    "not-found": Meaning(404, "Not found"),
    "report-unknown": Meaning(404, "No such report"),
    "method-not-allowed": Meaning(405, "Method not allowed"),
    "body-too-slow": Meaning(408, "The body came too slowly", retryable=True),
    "in-flight": Meaning(409, "The same request is being worked on", retryable=True, retry_after=1),
    "join-refused": Meaning(409, "The reports cannot be taken over"),
    "report-deleted": Meaning(410, "Its owner deleted this report"),
    "body-too-large": Meaning(413, "The body is too large"),
    "ratio-too-high": Meaning(413, "The body inflates suspiciously well"),
    "encoding-unsupported": Meaning(415, "Content-Encoding not supported"),
    "media-type-unsupported": Meaning(415, "Content-Type not supported"),
    "idempotency-key-reused": Meaning(422, "The Idempotency-Key belongs to other content"),
    "limit-exceeded": Meaning(422, "The session is larger than this collector takes"),
    "schema-invalid": Meaning(422, "The document does not follow the schema"),
    "schema-version-unsupported": Meaning(422, "Schema version not supported"),
    "session-contradicts": Meaning(422, "The session contradicts its envelope or itself"),
    "too-many-newcomers": Meaning(429, "Too many new installations", retryable=True, retry_after=600),
    "request-invalid": Meaning(400, "The request could not be read"),
    "internal": Meaning(500, "Something went wrong in the collector", retryable=True),
    "database-unavailable": Meaning(503, "The database cannot be used right now", retryable=True, retry_after=2),
}


class Unacceptable(Refused):
    """A document that will not be stored, with the places where it is wrong."""

    def __init__(self, code: str, message: str, *, errors: tuple[FieldProblem, ...] = (), hint: str = "") -> None:
        super().__init__(code, message, hint=hint)
        self.errors = errors


def unacceptable(code: str, pointer: str, reason: str) -> Unacceptable:
    """An Unacceptable about one place in the document."""
    return Unacceptable(
        code, f"{pointer or 'The document'}: {reason}.", errors=(FieldProblem(pointer=pointer, reason=reason),)
    )


def problem(error: LogferryError, *, request_id: str, now: datetime) -> Problem:
    """What the client is told about `error`; a code outside the table says nothing but that it is ours."""
    meaning = MEANINGS.get(error.code)
    if meaning is None:
        error, meaning = Refused("internal", "The request id finds it in the collector's log."), MEANINGS["internal"]
    return Problem(
        type=f"urn:logferry:problem:{error.code}",
        title=meaning.title,
        status=meaning.status,
        code=error.code,
        detail=error.message,
        hint=error.hint,
        instance=request_id,
        retryable=meaning.retryable,
        retry_after=meaning.retry_after,
        server_time=now,
        errors=error.errors[:MAX_LISTED] if isinstance(error, Unacceptable) else (),
    )
