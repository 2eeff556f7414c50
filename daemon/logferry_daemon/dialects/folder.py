"""A folder: one clean file for each session, for programs that take their files from there. No network. Pure.

The folder is spoken to as if it were a server, by `adapters/send_folder.py`: LIST, GET, and PUT and DELETE that hold
only while there is what was looked at. So what may be replaced is decided here, and nobody else's file ever is.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime

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
from logferry_daemon.core.proof import ProvingConversation, Unclear
from logferry_daemon.dialects.folder_label import Label, ending, is_of, is_session, label_of, overtakes
from logferry_daemon.dialects.folder_proof import proof_of
from logferry_daemon.dialects.native import envelope_of
from logferry_daemon.dialects.services import KEY, Said, erasure, failure, object_of, proof, text_in
from logferry_model.envelope import MEDIA_TYPE, Receipt, sha256_hex

NOTHING_THERE = "*"


class FolderDialect:
    """The envelope as a file. Believes only what was read back from the disk."""

    name = "folder"

    def write(self, parcel: Parcel) -> Letter:
        """The whole file."""
        headers = {"Content-Type": MEDIA_TYPE, KEY: parcel.idempotency_key}
        return Letter(body=envelope_of(parcel), headers=headers, payload_digest=sha256_hex(parcel.document))

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """None."""
        return {}

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """Look what is there of this session, write, and remove what it replaces under another name."""
        label = label_of(letter.body)
        if label is None:
            return Parked(reason="a mistake in Logferry: a letter that is no file")
        found = yield from _found(label.payload.id)
        if not isinstance(found, dict):
            return _failed(found, now)
        if any(overtakes(there, label) for there in map(label_of, found.values())):
            return _done(letter, label, url, now, before=True)
        if found.get(label.name) != letter.body:
            written = yield from _write(letter, label, found.get(label.name), now)
            if written is not None:
                return written
        for name, body in found.items():
            if name != label.name and is_of(label_of(body), label):
                response = yield _removal(name, body)
                if response.status not in {204, 404, 412}:
                    return _failed(response, now)
        return _done(letter, label, url, now, before=found.get(label.name) == letter.body)

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """Every file of the session that Logferry wrote."""
        found = yield from _found(report.session)
        if not isinstance(found, dict):
            return erasure(_failed(found, now))
        ours = {name: body for name, body in found.items() if is_session(label_of(body), report.session)}
        for name, body in ours.items():
            response = yield _removal(name, body)
            if response.status == 412:
                return Later(reason="the file changed at this moment", trouble=False)
            if response.status not in {204, 404}:
                return erasure(_failed(response, now))
        return Erased() if ours else Erased(note="it was not there any more")

    def verify(self, receipt: Receipt, *, now: datetime) -> ProvingConversation:
        """Read the file back; what it says is held against the receipt in dialects/folder_proof.py."""
        response = yield Request(method="GET", path=f"/{receipt.report_id}")
        if response.status not in {200, 404}:
            return Unclear(reason=getattr(_failed(response, now), "reason", "it cannot be read"))
        return proof_of(receipt, response)


def _found(session: str) -> Generator[Request, Response, dict[str, bytes] | Response]:
    """The files that are called by a session's id, or the answer that says why nobody can tell."""
    response = yield Request(method="LIST", path=f"/{ending(session)}")
    names = object_of(response).get("names")
    if response.status != 200 or not isinstance(names, list):
        return response
    found: dict[str, bytes] = {}
    for name in map(str, names):
        response = yield Request(method="GET", path=f"/{name}")
        if response.status == 200:
            found[name] = response.body
        elif response.status != 404:
            return response
    return found


def _write(
    letter: Letter, label: Label, there: bytes | None, now: datetime
) -> Generator[Request, Response, Outcome | None]:
    """None when it is there."""
    if there is not None and not is_of(label_of(there), label):
        return Parked(reason=f"{label.name} is there and was not written by Logferry; it is left alone")
    seen = NOTHING_THERE if there is None else sha256_hex(there)
    headers = {"If-None-Match": seen} if there is None else {"If-Match": seen}
    response = yield Request(method="PUT", path=f"/{label.name}", headers=headers, body=letter.body)
    if response.status == 412:
        return Later(reason=f"{label.name} changed at this moment", trouble=False)
    if response.status not in {200, 201}:
        return _failed(response, now)
    if text_in(object_of(response), "sha256") != sha256_hex(letter.body):
        return Later(reason="what is on the disk is not what was written")
    return None


def _removal(name: str, body: bytes) -> Request:
    return Request(method="DELETE", path=f"/{name}", headers={"If-Match": sha256_hex(body)})


def _done(letter: Letter, label: Label, url: str, now: datetime, *, before: bool) -> Outcome:
    return proof(
        letter,
        now=now,
        report=label.name,
        url=f"{url}/{label.name}",
        natural_key=label.natural_key,
        revision=label.revision,
        before=before,
    )


def _failed(response: Response, now: datetime) -> Outcome:
    return failure(response, now, _said, _RULES)


def _said(told: object) -> Said:
    return Said(code=text_in(told, "code"), text=text_in(told, "title"))


def _not_allowed(said: str) -> Outcome:
    return Stop(
        reason=f"the folder cannot be written: {said}", hint="Allow it to your account, then: logferry retry --all"
    )


def _foreign(said: str) -> Outcome:
    return Parked(reason=f"{said}; it is left alone")


_RULES = {"not-allowed": _not_allowed, "no-file": _foreign}
