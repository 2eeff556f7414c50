"""The collector's own key and certificate: made once, kept beside the database, for their owner alone.

The key is what clients pin, so it stays as it is; the certificate is only its wrapping, made anew when it is lost.
"""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from msgspec import Struct
from sqlalchemy import make_url

from logferry_collector.place import default_database
from logferry_collector.settings import CollectorSettings
from logferry_model.errors import Misconfigured
from logferry_model.fingerprint import Fingerprint, fingerprint_of

CERTIFICATE = "tls-certificate.pem"
KEY = "tls-key.pem"
LIFE = timedelta(days=20 * 365)
"""Clients pin the key and look at no date; browsers are told to distrust it either way."""
YESTERDAY = timedelta(days=1)
"""Clocks at home differ."""
OTHERS = 0o077


class Identity(Struct, frozen=True):
    """What a collector shows to whoever connects."""

    certificate: Path
    key: Path
    fingerprint: Fingerprint


def identity(settings: CollectorSettings) -> Identity:
    """The given one, or its own, made when it is not there; Misconfigured says which file cannot be used."""
    if settings.tls_certificate and settings.tls_key:
        certificate, key = settings.tls_certificate, settings.tls_key
    else:
        certificate, key = _own(_folder(settings.database_url), settings.host)
    return Identity(certificate, key, _fingerprint(certificate))


def server_context(identity: Identity) -> ssl.SSLContext:
    """TLS 1.2 and later with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # A password would be asked for at the terminal, where perhaps nobody sits.
        context.load_cert_chain(identity.certificate, identity.key, password="")
    except (OSError, ValueError) as error:
        what = f"{identity.certificate} and {identity.key} are no certificate and its key"
        raise _unusable(what, error) from error
    return context


def _folder(database_url: str) -> Path:
    """Where the database file lies; for a database on a server, where the file would lie."""
    url = make_url(database_url)
    file = url.database if url.get_backend_name() == "sqlite" else None
    return (Path(file) if file and file != ":memory:" else default_database(os.environ)).absolute().parent


def _own(folder: Path, host: str) -> tuple[Path, Path]:
    certificate, key = folder / CERTIFICATE, folder / KEY
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not key.exists():
            _write(key, _new_key())
        elif key.stat().st_mode & OTHERS:
            key.chmod(0o600)
        private = _read_key(key)
        if not certificate.exists() or _fingerprint(certificate) != _fingerprint_of(private.public_key()):
            _write(certificate, _self_signed(private, host))
    except OSError as error:
        raise _unusable(f"{folder} cannot hold the collector's key", error) from error
    return certificate, key


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by anybody else in between."""
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def _new_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _read_key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise _unusable(f"{file} holds no key", error) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _unusable(f"{file} holds no key that was made here", None)
    return key


def _self_signed(key: ec.EllipticCurvePrivateKey, host: str) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Logferry collector")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - YESTERDAY)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _names(host: str) -> list[x509.GeneralName]:
    local: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    try:
        own: x509.GeneralName = x509.IPAddress(ip_address(host))
    except ValueError:
        own = x509.DNSName(host) if host.isascii() and host else local[0]
    return [*local, *([own] if own not in local else [])]


def _fingerprint(certificate: Path) -> Fingerprint:
    try:
        return _fingerprint_of(x509.load_pem_x509_certificate(certificate.read_bytes()).public_key())
    except (OSError, ValueError) as error:
        raise _unusable(f"{certificate} holds no certificate", error) from error


def _fingerprint_of(key: CertificatePublicKeyTypes) -> Fingerprint:
    der = serialization.Encoding.DER
    return fingerprint_of(key.public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo))


def _unusable(what: str, error: Exception | None) -> Misconfigured:
    why = f": {getattr(error, 'strerror', None) or type(error).__name__}" if error else ""
    hint = "Mend it; or move tls-*.pem beside the database away: new ones are made, with a new fingerprint."
    return Misconfigured("tls-unusable", f"{what}{why}.", hint=hint)
