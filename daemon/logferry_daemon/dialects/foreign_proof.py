"""How other people's servers are asked for what they once took, where their contracts have a page for it. Pure.

They name no digest, so what is there cannot be compared: that it is there is said, and not called proven. A web page
proves nothing either way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.proof import Missing, Proof, ProvingConversation, Unclear
from logferry_daemon.dialects import foreign

GONE = frozenset({404, 410})
Names = Callable[[foreign.Said], bool]
"""Whether an answer is about this very session."""


def asking(path: str, names: Names, now: datetime) -> ProvingConversation:
    """One question; the answer has to be about what was asked."""
    response = yield Request(method="GET", path=path)
    return _proof(response, names, now)


def _proof(response: Response, names: Names, now: datetime) -> Proof:
    said = foreign.object_in(response.body)
    if response.status in GONE and said is not None:
        why = foreign.printable(foreign.reason_in(response))
        return Missing(reason=f"it says that it has no such session: {why}" if why else "it has no such session")
    if response.status != 200 or said is None:
        return Unclear(reason=getattr(foreign.refused(response, now), "reason", f"the answer was {response.status}"))
    if not names(said):
        return Unclear(reason=f"the answer ({response.status}) is about something else", alone=True)
    return Unclear(reason="it is there by the server's own word, which names no digest to compare", alone=True)
