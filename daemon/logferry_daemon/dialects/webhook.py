"""A webhook for people: a message for each evening in a channel that they read (Discord and its like).

The address of a webhook is its key, so only the beginning of it is a setting; the rest is the secret, and is put behind
it at the last moment (core/reaching.py). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from logferry_daemon.core.exchange import (
    Conversation,
    Erased,
    ErasingConversation,
    Erasure,
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
from logferry_daemon.core.giving_up import PARKS_AFTER, PARKS_AGE
from logferry_daemon.core.reaching import KEY_IN_PATH, PATH_KEY
from logferry_daemon.core.validity import Invalid, Unclear, Valid, ValidatingConversation
from logferry_daemon.dialects.services import (
    KEY,
    Said,
    erasure,
    failure,
    is_page,
    json_headers,
    object_of,
    proof,
    text_in,
)
from logferry_daemon.dialects.status import portal
from logferry_daemon.dialects.webhook_embed import embed_for
from logferry_daemon.dialects.webhook_key import path_key
from logferry_daemon.dialects.webhook_message import (
    Embed,
    Message,
    body_of,
    embed_in,
    message_in,
)
from logferry_model.envelope import MEDIA_TYPE, sha256_hex

MOST_LOOKS = 5
"""Messages of one evening that are looked into, the last ones: a session whose answer was lost is in one of these."""
NOT_SHOWN = "the answer does not show the session that was sent"
_JSON = {"Content-Type": MEDIA_TYPE}


class WebhookDialect:
    """A message an evening with an embed a session, as Discord takes it; believes an answer that shows the embed."""

    name = "webhook"
    apart = timedelta(hours=4)

    def write(self, parcel: Parcel) -> Letter:
        """The first message of an evening: what was played, how long, and what it came to."""
        body = body_of([embed_for(parcel)])
        headers = json_headers(parcel.idempotency_key)
        return Letter(body=body, headers=headers, payload_digest=sha256_hex(parcel.document))

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """No header: the key is a part of the address."""
        return path_key(secret)

    def key_in(self, pasted: str) -> str:
        """The end of the address."""
        return path_key(pasted)[PATH_KEY]

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """As the first of an evening."""
        return self.gather(letter, (), url=url, now=now)

    def gather(self, letter: Letter, reports: Sequence[str], *, url: str, now: datetime) -> Conversation:
        """Into the evening's message where there is room for it; as a message of its own otherwise."""
        embed, last = embed_in(letter.body), None
        for report in reports[:MOST_LOOKS]:
            response = yield Request(method="GET", path=_path(report))
            message = message_in(response, report)
            if message is not None and message.place_of(_session(embed)) is not None:
                return (yield from _into(letter, message, embed, now))
            if message is None and not _is_gone(response):
                return _unread(response, now)
            last = last or message
        if last is not None and last.takes(embed):
            return (yield from _into(letter, last, embed, now))
        return (yield from _post(letter, embed, now))

    def validate(self, *, now: datetime) -> ValidatingConversation:
        """The webhook itself, which only whoever has its key can see."""
        response = yield Request(method="GET", path=f"/{KEY_IN_PATH}")
        told, said = object_of(response), _said(object_of(response))
        if response.status == 200 and text_in(told, "id") and text_in(told, "channel_id"):
            return Valid(account=text_in(told, "name"))
        if response.status in {401, 404} and said.code in {UNKNOWN_WEBHOOK, INVALID_TOKEN}:
            return Invalid(reason=f"there is no such webhook: {said.text}")
        return Unclear(reason=getattr(_unread(response, now), "reason", f"status {response.status}"))

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """Its embed, and the message with the last one."""
        if not report.report_id:
            return Parked(reason="no answer came for the message, so its id is not known; look into the channel")
        response = yield Request(method="GET", path=_path(report.report_id))
        message = message_in(response, report.report_id)
        if message is None:
            return _gone(response) or erasure(_unread(response, now))
        if message.place_of(report.session) is None:
            return Erased(note="it was not there any more")
        rest = message.without(report.session)
        if not rest.embeds and not rest.has_more:
            response = yield Request(method="DELETE", path=_path(message.id))
            gone = Erased() if response.status == 204 and not response.body else _gone(response)
            return gone or erasure(failure(response, now, _said, _RULES))
        response = yield Request(method="PATCH", path=_path(message.id), headers=_JSON, body=body_of(rest.embeds))
        after = message_in(response, message.id)
        if after is None:
            return _gone(response) or erasure(_unread(response, now))
        if after.place_of(report.session) is not None:
            return Later(reason="the answer still shows the session")
        return Erased()


UNKNOWN_MESSAGE = "10008"
UNKNOWN_WEBHOOK = "10015"
INVALID_TOKEN = "50027"  # noqa: S105 -- the code of a refusal


def _webhook_gone(said: str) -> Outcome:
    return Stop(reason=f"there is no such webhook: {said}", hint="Make a new one there, then: logferry login {name}")


_RULES = {
    UNKNOWN_WEBHOOK: _webhook_gone,
    INVALID_TOKEN: _webhook_gone,
}


def _path(message: str) -> str:
    return f"/{KEY_IN_PATH}/messages/{quote(message, safe='')}"


def _session(embed: Embed) -> str:
    return embed.mark.session if embed.mark else ""


def _is_gone(response: Response) -> bool:
    """Discord's own word that there is no such message; a 404 of anybody else proves nothing."""
    return response.status == 404 and _said(object_of(response)).code == UNKNOWN_MESSAGE


def _gone(response: Response) -> Erasure | None:
    """What that means for a deletion."""
    if _is_gone(response):
        return Erased(note="it was not there any more")
    if response.status == 404 and _said(object_of(response)).code == UNKNOWN_WEBHOOK:
        return Parked(reason="the webhook is gone, and with it the right to delete; delete it in the channel")
    return None


def _unread(response: Response, now: datetime) -> Outcome:
    """What it means that an answer about a message is none."""
    if response.status >= 300:
        return failure(response, now, _said, _RULES)
    if is_page(response):
        return portal(response, now)
    return Later(reason=f"the answer ({response.status}) is not the message that was asked for")


def _into(letter: Letter, message: Message, embed: Embed, now: datetime) -> Conversation:
    """Beside what is in the message; in the place of what it has of the same session."""
    place = message.place_of(_session(embed))
    there = None if place is None else message.embeds[place]
    if there is not None and there.mark and embed.mark and there.mark.revision >= embed.mark.revision:
        if there.mark.revision > embed.mark.revision:
            return Parked(reason="a newer version of it is there already")
        # The answer to an earlier try was lost on its way. What was agreed to meanwhile may be to say less.
        if there.says_the_same(embed):
            return proof(letter, now=now, report=message.id, before=True)
    body = body_of(message.plus(embed).embeds)
    response = yield Request(method="PATCH", path=_path(message.id), headers=_JSON, body=body)
    if _is_gone(response):
        return (yield from _post(letter, embed, now))
    after = message_in(response, message.id)
    if after is None:
        return _unread(response, now)
    if embed.mark not in [one.mark for one in after.embeds]:
        return Later(reason=NOT_SHOWN, parks_after=PARKS_AFTER, parks_age=PARKS_AGE)
    return proof(letter, now=now, report=after.id)


def _post(letter: Letter, embed: Embed, now: datetime) -> Conversation:
    """A message of its own. Without `wait` Discord says 204 before it has stored anything."""
    headers = {name: value for name, value in letter.headers.items() if name != KEY}
    response = yield Request(method="POST", path=f"/{KEY_IN_PATH}?wait=true", headers=headers, body=letter.body)
    if response.status >= 300:
        return failure(response, now, _said, _RULES)
    if is_page(response):
        return portal(response, now)
    message = message_in(response)
    if message is None or embed.mark not in [one.mark for one in message.embeds]:
        # Asking again would post again.
        return Stop(
            reason=f"it answered {response.status} and not with what was sent, so nobody knows whether it is there",
            hint='Look into the channel. What is no Discord wants dialect "webhook-json". Then: logferry retry --all',
        )
    return proof(letter, now=now, report=message.id)


def _said(told: Any) -> Said:  # noqa: ANN401 -- any JSON value
    wait = told.get("retry_after") if isinstance(told, dict) else None
    seconds = float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) and 0 < wait < 1e6 else None
    return Said(code=text_in(told, "code"), text=text_in(told, "message"), wait=seconds)
