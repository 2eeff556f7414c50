"""Decides whether a request may go on. Pure: what stood on the wire in, a verdict out; it sends nothing.

Loopback is not a trust boundary: every web page in every browser on this computer can send requests here,
and a name it controls can be rebound to 127.0.0.1. The order of the checks therefore matters. Host comes
first, for every request there is, because a rebound page is same-origin with itself and passes each later
check that compares Origin with Host. A route answers only to a token that carries its scope; an unknown
route answers nobody who shows no token.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from logferry_ipc.routes import SAFE_METHODS, Route, Scope

PREFLIGHT = "OPTIONS"

_CREDENTIAL_NAME = re.compile(r"token|auth|secret|passw|credential|api_?-?key|^key$", re.IGNORECASE)
_OWN_SITES = frozenset({"same-origin", "none"})
"""Sec-Fetch-Site of our own pages and of an address typed by hand; `same-site` is another local port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a request says of itself, exactly as it stood on the wire; a header may stand there repeatedly."""

    method: str
    target: str
    hosts: Sequence[str]
    origins: Sequence[str] = ()
    fetch_sites: Sequence[str] = ()
    content_types: Sequence[str] = ()
    authorizations: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One token's record: who holds it and what it is good for. Only its hash is kept."""

    client: str
    digest: bytes
    scopes: frozenset[Scope]

    @classmethod
    def of(cls, client: str, token: str, scopes: frozenset[Scope]) -> Grant:
        """The record of `token`."""
        return cls(client=client, digest=_digest(token), scopes=scopes)


OWNER_SCOPES = frozenset(Scope) - {Scope.NONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What this listener accepts."""

    port: int
    grants: tuple[Grant, ...]
    origins: frozenset[str] = frozenset()
    """Foreign origins that may call, compared whole; empty unless the owner says otherwise."""

    @property
    def hosts(self) -> frozenset[str]:
        """The two names of this listener."""
        return frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"})

    @property
    def own_origins(self) -> frozenset[str]:
        """Pages that this listener served itself."""
        return frozenset(f"http://{host}" for host in self.hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Go on, as this client."""

    client: str = ""
    preflight: bool = False
    """True for a browser's question whether it may ask; the answer carries headers and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Answer this and do nothing."""

    status: int
    code: str
    message: str
    hint: str = ""


Verdict = Allowed | Denied

_HOST = Denied(status=421, code="host-refused", message="This address does not answer to that name.")
_TARGET = Denied(status=400, code="target-ambiguous", message="The path must be written in its plain form.")
_ORIGIN = Denied(status=403, code="origin-refused", message="Pages of this origin may not call the daemon.")
_SITE = Denied(status=403, code="cross-site", message="Other sites may not call the daemon.")
_QUERY = Denied(
    status=400,
    code="token-in-query",
    message="A token was sent in the address, where logs keep it.",
    hint="Send it as `Authorization: Bearer ...`.",
)
_TOKEN = Denied(
    status=401,
    code="token-missing",
    message="This needs a valid token.",
    hint="Read it from the discovery file of the daemon that runs now.",
)
_SCOPE = Denied(status=403, code="scope-missing", message="This token is not good for that.")
_TYPE = Denied(
    status=415,
    code="json-needed",
    message="Requests that change something must be application/json.",
    hint="Send `Content-Type: application/json`, also with an empty body.",
)


def judge(ask: Ask, route: Route | None, rules: Rules) -> Verdict:
    """Whether `ask`, which the router resolved to `route` (None: to nothing), may go on."""
    if (denied := _where(ask, rules) or _who_asks(ask, rules)) is not None:
        return denied
    if ask.method == PREFLIGHT:
        return Allowed(preflight=True) if ask.origins else _ORIGIN
    if _carries_token(ask.target, rules):
        return _QUERY
    grant = _grant(ask.authorizations, rules)
    if grant is None and (route is None or route.scope is not Scope.NONE):
        return _TOKEN
    if grant is not None and route is not None and route.scope not in grant.scopes | {Scope.NONE}:
        return _SCOPE
    if ask.method not in SAFE_METHODS and not _is_json(ask.content_types):
        return _TYPE
    return Allowed(client=grant.client if grant else "")


def _where(ask: Ask, rules: Rules) -> Denied | None:
    """Was this meant for us? An absolute target names a host of its own, so only `/...` is taken."""
    if len(ask.hosts) != 1 or ask.hosts[0] not in rules.hosts or not ask.target.startswith("/"):
        return _HOST
    return None if _is_plain(ask.target) else _TARGET


def _is_plain(target: str) -> bool:
    """No segment that a router, a proxy and a person could read in different ways."""
    path = target.partition("?")[0]
    if "\\" in path or "#" in target:
        return False
    return not any(unquote(segment) in {"", ".", ".."} for segment in path.split("/")[1:])


def _who_asks(ask: Ask, rules: Rules) -> Denied | None:
    """Browsers say where a request comes from; what is neither ours nor listed stays out."""
    if ask.origins:
        accepted = len(ask.origins) == 1 and ask.origins[0] in rules.own_origins | rules.origins
        return None if accepted else _ORIGIN
    return None if all(site in _OWN_SITES for site in ask.fetch_sites) else _SITE


def _carries_token(target: str, rules: Rules) -> bool:
    """A credential in the query: by its name, or because it is one."""
    pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True)
    return any(_CREDENTIAL_NAME.search(name) or _find(value, rules) for name, value in pairs)


def _grant(authorizations: Sequence[str], rules: Rules) -> Grant | None:
    """The record of the one bearer token shown. Nothing else a caller says of itself counts."""
    if len(authorizations) != 1:
        return None
    scheme, _, token = authorizations[0].partition(" ")
    return _find(token.strip(), rules) if scheme.lower() == "bearer" else None


def _find(token: str, rules: Rules) -> Grant | None:
    digest = _digest(token)
    matches = [grant for grant in rules.grants if hmac.compare_digest(grant.digest, digest)]
    return matches[0] if matches else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _is_json(content_types: Sequence[str]) -> bool:
    if len(content_types) != 1:
        return False
    return content_types[0].partition(";")[0].strip().lower() == "application/json"
