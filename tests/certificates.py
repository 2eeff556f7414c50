"""Authorities, keys and certificates, as good and as bad as a test wants them."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from logferry_model.fingerprint import Fingerprint, fingerprint_of

DAY = timedelta(days=1)
HERE = "127.0.0.1"


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def fingerprint(key: ec.EllipticCurvePrivateKey) -> Fingerprint:
    return fingerprint_of(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def certificate(
    key: ec.EllipticCurvePrivateKey,
    *,
    signed_by: Authority | None = None,
    address: str = HERE,
    days: tuple[int, int] = (-1, 1),
    authority: bool = False,
) -> x509.Certificate:
    """For `key`, signed by an authority or by itself, good from and until so many days from now."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"test {x509.random_serial_number()}")])
    now = datetime.now(UTC)
    issuer, signing = (signed_by.root.subject, signed_by.key) if signed_by else (subject, key)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .sign(signing, hashes.SHA256())
    )


@dataclass
class Authority:
    """Whom the sender of a test trusts."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    root: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        self.root = certificate(self.key, authority=True)

    def trusting(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """The context, which trusts this authority, too."""
        context.load_verify_locations(cadata=self.root.public_bytes(Encoding.PEM).decode())
        return context


def serving(key: ec.EllipticCurvePrivateKey, shown: x509.Certificate) -> ssl.SSLContext:
    """A server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "both.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + shown.public_bytes(Encoding.PEM))
        context.load_cert_chain(file)
    return context
