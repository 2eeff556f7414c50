"""What the headers of an upload have to say before a byte of its body is read. Pure; touches no body."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from logferry_collector.inflate import ENCODINGS
from logferry_collector.limits import Limits
from logferry_model.envelope import MEDIA_TYPE, parse_content_digest
from logferry_model.errors import Refused


class Head(Struct, frozen=True, kw_only=True):
    """What the headers of an upload say, believed to be well formed and nothing more."""

    idempotency_key: str
    digest: bytes
    """Of the wire bytes."""
    encoding: str
    schema_version: str | None = None


def read_head(headers: Mapping[str, str], limits: Limits) -> Head:
    """What has to be known before a byte of the body is read, or Refused."""
    _check_media_type(headers.get("Content-Type", ""))
    check_announced_size(headers, limits)
    return Head(
        idempotency_key=parse_idempotency_key(headers.get("Idempotency-Key", ""), limits),
        digest=_announced_digest(headers.get("Content-Digest", "")),
        encoding=_encoding(headers.get("Content-Encoding", "")),
        schema_version=headers.get("X-Schema-Version"),
    )


_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_PLAIN = re.compile(r"[\x21\x23-\x7e][\x21-\x7e]*")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


def parse_idempotency_key(header: str, limits: Limits) -> str:
    """The key without its quotes (RFC 8941 string, or plain as many clients send it), or Refused."""
    text = header.strip()
    if not text:
        raise Refused("idempotency-key-missing", "An upload needs an Idempotency-Key.")
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        text = re.sub(r"\\(.)", r"\1", quoted[1])
    well_formed = _PRINTABLE.fullmatch(text) if quoted else _PLAIN.fullmatch(text)
    if not well_formed or not limits.idempotency_key_min <= len(text) <= limits.idempotency_key_max:
        raise Refused(
            "idempotency-key-invalid",
            f"An Idempotency-Key has {limits.idempotency_key_min} to {limits.idempotency_key_max} "
            "printable ASCII characters.",
        )
    return text


def _check_media_type(header: str) -> None:
    if header.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise Refused("media-type-unsupported", f"An upload is {MEDIA_TYPE}.")


def check_announced_size(headers: Mapping[str, str], limits: Limits) -> None:
    """Refused where it says itself that it is too large."""
    header = headers.get("Content-Length", "")
    if header.isdecimal() and int(header[:20]) > limits.wire_bytes:
        raise Refused("body-too-large", f"A body has at most {limits.wire_bytes} bytes.")


def _announced_digest(header: str) -> bytes:
    digest = parse_content_digest(header)
    if digest is None:
        raise Refused("digest-missing", "An upload needs a Content-Digest with sha-256 over the bytes sent.")
    return digest


def _encoding(header: str) -> str:
    encoding = header.strip().lower() or "identity"
    if encoding not in ENCODINGS:
        raise Refused(
            "encoding-unsupported",
            "This collector does not take that Content-Encoding.",
            hint=f"Send one of: {', '.join(ENCODINGS)}.",
        )
    return encoding
