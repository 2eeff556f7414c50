"""What is believed of a destination's word about itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from logferry_daemon.core.offer import LARGEST, MIB, POST, SMALLEST, USUAL, Offer, Pieces, read_offer

TUS = {"version": "1.0.0", "extensions": ["creation", "checksum"], "checksum_algorithms": ["md5", "sha1", "sha256"]}


def told(**info: object) -> Offer | None:
    return read_offer(msgspec.json.encode({"encodings": ["zstd", "gzip"], **info}))


def pieces(**changes: Any) -> Pieces | None:  # noqa: ANN401 -- any JSON value
    offer = told(tus=TUS | changes)
    assert offer is not None
    return offer.pieces


def test_what_is_known_here_is_taken_and_the_rest_passed_over() -> None:
    assert told(encodings=["br", "gzip", "identity", "zstd"], name="x") == Offer(encodings=("zstd", "gzip"), post=POST)
    assert told(encodings=["identity"]) == Offer(encodings=())
    assert told(limits={"wire_bytes": 1_000, "events": 5}) == Offer(encodings=("zstd", "gzip"), post=1_000)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"encodings": 7}', b"\xff", b"[" * 100_000])
def test_anything_else_is_no_offer(body: bytes) -> None:
    assert read_offer(body) is None


def test_pieces_are_as_large_as_is_said_within_bounds() -> None:
    assert pieces() == Pieces(usual=USUAL, smallest=SMALLEST, checksum="sha256")
    sizes = {"min": MIB, "default": 2 * MIB, "max": 3 * MIB}
    assert pieces(chunk_bytes=sizes, max_size=9) == Pieces(usual=2 * MIB, smallest=MIB, most=9, checksum="sha256")
    tiny = {"min": 1, "default": 2, "max": 3}
    assert pieces(chunk_bytes=tiny) == Pieces(usual=SMALLEST, smallest=SMALLEST, checksum="sha256")
    huge = {"min": 2**60, "default": 2**61, "max": 2**62}
    assert pieces(chunk_bytes=huge) == Pieces(usual=LARGEST, smallest=LARGEST, checksum="sha256")
    assert pieces(chunk_bytes={"min": -5, "default": -5, "max": -5}) == pieces(chunk_bytes=tiny)
    assert pieces(chunk_bytes={"min": 0, "default": 0, "max": 0}) == pieces(chunk_bytes=tiny)
    assert pieces(chunk_bytes={"min": 0, "default": 2**63, "max": 2**63}) == Pieces(
        usual=LARGEST, smallest=SMALLEST, checksum="sha256"
    )


@pytest.mark.parametrize("changes", [{"version": "2.0.0"}, {"extensions": ["checksum"]}, {"extensions": []}])
def test_what_cannot_be_used_is_not_offered(changes: dict[str, object]) -> None:
    assert pieces(**changes) is None
    assert told(tus=None) == told()


@pytest.mark.parametrize(("extensions", "takes"), [(["creation", "termination"], True), (["creation"], False)])
def test_whether_an_upload_is_taken_back_is_said(extensions: list[str], takes: bool) -> None:
    told_pieces = pieces(extensions=extensions)
    assert told_pieces is not None
    assert told_pieces.takes_back is takes


def test_a_checksum_is_made_where_it_is_looked_at() -> None:
    without = pieces(extensions=["creation"])
    assert without is not None
    assert without.checksum == ""
    other = pieces(checksum_algorithms=["md5"])
    assert other is not None
    assert other.checksum == ""
