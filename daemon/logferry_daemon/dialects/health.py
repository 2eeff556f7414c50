"""Whether a destination is there, by what its health route says. Pure.

It is asked after the network failed and before a whole letter goes again: the question has no body and no key. Whoever
answers is there; what it can do just now it says to the letter. Only a page for people, or one of another host, is the
answer of some network in between.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from logferry_daemon.core.exchange import Request, Response, Stop
from logferry_daemon.dialects.services import is_page
from logferry_daemon.dialects.status import portal

PATH = "/health"


def probing(method: str, *, url: str, now: datetime) -> Generator[Request, Response, Stop | None]:
    """One question; None where the destination itself answered."""
    response = yield Request(method=method, path=PATH)
    page = 200 <= response.status < 300 and is_page(response)
    if page or response.status == _NETWORK_LOGIN or _leads_away(url, response):
        return portal(response, now)
    return None


_NETWORK_LOGIN = 511
"""Network Authentication Required (RFC 6585)."""


def _leads_away(url: str, response: Response) -> bool:
    """Whether it is a redirect to another host, as a hotel's network sends everybody to its own page."""
    if not 300 <= response.status < 400:
        return False
    try:
        target = urlsplit(urljoin(url, response.headers.get("location", "")))
    except ValueError:
        return False
    return target.hostname is not None and target.hostname != urlsplit(url).hostname
