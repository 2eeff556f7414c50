"""What the dialects of other people's services have in common: reading their answers, and what is kept as proof. Pure.

Their refusals become problems, so that the table in dialects/status.py is the one place that says what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from logferry_daemon.core.exchange import Acked, Erasure, GoneByOwner, Later, Letter, Outcome, Report, Response
from logferry_daemon.dialects.status import outcome_of_failure
from logferry_model.envelope import MEDIA_TYPE, Problem, Receipt, ReceiptStatus, sha256_hex

STILL_COMING = timedelta(minutes=2)
"""After this a service has worked off a request whose sender hung up."""
KEY = "Idempotency-Key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a service's own words for an error come to."""

    code: str = ""
    text: str = ""
    wait: float | None = None
    """Seconds."""


Reader = Callable[[Any], Said]
"""From decoded JSON; it may be of any shape."""
Rules = Mapping[str, Callable[[str], Outcome]]
"""By the service's own code: what its text means, where the status alone would mislead."""


def json_of(response: Response) -> Any:  # noqa: ANN401 -- any JSON value
    """The body decoded; None when it is none, or a page for people."""
    if "html" in response.headers.get("content-type", ""):
        return None
    try:
        return msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def object_of(response: Response) -> dict[str, Any]:
    """The same where it is an object; else an empty one."""
    found = json_of(response)
    return found if isinstance(found, dict) else {}


def text_in(found: Any, key: str) -> str:  # noqa: ANN401 -- any JSON value
    """A text or number under `key`; empty where there is none."""
    value = found.get(key) if isinstance(found, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def is_page(response: Response) -> bool:
    """Whether it is a page for people, as a hotel's network shows one."""
    start = response.body[:64].lstrip().lower()
    return "html" in response.headers.get("content-type", "") or start.startswith((b"<!doctype html", b"<html"))


def failure(response: Response, now: datetime, read: Reader, rules: Rules) -> Outcome:
    """What an answer that is no success means: first by the service's own code, then by the status."""
    said = Said() if is_page(response) else read(json_of(response))
    if response.status >= 400 and said.code in rules:
        return rules[said.code](f"{said.text} ({response.status})" if said.text else f"status {response.status}")
    problem = Problem(title=said.text or "", status=response.status, code=said.code)
    headers = dict(response.headers)
    if said.wait is not None and "retry-after" not in headers:
        headers["retry-after"] = str(max(1, round(said.wait + 0.5)))
    return outcome_of_failure(replace(response, headers=headers, body=msgspec.json.encode(problem)), now)


def erasure(found: Outcome) -> Erasure:
    """The same of a deletion."""
    if isinstance(found, Acked | GoneByOwner):
        return Later(reason="the answer says nothing about the copy")
    return found


def may_still_come(report: Report) -> bool:
    """Whether what no receipt came for may yet arrive over there."""
    return not report.report_id and report.age < STILL_COMING


def not_so_far() -> Later:
    """Said of such a one."""
    return Later(reason="it has not arrived so far", floor=STILL_COMING, trouble=False)


def json_headers(key: str) -> dict[str, str]:
    """Those of a letter in JSON."""
    return {"Content-Type": MEDIA_TYPE, KEY: key}


def proof(
    letter: Letter,
    *,
    now: datetime,
    report: str,
    url: str = "",
    natural_key: str = "",
    revision: int = 0,
    before: bool = False,
) -> Acked:
    """What is kept of a success; the service's own name for it in the place of a report's."""
    return Acked(
        receipt=Receipt(
            receipt_id=report,
            report_id=report,
            report_url=url,
            status=ReceiptStatus.DUPLICATE if before else ReceiptStatus.STORED,
            natural_key=natural_key,
            revision=revision,
            received_digest=sha256_hex(letter.body),
            payload_digest=letter.payload_digest,
            idempotency_key=letter.headers.get(KEY, "").strip('"'),
            created_at=now,
        )
    )
