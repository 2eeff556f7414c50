"""Uploads in one body: what goes in comes out to the byte, and nothing else is taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_model.batch import Part, join_parts, split_parts
from logferry_model.errors import Damaged

HEADERS = {"idempotency-key": '"0123456789abcdef"', "content-type": "application/json"}
bodies = st.lists(st.binary(max_size=300), min_size=1, max_size=8)


def parts_of(*bodies: bytes) -> list[Part]:
    return [Part({**HEADERS, "x-number": str(number)}, body) for number, body in enumerate(bodies)]


@given(bodies)
def test_what_goes_in_comes_out_to_the_byte(inside: list[bytes]) -> None:
    parts = parts_of(*inside)
    assert list(split_parts(*join_parts(parts))) == parts


@given(bodies)
def test_the_same_parts_make_the_same_bytes(inside: list[bytes]) -> None:
    assert join_parts(parts_of(*inside)) == join_parts(parts_of(*inside))


def test_a_part_may_look_like_the_end_of_a_batch() -> None:
    kind, body = join_parts(parts_of(b"x"))
    trap = parts_of(body, b"--" + kind.encode() + b"--\r\n", b"\r\n\r\n")
    assert list(split_parts(*join_parts(trap))) == trap


@given(bodies, st.data())
def test_half_a_batch_is_none(inside: list[bytes], data: st.DataObject) -> None:
    kind, body = join_parts(parts_of(*inside))
    cut = data.draw(st.integers(0, len(body) - 3))
    with pytest.raises(Damaged):
        split_parts(kind, body[:cut])


@given(st.binary(max_size=400))
def test_anything_at_all_is_a_batch_or_told_to_be_none(body: bytes) -> None:
    with pytest.raises(Damaged):
        split_parts('multipart/mixed; boundary="abc"', body)


KIND, BODY = join_parts(parts_of(b"one", b"two"))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", BODY),
        ("multipart/mixed", BODY),
        ('multipart/mixed; boundary="another"', BODY),
        (KIND, BODY + b"more"),
        (KIND, BODY.replace(b"Content-Length: 3", b"Content-Length: 2", 1)),
        (KIND, BODY.replace(b"Content-Length: 3", b"Content-Length: -3", 1)),
        (KIND, BODY.replace(b"Content-Length: 3", b"Content-Length: 999999999", 1)),
        (KIND, BODY.replace(b"Content-Length: 3\r\n", b"", 1)),
        (KIND, BODY.replace(b"x-number: 0", b"idempotency-key: again", 1)),
        (KIND, BODY.replace(b"x-number: 0", b"no header", 1)),
        (KIND, BODY.replace(b"x-number: 0", b"x-number: " + b"0" * 5000, 1)),
        (KIND, b""),
    ],
    ids=[
        "type",
        "no boundary",
        "boundary",
        "more",
        "short",
        "negative",
        "long",
        "none",
        "twice",
        "bare",
        "huge",
        "empty",
    ],
)
def test_what_is_not_told_apart_for_certain_is_not_taken_apart(kind: str, body: bytes) -> None:
    with pytest.raises(Damaged, match=r"The batch cannot be read"):
        split_parts(kind, body)


def test_there_is_a_most_of_parts() -> None:
    whole = join_parts(parts_of(*[b"x"] * 5))
    assert len(split_parts(*whole, most=5)) == 5
    with pytest.raises(Damaged, match="more than 4 parts"):
        split_parts(*whole, most=4)
