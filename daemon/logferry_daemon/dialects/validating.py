"""How a server is asked whether a key is good: `/auth/validate`, as the SWG bridge and our collector have it. Pure.

A refusal counts only in the server's own words: a page, a missing route or trouble says nothing about the key.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime

from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.validity import Invalid, Unclear, Valid, ValidatingConversation, Validity
from logferry_daemon.dialects import foreign
from logferry_daemon.dialects.services import is_page
from logferry_daemon.dialects.status import outcome_of_failure
from logferry_model.envelope import MEDIA_TYPE

PATH = "/auth/validate"
NO_ROUTE = frozenset({404, 405, 501})


def validating(now: datetime) -> ValidatingConversation:
    """Ask, and read the answer."""
    return validity((yield from answer_about_key()), now)


def answer_about_key() -> Generator[Request, Response, Response]:
    """By GET; by POST where that is not what the server takes."""
    response = yield Request(method="GET", path=PATH)
    if response.status in NO_ROUTE:
        response = yield Request(method="POST", path=PATH, headers={"Content-Type": MEDIA_TYPE}, body=b"{}")
    return response


def validity(response: Response, now: datetime) -> Validity:
    """What the answer says about the key."""
    said = foreign.object_in(response.body)
    if said is None or is_page(response):
        return unclear(response, now)
    if response.status == 200 and said.get("valid") is True:
        return Valid(account=foreign.printable(foreign.text_in(said, "account", "user", "username")))
    if said.get("valid") is False or response.status == 401:
        # Whoever tells it puts the stop behind it.
        return Invalid(reason=foreign.printable(foreign.reason_in(response)).rstrip(".") or f"status {response.status}")
    return unclear(response, now)


def unclear(response: Response, now: datetime) -> Unclear:
    """That, and why."""
    if response.status in NO_ROUTE:
        return Unclear(reason=f"it has no page that tells ({response.status})")
    if response.status < 300 and not is_page(response):
        return Unclear(reason=f"its answer ({response.status}) does not tell")
    found = outcome_of_failure(response, now, said=foreign.reason_in(response))
    return Unclear(reason=getattr(found, "reason", f"status {response.status}"))
