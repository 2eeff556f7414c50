"""What the dialects of other people's servers have in common: which sessions fit, what an answer proves. Pure.

Their contracts name a few fields and no digest. So a success is a whole JSON answer with the fields of the contract
that is not about another session; a page, half an answer, or a "success": false under a 200 is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec

from logferry_daemon.core.exchange import (
    Acked,
    ErasingConversation,
    Later,
    Letter,
    Outcome,
    Parcel,
    Parked,
    Response,
)
from logferry_daemon.dialects.origin import on_origin
from logferry_daemon.dialects.status import ACCEPTED, outcome_of_failure, unproven
from logferry_model.envelope import MEDIA_TYPE, Receipt, ReceiptStatus, sha256_hex
from logferry_model.errors import Refused
from logferry_model.session import Participant, Session

Said = Mapping[str, Any]
"""The object in an answer."""

KEY, NAME, REVISION = "Idempotency-Key", "X-Session-Id", "X-Session-Revision"
_DONE = frozenset({"completed", "complete", "processed", "stored", "success", "done", "duplicate", "uploaded"})
_FAILED = frozenset({"failed", "failure", "error", "rejected", "invalid"})
"""States of a session over there; every other one may still become one of these."""
_SUCCESSES = frozenset({200, 201, 202})
_SAYS_WHY = ("error", "message", "detail", "reason", "error_message", "errors", "details", "msg")
_LONGEST = 2_000
"""Characters of a reason that are looked at: an answer may have millions."""
_DEEPEST = 4
"""A validator of the first seed puts its sentence into a list in an object in `error`."""
_SPEAKS_OF_IT = frozenset({*_SUCCESSES, 400, 403, 409, 422})
"""Statuses that are given for all kinds of trouble, so that the text decides."""
_ALREADY = re.compile(r"duplicate|already (?:exists?|stored|(?:been )?uploaded)")
_TEXTS: tuple[tuple[re.Pattern[str], int], ...] = (
    (
        # A number of uploads in a time, and not what a session may have: "loot per hour is not plausible" is of one.
        re.compile(
            r"rate.?limit|too many (?:requests|uploads)|quota|(?:daily|hourly) limit"
            r"|\d ?(?:[kmg]i?b|uploads|requests|sessions|encounters) ?(?:per|an?|/) ?(?:day|hour)\b"
        ),
        429,
    ),
    (
        re.compile(
            r"too (?:large|big)|size limit|(?:max(?:imum)?|file|body|payload|entity|request|upload) size"
            r"|\d ?[kmg]i?b\b|\d{4} ?bytes\b"
        ),
        413,
    ),
    (re.compile(r"(?:upload|request) limit"), 429),
    (
        re.compile(
            r"(?:invalid|unknown|expired|missing|bad|wrong|revoked) "
            r"(?:x-api-key|api.?key|(?:access|auth|bearer) token|jwt|credentials?|signature|user.?hash)"
            r"|(?:api.?key|jwt|token|signature) (?:has |is )?(?:expired|revoked|required|invalid)"
            r"|signature (?:does not|did not|mis)|unauthori[sz]ed|not authenticated"
        ),
        401,
    ),
    (re.compile(r"(?:session|encounter)\b.{0,40}\b(?:belongs?|owned|owner)\b"), 422),
    (_ALREADY, 422),
    (re.compile(r"maintenance|temporarily|try again later|timed out|overload|database is"), 500),
)
"""What is said -> the status that should have been given, first match first. What is said of one session alone, as "too
many players", must match none that stops a destination."""


def session_of(parcel: Parcel, *, dialect: str, takes: Collection[str], what: str) -> Session:
    """The session in the parcel; Refused when its tracker is none of those that the contract has fields for."""
    if parcel.tracker not in takes:
        raise Refused("wrong-tracker", f"{dialect} takes {what} only, and this is a session of {parcel.tracker}")
    return msgspec.json.decode(parcel.document, type=Session)


def letter(parcel: Parcel, body: bytes, name: str, *, encoding: str = "") -> Letter:
    """`body` with what every letter says of itself; `name` is the session's over there."""
    headers = {
        "Content-Type": MEDIA_TYPE,
        **({"Content-Encoding": encoding} if encoding else {}),
        KEY: f'"{parcel.idempotency_key}"',
        NAME: name,
        REVISION: str(parcel.revision),
    }
    return Letter(body=body, headers=headers, payload_digest=sha256_hex(parcel.document))


def encoded(value: Any) -> bytes:  # noqa: ANN401 -- any JSON value
    """As JSON, in the order in which it was written down: the same value makes the same bytes."""
    return msgspec.json.encode(value)


def name_of(session: Session, person: Participant) -> str:
    """Their name or token; where neither may leave, their place in the list."""
    return person.name or f"Player {session.participants.index(person) + 1}"


def own_name(session: Session) -> str:
    """Of the player whose log it is."""
    return next((name_of(session, person) for person in session.participants if person.local), "Player 1")


def plain(value: float) -> int | float:
    """Without a fraction where there is none: many servers refuse 1.0 where they want a whole number."""
    return int(value) if float(value).is_integer() else value


def known(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON value
    """Those that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def read(response: Response, now: datetime) -> Said | Outcome:
    """The object of an answer that may be a success; else what the answer means."""
    if response.status not in _SUCCESSES or _is_page(response):
        return refused(response, now)
    said = object_in(response.body)
    if said is None:
        return unproven(f"the answer ({response.status}) was not whole, or not of this contract")
    good = said["success"] is True if "success" in said else not said.get("error")
    return said if good else refused(response, now)


def refused(response: Response, now: datetime) -> Outcome:
    """What an answer means that is no success: by its status, and by its text where the status says little."""
    if _is_page(response):
        return outcome_of_failure(response, now)
    said = reason_in(response)
    like = 422 if response.status in _SUCCESSES else None
    if response.status in _SPEAKS_OF_IT:
        like = next((status for pattern, status in _TEXTS if pattern.search(said.casefold())), like)
    return outcome_of_failure(response, now, said=said, like=like)


def reason_in(response: Response) -> str:
    """Why not, in the other side's words."""
    said = object_in(response.body)
    if said is None:
        return response.body[:400].decode("utf-8", "replace") if _is_text(response) else ""
    return _sentence(said, _DEEPEST)


def _sentence(told: Any, deepest: int) -> str:  # noqa: ANN401 -- any JSON value
    """The first text in it that stands where reasons stand."""
    if isinstance(told, str):
        return told[:_LONGEST] if told.strip() else ""
    if isinstance(told, list):
        told = {"error": told[0]} if told else {}
    if not isinstance(told, dict) or not deepest:
        return ""
    found = (_sentence(told.get(name), deepest - 1) for name in _SAYS_WHY)
    return next((sentence for sentence in found if sentence), "")


def object_in(body: bytes) -> Said | None:
    """The JSON object that the whole body is."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def text_in(said: Said, *names: str) -> str:
    """The first of these fields that is a text, or a number, with something in it."""
    for name in names:
        value = said.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def unfinished(response: Response, said: Said) -> Later | Parked | None:
    """What it means that the session is in this state over there; None where all is done."""
    # Of two states the one about processing says more.
    state = next(
        (told.casefold() for name in ("processing_status", "status") if isinstance(told := said.get(name), str)), ""
    )
    if state in _FAILED:
        why = printable(reason_in(response))
        return Parked(reason=f"it could not process the session: {why}" if why else "it could not process the session")
    return None if state in _DONE or (not state and response.status != 202) else ACCEPTED


def is_there(letter: Letter, response: Response) -> bool:
    """A refusal that says that this very session is there already, and only ever was this one version of it."""
    said, why = object_in(response.body) or {}, reason_in(response)
    name = letter.headers[NAME]
    named = (
        re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", why)
        or text_in(said, "session_id", "sessionId", "id") == name
    )
    told = said.get("duplicate") is True or _ALREADY.search(why.casefold())
    return bool(told and named and letter.headers[REVISION] == "1" and response.status in _SPEAKS_OF_IT)


def stored(
    letter: Letter, said: Said, *, url: str, now: datetime, status: ReceiptStatus = ReceiptStatus.STORED
) -> Acked:
    """A receipt of what the answer says; what these contracts leave open is of what was sent, and the time is ours."""
    report_id = printable(text_in(said, "report_id", "reportId")) or letter.headers[NAME]
    report_url = text_in(said, "report_url", "reportUrl")
    return Acked(
        receipt=Receipt(
            receipt_id=report_id,
            report_id=report_id,
            report_url=on_origin(url, report_url) if report_url else "",
            status=status,
            natural_key=letter.headers[NAME],
            revision=int(letter.headers[REVISION]),
            received_digest=sha256_hex(letter.body),
            payload_digest=letter.payload_digest,
            idempotency_key=letter.headers[KEY].strip('"'),
            created_at=now,
        )
    )


def undeletable(reason: str) -> ErasingConversation:
    """No request at all: the contract knows no deletion."""
    return Parked(reason=reason)
    yield  # never reached; it makes a conversation of this


def _is_page(response: Response) -> bool:
    return "html" in response.headers.get("content-type", "") or response.body.lstrip()[:1] == b"<"


def printable(said: str) -> str:
    """What may be shown in a terminal of it."""
    return " ".join("".join(one if one.isprintable() else " " for one in said).split())[:200]


def _is_text(response: Response) -> bool:
    return response.headers.get("content-type", "").startswith("text/plain")
