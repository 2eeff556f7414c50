from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from logferry_daemon.core.exchange import Acked, Erased, Later, Outcome, Parked, Request, Response, Stop
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.folder import FolderDialect
from logferry_model.envelope import Envelope, ReceiptStatus, sha256_hex
from tests.daemon.dialects.talking import DOCUMENT, NOW, PARCEL, report, says, talk

URL = "file:///home/mila/out"
DIALECT = FolderDialect()
LETTER = DIALECT.write(PARCEL)
NAME = f"artemis-20260301T200000Z-{PARCEL.session}.json"
WRITTEN = says(201, {"sha256": sha256_hex(LETTER.body)})
OLDER = DIALECT.write(replace(PARCEL, revision=2)).body
NEWER = DIALECT.write(replace(PARCEL, revision=4)).body
EMPTY = says(200, {"names": []})


def there(*names: str) -> Response:
    return says(200, {"names": list(names)})


def file(body: bytes) -> Response:
    return Response(status=200, headers={}, body=body)


def held(*answers: Response) -> tuple[list[Request], Outcome]:
    return talk(DIALECT.deliver(LETTER, url=URL, now=NOW), *answers)


def test_it_is_found_by_its_name() -> None:
    assert isinstance(all_dialects()["folder"], FolderDialect)


def test_a_session_is_one_file_named_by_tracker_start_and_id() -> None:
    asked, outcome = held(EMPTY, WRITTEN)
    assert [(one.method, one.path) for one in asked] == [("LIST", f"/-{PARCEL.session}.json"), ("PUT", f"/{NAME}")]
    assert asked[1].headers == {"If-None-Match": "*"}
    assert isinstance(outcome, Acked)
    assert (outcome.receipt.report_id, outcome.receipt.report_url) == (NAME, f"{URL}/{NAME}")


def test_the_file_is_the_envelope_in_plain_json() -> None:
    envelope = msgspec.json.decode(LETTER.body, type=Envelope)
    assert bytes(envelope.payload) == DOCUMENT
    assert envelope.revision == 3


def test_a_tracker_cannot_lead_out_of_the_folder() -> None:
    letter = DIALECT.write(replace(PARCEL, tracker="../../Evil: \\name"))
    asked, _ = talk(DIALECT.deliver(letter, url=URL, now=NOW), EMPTY, WRITTEN)
    assert asked[1].path == f"/evil-name-20260301T200000Z-{PARCEL.session}.json"


def test_an_older_revision_is_replaced_as_it_was_seen() -> None:
    asked, outcome = held(there(NAME), file(OLDER), WRITTEN)
    assert asked[2].headers == {"If-Match": sha256_hex(OLDER)}
    assert isinstance(outcome, Acked)


def test_a_newer_revision_stays() -> None:
    asked, outcome = held(there(NAME), file(NEWER))
    assert [one.method for one in asked] == ["LIST", "GET"]
    assert isinstance(outcome, Acked)
    assert outcome.receipt.status is ReceiptStatus.DUPLICATE


def test_another_installations_count_says_nothing() -> None:
    other = DIALECT.write(replace(PARCEL, revision=9, install_id="other")).body
    asked, _ = held(there(NAME), file(other), WRITTEN)
    assert asked[2].method == "PUT"


def test_what_is_there_already_is_not_written_again() -> None:
    asked, outcome = held(there(NAME), file(LETTER.body))
    assert [one.method for one in asked] == ["LIST", "GET"]
    assert isinstance(outcome, Acked)


@pytest.mark.parametrize(
    "body",
    [b"", b"my notes", b"{}", b'{"id": "x"}', DIALECT.write(replace(PARCEL, natural_key="another")).body, DOCUMENT],
)
def test_a_file_of_somebody_else_is_never_overwritten(body: bytes) -> None:
    asked, outcome = held(there(NAME), file(body))
    assert [one.method for one in asked] == ["LIST", "GET"]
    assert isinstance(outcome, Parked)
    assert "was not written by Logferry" in outcome.reason


def test_an_older_revision_under_another_name_goes_when_the_new_one_is_there() -> None:
    old, foreign = f"artemis-20260301T190000Z-{PARCEL.session}.json", f"notes-{PARCEL.session}.json"
    asked, outcome = held(
        there(old, foreign), file(OLDER), file(b"notes"), WRITTEN, Response(status=204, headers={}, body=b"")
    )
    assert [(one.method, one.path) for one in asked[3:]] == [("PUT", f"/{NAME}"), ("DELETE", f"/{old}")]
    assert asked[4].headers == {"If-Match": sha256_hex(OLDER)}
    assert isinstance(outcome, Acked)


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (says(412), Later, "changed at this moment"),
        (says(201, {"sha256": "00"}), Later, "not what was written"),
        (says(201), Later, "not what was written"),
        (says(403, {"title": "read-only file system", "status": 403, "code": "not-allowed"}), Stop, "read-only"),
        (says(507, {"title": "the disk is full", "status": 507, "code": "full"}), Later, "disk is full"),
        (says(423, {"title": "busy", "status": 423, "code": "busy"}), Later, "busy"),
        (says(503, {"title": "input/output error", "status": 503, "code": "broken"}), Later, "input/output"),
    ],
)
def test_an_answer_means_what_it_says(answer: Response, kind: type[object], word: str) -> None:
    outcome = held(EMPTY, answer)[1]
    assert isinstance(outcome, kind)
    assert word in str(outcome)


def test_what_is_no_file_is_left_alone() -> None:
    odd = says(409, {"title": "it is no file", "status": 409, "code": "no-file"})
    assert isinstance(held(there(NAME), odd)[1], Parked)


GONE = Response(status=204, headers={}, body=b"")


def test_all_files_of_a_session_are_deleted_and_nobody_elses() -> None:
    script = there(NAME, "notes"), file(LETTER.body), file(b"notes"), GONE
    asked, outcome = talk(DIALECT.delete(report(), now=NOW), *script)
    assert [(one.method, one.path) for one in asked[3:]] == [("DELETE", f"/{NAME}")]
    assert outcome == Erased()


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ((EMPTY,), Erased),
        ((there(NAME), file(b"notes")), Erased),
        ((there(NAME), file(LETTER.body), says(412)), Later),
        ((there(NAME), file(LETTER.body), says(404)), Erased),
        ((there(NAME), file(LETTER.body), says(503)), Later),
        ((says(503),), Later),
    ],
)
def test_a_deletion_is_believed_when_the_file_is_gone(answers: tuple[Response, ...], kind: type[object]) -> None:
    assert isinstance(talk(DIALECT.delete(report(), now=NOW), *answers)[1], kind)
