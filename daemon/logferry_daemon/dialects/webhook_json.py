"""A webhook for a program: the whole session as JSON, posted to whatever receives it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from logferry_daemon.core.exchange import (
    Conversation,
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
from logferry_daemon.core.reaching import KEY_IN_PATH, PATH_KEY
from logferry_daemon.dialects.origin import on_origin
from logferry_daemon.dialects.services import Said, failure, is_page, json_headers, object_of, proof, text_in
from logferry_daemon.dialects.status import portal
from logferry_daemon.dialects.summary import summary_of
from logferry_daemon.dialects.webhook_key import path_key
from logferry_model.envelope import sha256_hex


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

    def key_in(self, pasted: str) -> str:
        """The end of the address."""
        return path_key(pasted)[PATH_KEY]

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
