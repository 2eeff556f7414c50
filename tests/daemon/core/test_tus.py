"""What the client of tus does with every answer and every cut, against a server in memory."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from logferry_daemon.core.exchange import GoneByOwner, Later, Letter, Parked, Stop, Upload
from logferry_daemon.core.offer import Pieces
from logferry_daemon.core.tus import FINEST, PATH, Arrived, End, NotOffered, own_path, upload_in_pieces
from logferry_daemon.dialects.status import outcome_of_failure
from logferry_model.envelope import sha256_hex
from logferry_model.errors import Unreachable
from tests.tus_model import Fault, Killed, ModelTus, answer, drive

NOW = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
URL = "https://collector.example:8443/base"
PIECE = 10
PIECES = Pieces(usual=PIECE, smallest=4)
BODY = bytes(range(95))
LONG = bytes(range(200))
KEY = "0123456789abcdef0123456789abcdef"


def letter(body: bytes = BODY) -> Letter:
    headers = {"Idempotency-Key": f'"{KEY}"', "Content-Encoding": "zstd"}
    return Letter(body=body, headers=headers, payload_digest="ab" * 32)


class Desk:
    """A client that remembers how far it has come."""

    def __init__(self, *faults: Fault, upload: Upload | None = None, pieces: Pieces = PIECES) -> None:
        self.server = ModelTus(faults)
        self.upload = upload or Upload()
        self.pieces = pieces

    def attempt(self, body: bytes = BODY) -> End:
        talk = upload_in_pieces(
            letter(body),
            self.upload,
            self.pieces,
            tracker="artemis",
            url=URL,
            failure=lambda said: outcome_of_failure(said, NOW),
        )
        return drive(talk, self.server, self._keep)

    def _keep(self, upload: Upload) -> None:
        self.upload = upload

    def methods(self) -> str:
        return " ".join(one.method for one in self.server.requests)


# The way it goes


def test_a_letter_goes_piece_by_piece_and_arrives_as_it_is() -> None:
    desk = Desk()
    assert isinstance(desk.attempt(), Arrived)
    assert desk.server.finished == [BODY]
    assert desk.methods() == "POST" + 10 * " PATCH"
    assert desk.server.received == len(BODY)


def test_the_upload_says_what_it_is() -> None:
    desk = Desk()
    desk.attempt()
    (created, *_) = desk.server.requests
    assert (created.path, created.headers["Idempotency-Key"], created.body) == (PATH, f'"{KEY}"', b"")
    assert desk.server.metadata == [
        {
            "idempotency_key": KEY,
            "sha256": sha256_hex(BODY),
            "tracker": "artemis",
            "content_encoding": "zstd",
            "filename": "session.json",
        }
    ]


@pytest.mark.parametrize("name", ["sha256", "sha1"])
def test_each_piece_has_the_checksum_that_is_offered(name: str) -> None:
    desk = Desk(pieces=dataclasses.replace(PIECES, checksum=name))
    assert isinstance(desk.attempt(), Arrived)
    sums = [one.headers["Upload-Checksum"] for one in desk.server.requests if one.method == "PATCH"]
    assert len(sums) == 10
    assert all(one.startswith(f"{name} ") for one in sums)


def test_without_the_offer_there_is_no_checksum() -> None:
    desk = Desk()
    desk.attempt()
    assert not [one for one in desk.server.requests if "Upload-Checksum" in one.headers]


# Cuts


def test_after_a_cut_it_asks_and_goes_on_where_the_server_is() -> None:
    desk = Desk(Fault(), Fault(), Fault(after=7))
    assert isinstance(desk.attempt(), Arrived)
    assert desk.methods().startswith("POST PATCH PATCH HEAD PATCH")
    assert desk.server.finished == [BODY]
    assert desk.server.received == len(BODY)
    assert desk.upload.cuts == 1


def test_the_worse_the_network_the_smaller_the_pieces_down_to_what_is_offered() -> None:
    desk = Desk(Fault(), Fault(after=0), Fault(), Fault(), Fault(after=0))
    desk.attempt()
    sizes = [len(one.body) for one in desk.server.requests if one.method == "PATCH"]
    assert sizes[:4] == [10, 5, 5, 4]


def test_the_lost_last_reply_is_asked_for_and_nothing_is_sent_again() -> None:
    desk = Desk(*[Fault()] * 10, Fault(lost=True))
    assert isinstance(desk.attempt(), Arrived)
    assert desk.methods().endswith("PATCH HEAD")
    assert desk.server.received == len(BODY)
    assert len(desk.server.finished) == 1


def test_another_process_goes_on_where_the_killed_one_was() -> None:
    desk = Desk(Fault(), Fault(), Fault(), Fault(after=3, kill=True))
    with pytest.raises(Killed):
        desk.attempt()
    assert desk.upload == Upload(path=f"{PATH}/u0", offset=20)
    assert isinstance(desk.attempt(), Arrived)
    assert desk.methods() == "POST PATCH PATCH PATCH HEAD" + 8 * " PATCH"
    assert desk.server.finished == [BODY]
    assert desk.server.received == len(BODY)


def test_a_cut_in_every_piece_ends_the_attempt_and_is_remembered() -> None:
    desk = Desk(Fault(), *[Fault(after=0), Fault()] * 10)
    found = desk.attempt()
    assert isinstance(found, Later)
    assert (found.trouble, found.free) == (True, False)
    assert desk.upload.cuts == 3


def test_who_cannot_be_asked_after_progress_does_not_cost_an_attempt() -> None:
    desk = Desk(Fault(), Fault(), Fault(after=0), Fault(lost=True))
    found = desk.attempt()
    assert isinstance(found, Later)
    assert found.free


def test_nobody_there_at_all_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        Desk(Fault(lost=True)).attempt()


# Answers: trust.md 3.5

TO_PIECES = [
    (409, "POST PATCH PATCH HEAD"),
    (460, "POST PATCH PATCH HEAD"),
    (404, "POST PATCH PATCH POST"),
    (410, "POST PATCH PATCH POST"),
]


@pytest.mark.parametrize(("status", "methods"), TO_PIECES)
def test_an_answer_to_a_piece_that_mends_itself(status: int, methods: str) -> None:
    desk = Desk(Fault(), Fault(), Fault(says=answer(status)))
    assert isinstance(desk.attempt(), Arrived)
    assert desk.methods().startswith(methods)
    assert desk.server.finished == [BODY]
    keys = {one["idempotency_key"] for one in desk.server.metadata}
    assert keys == {KEY}


@pytest.mark.parametrize("status", [409, 460, 404, 410])
def test_the_same_answer_for_ever_is_for_later(status: int) -> None:
    desk = Desk()
    desk.server.patches_get = answer(status)
    found = desk.attempt()
    assert isinstance(found, Later)
    assert not found.trouble
    assert len([one for one in desk.server.requests if one.method == "PATCH"]) == 4


def test_a_damaged_piece_is_sent_again_and_only_it() -> None:
    desk = Desk(*[Fault()] * 3, Fault(says=answer(460)), pieces=dataclasses.replace(PIECES, checksum="sha1"))
    assert isinstance(desk.attempt(), Arrived)
    assert desk.server.received == len(BODY)


EITHER_WAY = {
    301: Stop,
    400: Parked,
    401: Stop,
    403: Stop,
    408: Later,
    415: Parked,
    422: Parked,
    423: Later,
    425: Later,
    429: Stop,
    431: Stop,
    500: Later,
    502: Later,
    503: Later,
    504: Later,
    505: Stop,
    507: Later,
    511: Stop,
}


@pytest.mark.parametrize("status", EITHER_WAY)
@pytest.mark.parametrize("before", [0, 2], ids=["creation", "piece"])
def test_every_other_answer_means_what_it_means_to_a_post(status: int, before: int) -> None:
    desk = Desk(*[Fault()] * before, Fault(says=answer(status, retry_after="7")))
    assert isinstance(desk.attempt(), EITHER_WAY[status])
    assert isinstance(desk.attempt(), Arrived)
    assert desk.server.finished == [BODY]
    assert desk.server.received == len(BODY)


def test_a_piece_that_is_too_big_is_followed_by_the_smallest_that_are_offered() -> None:
    desk = Desk(*[Fault()] * 3, Fault(says=answer(413)), pieces=Pieces(usual=4 * PIECE, smallest=PIECE))
    assert isinstance(desk.attempt(LONG), Arrived)
    assert desk.server.finished == [LONG]
    sizes = [len(one.body) for one in desk.server.requests if one.method == "PATCH"]
    assert sizes[:3] == [4 * PIECE] * 3
    assert set(sizes[3:-1]) == {PIECE}
    assert desk.upload.cuts >= FINEST, "the next daemon knows it, too"


def test_a_letter_that_is_too_big_as_a_whole_is_parked_at_creation() -> None:
    assert isinstance(Desk(Fault(says=answer(413))).attempt(), Parked)


def test_when_the_smallest_piece_is_too_big_it_is_parked() -> None:
    refused = Fault(says=answer(413))
    desk = Desk(Fault(), Fault(), refused, Fault(), refused, pieces=Pieces(usual=4 * PIECE, smallest=PIECE))
    assert isinstance(desk.attempt(LONG), Parked)
    assert [len(one.body) for one in desk.server.requests if one.method == "PATCH"] == [4 * PIECE, 4 * PIECE, PIECE]


@pytest.mark.parametrize("status", [423, 503])
def test_a_lock_or_a_pause_in_the_middle_is_waited_for_and_nothing_is_sent_twice(status: int) -> None:
    desk = Desk(*[Fault()] * 3, Fault(says=answer(status)), *[Fault()] * 2, Fault(says=answer(status)))
    attempts = 0
    while not isinstance(desk.attempt(), Arrived):
        attempts += 1
    assert attempts == 2
    assert desk.server.received == len(BODY)


@pytest.mark.parametrize("status", [404, 405, 412, 501])
def test_who_does_not_know_uploads_is_told_apart(status: int) -> None:
    assert Desk(Fault(says=answer(status))).attempt() == NotOffered()


@pytest.mark.parametrize("before", [2, 0], ids=["piece", "question"])
def test_another_version_is_told_apart(before: int) -> None:
    upload = Upload() if before else Upload(path=f"{PATH}/u0", offset=10)
    assert Desk(*[Fault()] * before, Fault(says=answer(412)), upload=upload).attempt() == NotOffered()


@pytest.mark.parametrize("status", [404, 410])
def test_an_upload_that_expired_is_made_again_under_the_same_key(status: int) -> None:
    desk = Desk(Fault(says=answer(status)), upload=Upload(path=f"{PATH}/old", offset=40))
    assert isinstance(desk.attempt(), Arrived)
    assert desk.methods().startswith("HEAD POST PATCH")
    assert desk.server.finished == [BODY]


def test_a_deleted_report_is_not_sent_again_at_creation() -> None:
    deleted = answer(410, b'{"title": "No", "status": 410, "code": "report-deleted"}')
    assert isinstance(Desk(Fault(says=deleted)).attempt(), GoneByOwner)


def test_a_retired_address_at_creation_has_deleted_nothing() -> None:
    assert isinstance(Desk(Fault(says=answer(410))).attempt(), Stop)


@pytest.mark.parametrize("page", [answer(200), answer(204), answer(200, upload_offset="many")])
@pytest.mark.parametrize("before", [0, 2], ids=["question", "piece"])
def test_a_web_page_is_no_answer(page: object, before: int) -> None:
    upload = Upload() if before else Upload(path=f"{PATH}/u0")
    assert isinstance(page, type(answer(200)))
    found = Desk(*[Fault()] * before, Fault(says=page), upload=upload).attempt()
    assert isinstance(found, Stop)
    assert found.offline


def test_a_count_that_cannot_be_is_asked_for_again() -> None:
    desk = Desk(*[Fault()] * 2, Fault(says=answer(204, upload_offset=90)))
    assert isinstance(desk.attempt(), Arrived)
    assert "PATCH HEAD PATCH" in desk.methods()
    assert desk.server.finished == [BODY]


def test_an_upload_of_another_length_is_not_ours() -> None:
    desk = Desk(Fault(says=answer(200, upload_offset=5, upload_length=7)), upload=Upload(path=f"{PATH}/u9"))
    assert isinstance(desk.attempt(), Arrived)
    assert desk.methods().startswith("HEAD POST")


# Addresses

OWN = [
    (f"{PATH}/abc", f"{PATH}/abc"),
    (f"/base{PATH}/abc", f"{PATH}/abc"),
    (f"https://collector.example:8443/base{PATH}/24e5-a.b_c~d", f"{PATH}/24e5-a.b_c~d"),
    (f"//collector.example:8443{PATH}/abc", f"{PATH}/abc"),
]
FOREIGN = [
    "",
    "https://elsewhere.example/api/v1/uploads/abc",
    "https://collector.example/api/v1/uploads/abc",
    "http://collector.example:8443/base/api/v1/uploads/abc",
    "https://collector.example:8443@elsewhere.example/api/v1/uploads/abc",
    "//169.254.169.254/api/v1/uploads/abc",
    "file:///api/v1/uploads/abc",
    "javascript:alert(1)",
    "https://[oops/api/v1/uploads/abc",
    "/api/v1/uploads/..",
    "/api/v1/uploads/%2e%2e",
    "/api/v1/uploads/a/b",
    "/api/v1/uploads/",
    "/api/v1/uploads/a?b=c",
    "/api/v1/uploads/a\r\nHost: x",
    "/api/v1/encounters/abc",
]


@pytest.mark.parametrize(("location", "path"), OWN)
def test_an_own_address_is_used_by_its_name(location: str, path: str) -> None:
    assert own_path(URL, location) == path


@pytest.mark.parametrize("location", FOREIGN)
def test_any_other_address_is_never_asked_anything(location: str) -> None:
    desk = Desk(Fault(says=answer(201, location=location)))
    assert isinstance(desk.attempt(), Stop)
    assert desk.methods() == "POST"
    assert own_path(URL, location) is None
