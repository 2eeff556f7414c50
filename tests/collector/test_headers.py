"""What the headers of an upload must say, each for itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_collector.headers import parse_idempotency_key, read_head
from logferry_collector.limits import Limits
from logferry_model.errors import Refused

from .factories import KEY, headers_for

LIMITS = Limits()
WIRE = b"wire"


def code(**changes: str) -> str:
    with pytest.raises(Refused) as refused:
        read_head(headers_for(WIRE, **changes), LIMITS)
    return refused.value.code


def test_a_well_formed_head_is_read() -> None:
    head = read_head(headers_for(WIRE, X_Schema_Version="1"), LIMITS)
    assert (head.idempotency_key, head.encoding, head.schema_version) == (KEY, "gzip", "1")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Content_Type": ""}, "media-type-unsupported"),
        ({"Content_Type": "text/plain"}, "media-type-unsupported"),
        ({"Content_Encoding": "br"}, "encoding-unsupported"),
        ({"Content_Digest": ""}, "digest-missing"),
        ({"Content_Digest": "sha-512=:AAAA:"}, "digest-missing"),
        ({"Content_Digest": "sha-256=:AAAA:"}, "digest-missing"),
        ({"key": ""}, "idempotency-key-missing"),
        ({"Content_Length": "8388609"}, "body-too-large"),
    ],
)
def test_each_header_is_needed(changes: dict[str, str], expected: str) -> None:
    assert code(**changes) == expected


def test_the_announced_size_is_exact() -> None:
    read_head(headers_for(WIRE, Content_Length=str(LIMITS.wire_bytes)), LIMITS)


def test_parameters_of_the_media_type_do_not_matter() -> None:
    read_head(headers_for(WIRE, Content_Type="application/json; charset=utf-8"), LIMITS)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (KEY, KEY),
        (f'"{KEY}"', KEY),
        (f'"{KEY} \\"x\\" \\\\"', f'{KEY} "x" \\'),
        ("k" * 255, "k" * 255),
        (f'"{"k" * 255}"', "k" * 255),
    ],
)
def test_a_key_may_be_quoted_or_plain(header: str, key: str) -> None:
    assert parse_idempotency_key(header, LIMITS) == key


@pytest.mark.parametrize(
    "header",
    [KEY[:15], f'"{KEY[:15]}"', "k" * 256, f'"{KEY}', f'{KEY} "', f"{KEY} {KEY}", "ключ" * 5, f'"{KEY}\x7f"', '""'],
)
def test_a_key_of_another_shape_is_refused(header: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_idempotency_key(header, LIMITS)
    assert refused.value.code == "idempotency-key-invalid"


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=16, max_size=255))
def test_quoting_a_key_does_not_change_it(key: str) -> None:
    quoted = '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert parse_idempotency_key(quoted, LIMITS) == key
