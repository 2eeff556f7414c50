"""The API that Resonance Logs' upload plan describes: an encounter as one JSON object, `X-API-Key`. Pure.

Its limits are looked at before anything is sent. It knows an encounter by `encounterId` and takes each once: what it
has is answered by the report that is there. The tracker's own counter begins again after a reinstall and would then be
answered by an older report, so the number is the second in which the encounter began. Another one may have begun in the
same second, as where two play side by side: a report that was there already is looked into before it counts.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from logferry_daemon.core.exchange import (
    Acked,
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
from logferry_daemon.core.proof import ProvingConversation
from logferry_daemon.dialects import foreign
from logferry_daemon.dialects.foreign_proof import asking
from logferry_daemon.dialects.health import probing
from logferry_daemon.dialects.resonance_encounter import beyond, encounter, number_of
from logferry_daemon.dialects.status import ACCEPTED, unproven
from logferry_model.envelope import Receipt, ReceiptStatus, sha256_hex

PATH = "/api/v1/encounters"
REPORTS = "/reports/"
LARGEST = 10_000_000
"""Bytes of one encounter."""
_VERSION_SIGNS = 32


class ResonanceDialect:
    """Believes a whole answer that names the report."""

    name = "resonance"
    takes = ("resonance",)

    def write(self, parcel: Parcel) -> Letter:
        """The encounter; Refused where it is beyond what the API takes.

        `checksum` is the last member. It is the sha-256, in small hex digits, of the bytes of the body without it: of
        everything before `,"checksum":"`, and the closing brace.
        """
        session = foreign.session_of(parcel, dialect=self.name, takes=self.takes, what="encounters of Resonance Logs")
        told = encounter(session, f"logferry/{parcel.app_version}"[:_VERSION_SIGNS])
        checksum = sha256_hex(foreign.encoded(told))
        body = foreign.encoded({**told, "checksum": checksum})
        if len(body) > LARGEST:
            raise beyond(f"it has {len(body) / 1e6:.1f} MB, and the limit is {LARGEST / 1e6:.0f} MB")
        return foreign.letter(parcel, body, str(told["encounterId"]))

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """A key."""
        return {"X-API-Key": secret}

    def probe(self, *, url: str, now: datetime) -> Generator[Request, Response, Stop | None]:
        """`GET /health`."""
        return probing("GET", url=url, now=now)

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """One post; a report that was there before is read, where it can be."""
        response = yield Request(method="POST", path=PATH, headers=letter.headers, body=letter.body)
        found = outcome(letter, response, url=url, now=now)
        if not isinstance(found, Acked) or found.receipt.status is not ReceiptStatus.DUPLICATE:
            return found
        report = found.receipt.report_id
        there = yield Request(method="GET", path=f"{PATH}/{quote(report, safe='')}")
        if _is_another(letter, there):
            return Parked(reason=f"it has another encounter of the same second (report {report}), and not this one")
        return found

    def verify(self, receipt: Receipt, *, now: datetime) -> ProvingConversation:
        """By the report, which is of the second that the encounter is called by."""
        return asking(
            f"{PATH}/{quote(receipt.report_id, safe='')}", lambda said: _is_of(receipt.natural_key, said), now
        )

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """The plan speaks of deletion and names no route."""
        return foreign.undeletable("a resonance server has no way to delete a report: ask whoever runs it")


def outcome(letter: Letter, response: Response, *, url: str, now: datetime) -> Outcome:
    """What the answer to the post means: a report that is named is stored, or was stored before."""
    said = foreign.object_in(response.body) if response.status == 409 else foreign.read(response, now)
    if said is None or not isinstance(said, Mapping):
        return said or foreign.refused(response, now)
    report_id = foreign.printable(foreign.text_in(said, "reportId", "report_id"))
    if not report_id:
        if response.status == 409:
            return foreign.refused(response, now)
        return unproven(f"the answer ({response.status}) names no report")
    if response.status == 202:
        return ACCEPTED
    new = response.status == 201
    if not new and int(letter.headers[foreign.REVISION]) > 1:
        # It keeps the first version that it was sent, and says so by its report: the newer one is not there.
        return Parked(reason=f"it has an earlier version of this encounter (report {report_id}) and takes no newer one")
    status = ReceiptStatus.STORED if new else ReceiptStatus.DUPLICATE
    return foreign.stored(letter, {"reportUrl": REPORTS + report_id, **said}, url=url, now=now, status=status)


def _is_another(letter: Letter, there: Response) -> bool:
    """Whether a report is of other times; one that cannot be read says nothing against it."""
    told = foreign.object_in(there.body) if there.status == 200 else None
    inside = told.get("encounter") if told else None
    there_times, own = _times(inside if isinstance(inside, dict) else told or {}), foreign.object_in(letter.body) or {}
    return any(own[name] != value for name, value in there_times.items())


def _is_of(second: str, said: foreign.Said) -> bool:
    inside = said.get("encounter")
    times = _times(inside if isinstance(inside, dict) else said)
    return "startedAtMs" in times and str(number_of(times["startedAtMs"] // 1000)) == second


def _times(told: Mapping[str, Any]) -> Mapping[str, int]:
    names = ("startedAtMs", "endedAtMs")
    return {name: told[name] for name in names if isinstance(told.get(name), int) and not isinstance(told[name], bool)}
