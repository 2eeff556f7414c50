"""How a Logferry collector is asked to take over what was sent without an account; see docs/wire.md. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from logferry_daemon.core.exchange import Request
from logferry_daemon.core.own_keys import NotTakenOver, TakenOver, TakingOver
from logferry_daemon.dialects.status import outcome_of_failure
from logferry_model.envelope import MEDIA_TYPE, Joined, JoinRequest, Problem

PATH = "/api/v1/me/join"


def joining(key: str, now: datetime) -> TakingOver:
    """One post; believed when a whole answer says how many reports there are."""
    body = msgspec.json.encode(JoinRequest(key=key))
    response = yield Request(method="POST", path=PATH, headers={"Content-Type": MEDIA_TYPE}, body=body)
    if response.status in {404, 405, 501}:
        return NotTakenOver(reason=f"nothing at this address takes reports over ({response.status})")
    if response.status != 200:
        said = _said(response.body) or getattr(outcome_of_failure(response, now), "reason", "")
        return NotTakenOver(reason=said or f"the answer was {response.status}")
    try:
        return TakenOver(reports=msgspec.json.decode(response.body, type=Joined).reports)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return NotTakenOver(reason=f"the answer ({response.status}) does not say that it was done")


def _said(body: bytes) -> str:
    """Its own words for it, as far as they can stand in a terminal: the table of failures is about uploads."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    text = problem.detail or problem.title
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:200].rstrip(".")
