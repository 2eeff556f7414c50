"""A collector that keeps files in an object store (S3 and its like): it signs an address, the file is put to it. Pure.

The store is another host than the collector. It is gone to only where its owner named it (core/reaching.py), and hears
nothing of the destination's key: the signature in the address is all that it wants.

Where nobody knows our question, that of Artemis Tracker's upload plan is asked: `GET /api/get-upload-url`. It knows of
no packing, so the file goes there as plain JSON.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from logferry_daemon.core.exchange import (
    Conversation,
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
from logferry_daemon.core.giving_up import PARKS_AFTER, PARKS_AGE
from logferry_daemon.dialects.native import envelope_of, slug
from logferry_daemon.dialects.origin import on_origin
from logferry_daemon.dialects.services import (
    KEY,
    Said,
    failure,
    is_page,
    object_of,
    proof,
    text_in,
)
from logferry_daemon.dialects.status import DIGEST_TRIES, portal, unproven
from logferry_model.envelope import MEDIA_TYPE, sha256_hex

ASK = "/uploads"
ASK_BY_PLAN = "/api/get-upload-url"
NO_SUCH_PAGE = frozenset({404, 405, 501})
_OF_THE_FILE = ("Content-Type", "Content-Encoding")
"""Headers of a letter that are the file's own."""
LEVEL = 6
OBJECT = "X-Object-Key"
"""Of a letter: what the file is called in the store. Not sent as a header."""
_MAY_ASK = re.compile(
    r"content-(type|encoding|md5|disposition)|cache-control|if-none-match|x-(amz|goog|ms)-[a-z0-9-]{1,80}",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[\x20-\x7e]{0,2000}")
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')
_BELOW = re.compile(r"(/[A-Za-z0-9._~%-]+)+")


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to the question where to put it."""

    url: str = ""
    upload_url: str = msgspec.field(default="", name="uploadUrl")
    """The same, as the plan calls it."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    confirm: str = ""
    """A path below the destination's address, to be told that it is there."""
    stored: bool = False
    """It is there already."""
    sha256: str = ""
    """Of what is there."""
    report_url: str = ""

    @property
    def to(self) -> str:
        """Where to put it."""
        return self.url or self.upload_url


class S3Dialect:
    """Asks for an address, puts the file, tells. Believes a digest: the store's of the file, or the destination's."""

    name = "s3"

    def write(self, parcel: Parcel) -> Letter:
        """The envelope, packed, as a file."""
        body = gzip.compress(envelope_of(parcel), LEVEL, mtime=0)
        day = parcel.started_at.astimezone(UTC)
        key = f"{slug(parcel.tracker)}/{day:%Y/%m/%d}/{parcel.session}.{parcel.revision}.json.gz"
        headers = {
            "Content-Type": MEDIA_TYPE,
            "Content-Encoding": "gzip",
            KEY: f'"{parcel.idempotency_key}"',
            OBJECT: key,
        }
        return Letter(body=body, headers=headers, payload_digest=sha256_hex(parcel.document))

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """A bearer key, for the destination alone."""
        return {"Authorization": f"Bearer {secret}"}

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """Ask, put, tell."""
        letter, response = yield from self._asking(letter)
        slot = _slot(response)
        if slot is None:
            return _failed(response, now)
        digest = sha256_hex(letter.body)
        if slot.stored:
            return self._known(letter, slot, digest, url, now)
        if trouble := _trouble(slot):
            return trouble
        headers = slot.headers or {name: letter.headers[name] for name in _OF_THE_FILE if name in letter.headers}
        response = yield Request(method="PUT", path="", to=slot.to, headers=headers, body=letter.body)
        if response.status not in {200, 201, 204} or is_page(response):
            return _not_put(response, now)
        proven = _echoes(response, letter.body)
        if proven is False:
            return Later(reason="the store has other bytes than were sent", trouble=False, parks_after=DIGEST_TRIES)
        link = slot.report_url
        if slot.confirm:
            response = yield self._telling(slot.confirm, letter)
            told = object_of(response)
            if response.status not in {200, 201} or text_in(told, "sha256") != digest:
                return _unconfirmed(response, now)
            proven, link = True, text_in(told, "report_url") or link
        if not proven:
            return Later(reason="nothing says that the store has it whole: no digest", parks_after=PARKS_AFTER)
        return self._proof(letter, link, url, now)

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """The contract has no word for it."""
        yield from ()
        return Parked(reason="files in the store are deleted by whoever owns it; this contract has no word for it")

    def _asking(self, letter: Letter) -> Generator[Request, Response, tuple[Letter, Response]]:
        """What is put, and the answer where to: the letter, or the same unpacked where it is asked by the plan."""
        response = yield self._telling(ASK, letter)
        if response.status not in NO_SUCH_PAGE:
            return letter, response
        plain = _unpacked(letter)
        by_plan = yield Request(method="GET", path=f"{ASK_BY_PLAN}?{urlencode(_about(plain))}")
        return (letter, response) if by_plan.status in NO_SUCH_PAGE else (plain, by_plan)

    def _telling(self, path: str, letter: Letter) -> Request:
        headers = {"Content-Type": MEDIA_TYPE, KEY: letter.headers[KEY]}
        return Request(method="POST", path=path, headers=headers, body=msgspec.json.encode(_about(letter)))

    def _known(self, letter: Letter, slot: Slot, digest: str, url: str, now: datetime) -> Outcome:
        if slot.sha256 == digest:
            return self._proof(letter, slot.report_url, url, now, before=True)
        return Later(reason="it says that it has it, but with another digest", parks_after=PARKS_AFTER)

    def _proof(self, letter: Letter, link: str, url: str, now: datetime, *, before: bool = False) -> Outcome:
        address = on_origin(url, link) if link else ""
        return proof(letter, now=now, report=letter.headers[OBJECT], url=address, before=before)


def _about(letter: Letter) -> Mapping[str, str | int]:
    """A server that calls a file by this has one of it, however often it is put."""
    return {"key": letter.headers[OBJECT], "sha256": sha256_hex(letter.body), "size": len(letter.body)}


def _unpacked(letter: Letter) -> Letter:
    headers = {name: value for name, value in letter.headers.items() if name != "Content-Encoding"}
    named = headers | {OBJECT: headers[OBJECT].removesuffix(".gz")}
    return replace(letter, body=gzip.decompress(letter.body), headers=named)


def _slot(response: Response) -> Slot | None:
    if response.status not in {200, 201} or is_page(response):
        return None
    try:
        return msgspec.json.decode(response.body, type=Slot)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _trouble(slot: Slot) -> Stop | Later | None:
    """What is wrong with the answer; nothing is put then."""
    hint = "Have its operator look at what POST /uploads answers, then: logferry retry --all"
    if not slot.to:
        return unproven("the answer names no address to put the file to")
    if slot.confirm and (not _BELOW.fullmatch(slot.confirm) or ".." in slot.confirm.split("/")):
        return Stop(reason="the place to confirm it at is no path of its own", hint=hint)
    for name, value in slot.headers.items():
        if not _MAY_ASK.fullmatch(name) or not _VALUE.fullmatch(value):
            return Stop(reason=f"it asks for a header that is not sent to a store: {ascii(name)[:60]}", hint=hint)
    return None


def _echoes(response: Response, body: bytes) -> bool | None:
    """Whether the store names the digest of these bytes; None where it names none."""
    if checksum := response.headers.get("x-amz-checksum-sha256"):
        return checksum == base64.b64encode(hashlib.sha256(body).digest()).decode()
    sealed = response.headers.get("x-amz-server-side-encryption", "").startswith("aws:kms")
    if sealed or "x-amz-server-side-encryption-customer-algorithm" in response.headers:
        return None  # their ETag is no digest of what was sent
    etag = _MD5.fullmatch(response.headers.get("etag", ""))
    return None if etag is None else etag[1] == hashlib.md5(body, usedforsecurity=False).hexdigest()


def _failed(response: Response, now: datetime) -> Outcome:
    if response.status >= 300:
        return failure(response, now, _problem, {})
    return portal(response, now) if is_page(response) else unproven(f"the answer ({response.status}) names no upload")


def _unconfirmed(response: Response, now: datetime) -> Outcome:
    if response.status >= 300 or is_page(response):
        return _failed(response, now)
    return Later(reason="its word for the finished upload has another digest", parks_after=PARKS_AFTER)


def _not_put(response: Response, now: datetime) -> Outcome:
    """The store's refusals are in XML; most of them mean that the address is too old, and the next one is fresh."""
    if is_page(response):
        return portal(response, now)
    code = _between(response.body, b"Code")
    text = f"the store refused it: {code or 'no reason given'} ({response.status})"
    if code in {"EntityTooLarge", "InvalidRequest"} or response.status == 413:
        return Parked(reason=text)
    if response.status in {400, 401, 403, 404, 405, 409, 412}:
        return Later(reason=text, trouble=False, parks_after=PARKS_AFTER, parks_age=PARKS_AGE)
    return failure(response, now, lambda _: Said(text=text.removesuffix(f" ({response.status})")), {})


def _between(body: bytes, tag: bytes) -> str:
    found = re.search(rb"<%s>([A-Za-z0-9]{1,60})</%s>" % (tag, tag), body[:4096])
    return found[1].decode() if found else ""


def _problem(told: Any) -> Said:  # noqa: ANN401 -- any JSON value
    found = (text_in(told, key) for key in ("detail", "title", "message", "error"))
    return Said(code=text_in(told, "code"), text=next((text for text in found if text), ""))
