"""Webhooks: a post for each session, for a channel that people read (Discord and its like) or for a program.

The address of a webhook is its key, so only the beginning of it is a setting; the rest is the secret, and is put behind
it at the last moment (core/reaching.py). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from logferry_daemon.core.exchange import (
    Conversation,
    Erased,
    ErasingConversation,
    Later,
    Letter,
    Outcome,
    Parcel,
    Parked,
    Report,
    Request,
    Response,
    Stop,
)
from logferry_daemon.core.reaching import KEY_IN_PATH, PATH_KEY
from logferry_daemon.dialects.logferry import on_origin
from logferry_daemon.dialects.services import (
    KEY,
    Said,
    erasure,
    failure,
    is_page,
    json_headers,
    object_of,
    portal,
    proof,
    text_in,
)
from logferry_daemon.dialects.status import PARKS_AFTER, PARKS_AGE
from logferry_daemon.dialects.summary import Summary, length_of, shown, summary_of
from logferry_model.envelope import sha256_hex

MOST_FIELDS = 18
LONGEST_NAME = 100
LONGEST_VALUE = 200
"""With these a message is always below the 6,000 characters that Discord takes."""
_MARKUP = re.compile(r"([\\`*_~|>\[\]()#@<:-])")
_PASTED = re.compile(r".*/webhooks/(?=[^/]+/)")


def path_key(secret: str) -> Mapping[str, str]:
    """The secret end of the address; who pasted the whole of it meant this."""
    return {PATH_KEY: _PASTED.sub("", secret).strip("/")}


# For people


class WebhookDialect:
    """A message with an embed, as Discord takes it; believes only an answer with the id of the message."""

    name = "webhook"

    def write(self, parcel: Parcel) -> Letter:
        """The message: what was played, how long, and what it came to."""
        body = msgspec.json.encode({"embeds": [_embed(parcel)], "allowed_mentions": {"parse": []}})
        headers = json_headers(parcel.idempotency_key)
        return Letter(body=body, headers=headers, payload_digest=sha256_hex(parcel.document))

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """No header: the key is a part of the address."""
        return path_key(secret)

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """One post. Without `wait` Discord says 204 before it has stored anything."""
        headers = {name: value for name, value in letter.headers.items() if name != KEY}
        path = f"/{KEY_IN_PATH}?wait=true"
        response = yield Request(method="POST", path=path, headers=headers, body=letter.body)
        return _posted(letter, response, now)

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """The message by its id."""
        if not report.report_id:
            return Parked(reason="no answer came for the message, so its id is not known; look into the channel")
        path = f"/{KEY_IN_PATH}/messages/{quote(report.report_id, safe='')}"
        response = yield Request(method="DELETE", path=path)
        if response.status == 204 and not response.body:
            return Erased()
        said = _said(object_of(response))
        if response.status == 404 and said.code == UNKNOWN_MESSAGE:
            return Erased(note="it was not there any more")
        if response.status == 404 and said.code == UNKNOWN_WEBHOOK:
            return Parked(reason="the webhook is gone, and with it the right to delete; delete it in the channel")
        return erasure(failure(response, now, _said, _RULES))


UNKNOWN_MESSAGE = "10008"
UNKNOWN_WEBHOOK = "10015"


def _webhook_gone(said: str) -> Outcome:
    return Stop(reason=f"there is no such webhook: {said}", hint="Make a new one there, then: logferry login {name}")


_RULES = {
    UNKNOWN_WEBHOOK: _webhook_gone,
    "50027": _webhook_gone,  # Invalid Webhook Token
}


def _posted(letter: Letter, response: Response, now: datetime) -> Outcome:
    if response.status >= 300:
        return failure(response, now, _said, _RULES)
    if is_page(response):
        return portal(response, now)
    told = object_of(response)
    message = text_in(told, "id")
    if response.status != 200 or not message:
        # Asking again would post again.
        return Stop(
            reason=f"it answered {response.status} without the id of a message, so nobody knows whether it is there",
            hint='Look into the channel. What is no Discord wants dialect "webhook-json". Then: logferry retry --all',
        )
    shown_there, ours = _footer(told), _footer(msgspec.json.decode(letter.body))
    if shown_there and shown_there != ours:
        return Later(reason="the answer is about another message", parks_after=PARKS_AFTER, parks_age=PARKS_AGE)
    return proof(letter, now=now, report=message)


def _footer(message: Any) -> str:  # noqa: ANN401 -- any JSON value
    embeds = message.get("embeds") if isinstance(message, dict) else None
    first = embeds[0] if isinstance(embeds, list) and embeds else None
    return text_in(first.get("footer"), "text") if isinstance(first, dict) else ""


def _said(told: Any) -> Said:  # noqa: ANN401 -- any JSON value
    wait = told.get("retry_after") if isinstance(told, dict) else None
    seconds = float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) and 0 < wait < 1e6 else None
    return Said(code=text_in(told, "code"), text=text_in(told, "message"), wait=seconds)


def _embed(parcel: Parcel) -> Mapping[str, object]:
    summary = summary_of(parcel)
    return {
        "title": plain(parcel.tracker, LONGEST_NAME),
        "description": f"{length_of(summary.seconds)}, {summary.events:,} events",
        "timestamp": parcel.started_at.isoformat(),
        "fields": list(_fields(summary)),
        "footer": {"text": f"{parcel.session} · version {parcel.revision}"},
    }


def _fields(summary: Summary) -> Iterator[Mapping[str, object]]:
    for one in summary.figures[:MOST_FIELDS]:
        value = f"{shown(one.value)} {one.unit}".rstrip()
        yield {"name": plain(one.label, LONGEST_NAME), "value": plain(value, LONGEST_VALUE), "inline": True}
    for name, lines in (("Bosses", summary.bosses), ("Loot", summary.loot)):
        if lines:
            yield {"name": name, "value": "\n".join(plain(line, LONGEST_VALUE // 2) for line in lines)}


def plain(text: str, longest: int) -> str:
    """Text of a log as text: no link, no mention, no markup, not empty and not too long."""
    whole = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    short = whole if len(whole) <= longest else f"{whole[: longest - 1]}…"
    return _MARKUP.sub(r"\\\1", short) or "-"


# For programs


class JsonWebhookDialect:
    """The whole session as JSON, for whatever receives webhooks; believes only an answer that echoes its digest."""

    name = "webhook-json"

    def write(self, parcel: Parcel) -> Letter:
        """What it is, what it comes to, and the session itself."""
        digest = sha256_hex(parcel.document)
        body = {
            "kind": "session",
            "session": parcel.session,
            "tracker": parcel.tracker,
            "natural_key": parcel.natural_key,
            "revision": parcel.revision,
            "started_at": parcel.started_at,
            "ended_at": parcel.ended_at,
            "digest": digest,
            "summary": summary_of(parcel),
            "document": msgspec.Raw(parcel.document),
        }
        headers = json_headers(parcel.idempotency_key)
        return Letter(body=msgspec.json.encode(body), headers=headers, payload_digest=digest)

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """No header: the key is a part of the address."""
        return path_key(secret)

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """One post."""
        path = f"/{KEY_IN_PATH}"
        response = yield Request(method="POST", path=path, headers=letter.headers, body=letter.body)
        if response.status >= 300:
            return failure(response, now, _problem, {})
        if is_page(response):
            return portal(response, now)
        told = object_of(response)
        if text_in(told, "digest") != letter.payload_digest:
            return _unconfirmed(response)
        link = text_in(told, "url")
        named = text_in(told, "id") or letter.payload_digest
        return proof(letter, now=now, report=named, url=on_origin(url, link) if link else "")

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """There is no word for it."""
        yield from ()
        return Parked(reason="a webhook takes and deletes nothing; delete it where it went")


def _unconfirmed(response: Response) -> Outcome:
    return Stop(
        reason=f"it answered {response.status} without the digest of what it was sent",
        hint='Have it answer in JSON with the "digest" that it got, then: logferry retry --all',
    )


def _problem(told: Any) -> Said:  # noqa: ANN401 -- any JSON value
    found = (text_in(told, key) for key in ("detail", "title", "message", "error"))
    return Said(text=next((text for text in found if text), ""))
