"""Encrypted connections: trusted by an authority, or by the pinned key of the other side. Writes no byte of a request.

The pin is checked inside the handshake. asyncio hands a connection to aiohttp only after the handshake has succeeded,
so there is no moment in which a request could be written to a wrong key. aiohttp's own `Fingerprint` looks later, and
at the certificate rather than at the key.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from logferry_daemon.core.pins import MAY_SEND, verdict, wrong_key
from logferry_model.errors import Unreachable
from logferry_model.fingerprint import Fingerprint, fingerprint_of

OLDEST = ssl.TLSVersion.TLSv1_2
PATIENCE = timedelta(seconds=10)
HTTPS = 443

_Context = TypeVar("_Context", bound=ssl.SSLContext)


class WrongKey(ssl.SSLError):
    """The handshake ended because of the key that was shown."""

    def __init__(self, pin: Fingerprint, seen: Fingerprint | None) -> None:
        super().__init__("the key is not the pinned one")
        self.trouble = wrong_key(pin, seen)


class _Pinned(ssl.SSLObject):
    """A connection whose handshake fails unless the key is the pinned one."""

    def do_handshake(self) -> None:
        super().do_handshake()
        context = self.context
        if not isinstance(context, PinnedContext):
            raise ssl.SSLError("a pinned connection without a pin")
        seen = _key_of(self.getpeercert(binary_form=True))
        if not MAY_SEND[verdict(context.pin, seen)]:
            raise WrongKey(context.pin, seen)


class PinnedContext(ssl.SSLContext):
    """Trusts one key and no authority. Has no pin until `pinned` gives it one, and then lets nobody else in."""

    pin: Fingerprint


def pinned(pin: Fingerprint) -> PinnedContext:
    """For connections to whoever holds this key, under whatever name and certificate."""
    context = _unverified(PinnedContext(ssl.PROTOCOL_TLS_CLIENT))
    context.pin = pin
    context.set_alpn_protocols(["http/1.1"])
    context.sslobject_class = _Pinned
    return context


def trusted() -> ssl.SSLContext:
    """For connections to whom an authority of this computer vouches for, by name."""
    context = ssl.create_default_context()
    context.minimum_version = OLDEST
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsFingerprints:
    """The port `Fingerprints`: shakes hands and hangs up."""

    def __init__(self, patience: timedelta = PATIENCE) -> None:
        self._patience = patience

    async def look(self, url: str) -> Fingerprint:
        """The key that is shown at this address now."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or HTTPS
        async with _told(url), asyncio.timeout(self._patience.total_seconds()):
            context = _unverified(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
            try:
                shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            finally:
                writer.transport.abort()  # nothing was said, so there is nothing to finish
        if (seen := _key_of(shown)) is None:
            raise Unreachable("tls", f"{url} shows no key that can be read.", hint="Is a collector listening there?")
        return seen


def _unverified(context: _Context) -> _Context:
    """No authority is asked: only ever where the key is looked at instead."""
    context.minimum_version = OLDEST
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _key_of(certificate: bytes | None) -> Fingerprint | None:
    """Of the public key in a certificate in DER; None when it cannot be read."""
    # Fifty milliseconds that a daemon without pins need not wait for.
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415

    try:
        key = load_der_x509_certificate(certificate or b"").public_key()
    # The library has many ways to say that it cannot read what a stranger made.
    except Exception:  # noqa: BLE001
        return None
    return fingerprint_of(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@asynccontextmanager
async def _told(url: str) -> AsyncIterator[None]:
    hint = "Is a collector listening there, and with --tls?"
    try:
        yield
    except TimeoutError as error:
        raise Unreachable("timeout", f"{url} does not answer.", hint=hint) from error
    except ssl.SSLError as error:
        raise Unreachable("tls", f"{url} makes no secure connection: {error.reason or error}.", hint=hint) from error
    except (OSError, UnicodeError) as error:
        reason = (getattr(error, "strerror", None) or type(error).__name__).lower()
        raise Unreachable("refused", f"{url} cannot be reached: {reason}.", hint=hint) from error
