"""What is made of the answers from the local network. Pure: names, addresses and texts in, candidates out.

Anybody on the network may answer with anything. So an answer fills a form and nothing more: its name is cleaned, its
address must be a near one, there is never http, and its fingerprint is a claim until its owner has compared it.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from logferry_daemon.core.places import reason_against_url
from logferry_model.fingerprint import Fingerprint, parse_fingerprint

MAX_CANDIDATES = 32
MAX_NAME = 63
API = "1"
"""Of the wire contract that this daemon speaks."""
_CLOSED = re.compile(r"[A-Za-z0-9/._~-]{0,200}")
"""A path that means the same to every reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody said about themselves."""

    name: str
    addresses: Sequence[str]
    port: int
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who says to be a collector."""

    name: str
    url: str
    fingerprint: Fingerprint | None
    """As they say: a hint, which proves nothing."""


def candidates(answers: Iterable[Answer]) -> Sequence[Candidate]:
    """The usable ones, one an address, in the order of their names; what is too many is left out."""
    found: dict[str, Candidate] = {}
    for answer in answers:
        for one in _of(answer):
            # The first one stays: a later answer must not put its fingerprint at an address that is on show.
            if len(found) < MAX_CANDIDATES:
                found.setdefault(one.url, one)
    return sorted(found.values(), key=lambda one: (one.name, one.url))


def _of(answer: Answer) -> Iterable[Candidate]:
    path = answer.texts.get("path", "/").rstrip("/")
    if answer.texts.get("api", API) != API or not _CLOSED.fullmatch(path) or (path and not path.startswith("/")):
        return
    for address in answer.addresses:
        url = f"https://{address}:{answer.port}{path}"
        if is_near(address) and 0 < answer.port < 2**16 and reason_against_url(url) is None:
            hint = parse_fingerprint(answer.texts.get("fp", ""))
            yield Candidate(name=clean_name(answer.name), url=url, fingerprint=hint)


def is_near(address: str) -> bool:
    """Whether this is an IPv4 address of the local network or of this computer."""
    try:
        one = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    # "Private" also counts networks for documentation, for measuring and the one that means nobody.
    return one.is_loopback or one.is_link_local or any(one in network for network in _NEAR)


_NEAR = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def clean_name(name: str) -> str:
    """The name without what could steer a terminal, hide, or turn words round; never empty, never long."""
    kept = "".join(one if unicodedata.category(one)[0] in "LNPS" else " " for one in name[: 4 * MAX_NAME])
    return " ".join(kept.split())[:MAX_NAME].rstrip() or "(no name)"
