"""Where a request may go, and what of the key goes along. Pure: an address in, the way or a reason against it out.

What an owner set is the only place by itself. An answer may name another address, as a pre-signed one to put a file to:
it counts on the same origin and on the hosts that the owner named, and the destination's key never goes along.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from logferry_daemon.core.exchange import Request, Stop
from logferry_daemon.core.places import is_loopback
from logferry_model.fingerprint import Fingerprint

KEY_IN_PATH = "{key}"
"""Stands in a request's path where the key is a part of the address."""
PATH_KEY = ":path-key"
"""Among credentials: what stands there, and no header. No header's name begins with a colon."""
PORTS = {"https": 443, "http": 80}
_PATH_KEY = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_EXACT = re.compile(r"[!$&'()*+,;=:@/?%\[\]A-Za-z0-9._~-]+")
"""What an address is made of that is sent to the letter: a signature in it covers every one."""
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?)(:[0-9]{1,5})?")


@runtime_checkable
class KeyInAddress(Protocol):
    """What a dialect has besides, when the key is the end of an address, which people have as a whole."""

    def key_in(self, pasted: str) -> str:
        """The key in what was given for one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One request and its way."""

    url: str
    request: Request
    secret: Mapping[str, str]
    """Headers."""
    pin: Fingerprint | None


def reach(
    url: str, pin: Fingerprint | None, hosts: Collection[str], request: Request, secret: Mapping[str, str]
) -> Leg | Stop:
    """The way of a request of the destination at `url`; Stop where it may not go."""
    headers = {name: value for name, value in secret.items() if not name.startswith(":")}
    if request.to is not None:
        if reason := reason_against_elsewhere(request.to, url, hosts):
            return _not_there(reason)
        return Leg(url=url, request=request, secret={}, pin=pin if _origin(request.to) == _origin(url) else None)
    if KEY_IN_PATH not in request.path:
        return Leg(url=url, request=request, secret=headers, pin=pin)
    key = secret.get(PATH_KEY, "")
    if not _PATH_KEY.fullmatch(key):
        return Stop(reason="its key is no part of an address", hint="Give it the right one with: logferry login {name}")
    whole = replace(request, path=request.path.replace(KEY_IN_PATH, key))
    return Leg(url=url, request=whole, secret=headers, pin=pin)


def to_tokens(token_url: str, request: Request) -> Leg:
    """The way to where tokens are made of a key: the one other address that a key goes to.

    No answer names it: its owner did, it is part of what he agreed to, and with another one the key counts no more.
    """
    return Leg(url=token_url, request=request, secret={}, pin=None)


def reason_against_elsewhere(to: str, url: str, hosts: Collection[str]) -> str | None:
    """Why nothing goes to `to`, which the destination at `url` named."""
    try:
        parts, origin = urlsplit(to), _origin(to)
    except ValueError:
        return "it is not an address"
    if not _EXACT.fullmatch(to):
        return "it has something in it that does not belong in an address"
    if parts.scheme not in PORTS or not parts.hostname or not parts.netloc:
        return "it does not begin with https:// and a host name"
    if "@" in parts.netloc:
        return "it has a user name in it"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "http is not encrypted"
    if origin == _origin(url) or origin in _named(hosts, parts.scheme):
        return None
    return f"{_shown(parts.netloc)} is not one of the hosts that you named"


def reason_against_host(host: str) -> str | None:
    """Why this cannot be one of the hosts that an owner names."""
    if not _HOST.fullmatch(host):
        return "it is no host name; write it in small letters, as s3.example.org or 127.0.0.1:9000"
    try:
        parts = urlsplit(f"https://{host}")
        port = parts.port
    except ValueError:
        return "it is no host name; write it in small letters, as s3.example.org or 127.0.0.1:9000"
    if port == 0:
        return "there is no port 0"
    if (parts.hostname or "").startswith(("169.254.", "fe80:")):
        return "it is an address that only has a meaning on one cable, and often one that gives keys away"
    return None


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)


def _named(hosts: Collection[str], scheme: str) -> set[tuple[str, str, int]]:
    return {_origin(f"{scheme}://{host}") for host in hosts}


def _not_there(reason: str) -> Stop:
    hint = "If you know and trust it, add its host to upload_hosts of {name} in the settings file, and start again."
    return Stop(reason=f"it names an address for the upload that is not gone to: {reason}", hint=hint)


def _shown(netloc: str) -> str:
    """It ends up in a terminal and in a hint that is filled in."""
    return netloc.replace("{", "").replace("}", "")[:100]
