"""How a daemon proves to be the one that wrote the discovery file, before it is shown a token. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re

_NONCE = re.compile(r"[0-9A-Za-z_-]{16,128}")


def is_nonce(text: str) -> bool:
    """Long enough to be new each time, plain enough to be signed as it stands."""
    return _NONCE.fullmatch(text) is not None


def prove(nonce: str, proof_key: str) -> str:
    """hex HMAC-SHA256 of the caller's nonce."""
    return hmac.new(bytes.fromhex(proof_key), nonce.encode(), hashlib.sha256).hexdigest()


def proves(proof: str | None, nonce: str, proof_key: str) -> bool:
    """Whether `proof` came from somebody who holds the key."""
    return proof is not None and hmac.compare_digest(proof.encode(), prove(nonce, proof_key).encode())
