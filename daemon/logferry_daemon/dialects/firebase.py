"""Firestore by its REST interface: a document for each session, named by the session's id, written by a commit. Pure.

A commit by name is the same twice, so a lost answer doubles nothing.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from logferry_daemon.core.exchange import (
    Conversation,
    Erased,
    ErasingConversation,
    Later,
    Letter,
    Outcome,
    Parcel,
    Report,
    Request,
    Response,
    Stop,
)
from logferry_daemon.core.renewal import Token
from logferry_daemon.dialects.services import (
    Said,
    erasure,
    failure,
    is_page,
    json_headers,
    json_of,
    may_still_come,
    not_so_far,
    object_of,
    proof,
    text_in,
)
from logferry_daemon.dialects.status import portal, unproven
from logferry_daemon.dialects.summary import Summary, summary_of
from logferry_model.envelope import sha256_hex
from logferry_model.errors import Misconfigured, Refused, Unreachable

COLLECTION = "logferry_sessions"
MOST = 1_000_000
"""A document may have 1 MiB; its names and the other fields take their part of that."""
LONGEST_TOKEN = 24 * 3600
"""Seconds; Google says one hour."""
_LEVEL = 9
_SECONDS = re.compile(r"[0-9]{1,99}")


class _Text(msgspec.Struct):
    value: str = msgspec.field(name="stringValue")


class _Named(msgspec.Struct):
    """Of a letter, what says which document it is."""

    session: _Text
    natural_key: _Text


class FirebaseDialect:
    """Believes only a commit with one result that has the time of its update."""

    name = "firebase"

    def write(self, parcel: Parcel) -> Letter:
        """The fields of the document, with the session packed in one of them."""
        packed = gzip.compress(parcel.document, _LEVEL, mtime=0)
        if len(packed) > MOST:
            said = f"too big for a Firestore document: {len(packed):,} bytes packed, and it takes {MOST:,}"
            raise Refused("too-big", said, hint="Send it to another destination; this one cannot have it.")
        digest = sha256_hex(parcel.document)
        fields = {
            "session": _text(parcel.session),
            "tracker": _text(parcel.tracker),
            "natural_key": _text(parcel.natural_key),
            "revision": _number(parcel.revision),
            "started_at": _time(parcel.started_at),
            "ended_at": {"nullValue": None} if parcel.ended_at is None else _time(parcel.ended_at),
            "digest": _text(digest),
            "summary": _summary(summary_of(parcel)),
            "payload": {"bytesValue": base64.b64encode(packed).decode()},
            "payload_encoding": _text("gzip"),
        }
        headers = json_headers(parcel.idempotency_key)
        return Letter(body=msgspec.json.encode(fields), headers=headers, payload_digest=digest)

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """A key of the project, or with "Bearer " before it a token of an account."""
        if secret.startswith("Bearer "):
            return {"Authorization": secret}
        return {"X-Goog-Api-Key": secret}

    def token_request(self, secret: str) -> Request:
        """`API-KEY:REFRESH-TOKEN`, as an account is logged in with; it is exchanged as Google documents it."""
        key, _, refresh = secret.strip().partition(":")
        if not key or not refresh:
            raise Misconfigured(
                "secret-form",
                "the key for firebase with a token_url has to be API-KEY:REFRESH-TOKEN",
                hint="Give it both, with a colon in between: logferry login {name}",
            )
        body = urlencode({"grant_type": "refresh_token", "refresh_token": refresh}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(method="POST", path=f"?key={quote(key, safe='')}", headers=headers, body=body)

    def token_in(self, response: Response) -> Token:
        """The ID token of the account; believed for as long as is said beside it."""
        told, said = object_of(response), _said(json_of(response))
        token, seconds = text_in(told, "id_token"), text_in(told, "expires_in")
        if response.status == 200 and token.isascii() and token.isprintable() and _SECONDS.fullmatch(seconds) and token:
            return Token(f"Bearer {token}", timedelta(seconds=min(int(seconds), LONGEST_TOKEN)))
        if response.status in {400, 401, 403} and said.text:
            hint = "Log in there again for another one, then: logferry login {name}"
            raise Misconfigured("token-refused", f"no token is made of the key: {said.text[:200]}", hint=hint)
        raise Unreachable("token-away", f"no token was made of the key: the answer was {response.status}")

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """One commit of one write; what is kept as the letter is what is written."""
        named = msgspec.json.decode(letter.body, type=_Named)
        name = f"{_root(url)}/{COLLECTION}/{named.session.value}"
        body = b'{"writes":[{"update":{"name":%s,"fields":%s}}]}' % (msgspec.json.encode(name), letter.body)
        headers = {"Content-Type": letter.headers["Content-Type"]}
        response = yield Request(method="POST", path=":commit", headers=headers, body=body)
        if response.status != 200 or is_page(response):
            return _failed(response, now)
        if not _committed(response):
            return unproven("the answer (200) has no result of the write")
        return proof(letter, now=now, report=named.session.value, natural_key=named.natural_key.value)

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """The document; deleting what is not there is a success, too."""
        if may_still_come(report):
            return not_so_far()
        response = yield Request(method="DELETE", path=f"/{COLLECTION}/{quote(report.session, safe='')}")
        if response.status != 200 or is_page(response):
            return erasure(_failed(response, now))
        return Erased() if json_of(response) == {} else Later(reason="the answer (200) does not confirm the deletion")


def _root(url: str) -> str:
    """The database's own name for where its documents are."""
    return urlsplit(url).path.partition("/v1/")[2].rstrip("/")


def _committed(response: Response) -> bool:
    results = object_of(response).get("writeResults")
    if not isinstance(results, list) or len(results) != 1:
        return False
    return bool(text_in(results[0], "updateTime"))


def _failed(response: Response, now: datetime) -> Outcome:
    return (
        portal(response, now) if is_page(response) and response.status < 300 else failure(response, now, _said, _RULES)
    )


def _said(told: Any) -> Said:  # noqa: ANN401 -- any JSON value
    first = told[0] if isinstance(told, list) and told else told
    error = first.get("error") if isinstance(first, dict) else None
    return Said(code=text_in(error, "status"), text=text_in(error, "message"))


def _no_right(said: str) -> Outcome:
    return Stop(
        reason=f"not allowed: {said}",
        hint=f"Check the security rules for {COLLECTION} and the key, then: logferry retry --all",
    )


def _expired(said: str) -> Outcome:
    return Stop(reason=f"key refused: {said}", hint="A token lasts an hour. Give it another: logferry login {name}")


def _aborted(said: str) -> Outcome:
    return Later(reason=said, trouble=False)


_RULES = {"PERMISSION_DENIED": _no_right, "UNAUTHENTICATED": _expired, "ABORTED": _aborted}


# Typed values


def _text(value: str) -> Mapping[str, str]:
    return {"stringValue": value}


def _number(value: int) -> Mapping[str, str]:
    return {"integerValue": str(value)}


def _time(value: datetime) -> Mapping[str, str]:
    return {"timestampValue": value.astimezone(UTC).isoformat().replace("+00:00", "Z")}


def _summary(summary: Summary) -> Mapping[str, object]:
    figures = {one.name: {"doubleValue": one.value} for one in summary.figures}
    fields = {"events": _number(summary.events), "figures": {"mapValue": {"fields": figures}}}
    return {"mapValue": {"fields": fields}}
