"""A collector's own key is made once, is its owner's alone, and survives the loss of everything around it."""

from __future__ import annotations

import asyncio
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError, ClientError, ClientSession
from cryptography import x509
from pydantic import ValidationError

from logferry_collector.certificate import CERTIFICATE, KEY, identity, server_context
from logferry_collector.compose import open_collector
from logferry_collector.limits import Limits
from logferry_collector.settings import CollectorSettings
from logferry_daemon.adapters.tls import TlsFingerprints
from logferry_model.errors import Misconfigured


@pytest.fixture
def secure(settings: CollectorSettings) -> CollectorSettings:
    return settings.model_copy(update={"tls": True})


def test_it_is_made_once_beside_the_database(secure: CollectorSettings, tmp_path: Path) -> None:
    first = identity(secure)
    assert (first.certificate, first.key) == (tmp_path / CERTIFICATE, tmp_path / KEY)
    before = first.key.read_bytes()
    assert identity(secure) == first
    assert first.key.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="platform: POSIX modes only")
def test_the_key_is_its_owners_alone_and_becomes_so_again(secure: CollectorSettings) -> None:
    key = identity(secure).key
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    identity(secure)
    assert key.stat().st_mode & 0o777 == 0o600


def test_it_lasts_and_names_where_it_is(secure: CollectorSettings) -> None:
    made = x509.load_pem_x509_certificate(
        identity(secure.model_copy(update={"host": "192.168.1.20"})).certificate.read_bytes()
    )
    assert made.not_valid_after_utc - datetime.now(UTC) > timedelta(days=19 * 365)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "192.168.1.20" in map(str, names.get_values_for_type(x509.IPAddress))
    assert "localhost" in names.get_values_for_type(x509.DNSName)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "127.0.0.1", "games.local"])
def test_every_host_can_be_served(secure: CollectorSettings, host: str) -> None:
    context = server_context(identity(secure.model_copy(update={"host": host})))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_lost_certificate_is_made_anew_round_the_same_key(secure: CollectorSettings) -> None:
    first = identity(secure)
    first.certificate.unlink()
    assert identity(secure).fingerprint == first.fingerprint


def test_a_lost_key_is_another_identity(secure: CollectorSettings) -> None:
    first = identity(secure)
    first.key.unlink()
    second = identity(secure)
    assert second.fingerprint != first.fingerprint
    server_context(second)


@pytest.mark.parametrize("name", [CERTIFICATE, KEY])
def test_a_file_that_is_none_is_told(secure: CollectorSettings, tmp_path: Path, name: str) -> None:
    identity(secure)
    (tmp_path / name).write_text("hello")
    with pytest.raises(Misconfigured, match=name) as caught:
        server_context(identity(secure))
    assert caught.value.code == "tls-unusable"
    assert caught.value.hint


def test_a_certificate_of_ones_own_is_used(secure: CollectorSettings, tmp_path: Path) -> None:
    given = own_files(tmp_path, secure)
    assert identity(given).certificate == given.tls_certificate
    server_context(identity(given))
    assert not (tmp_path / KEY).exists()


def test_a_certificate_with_another_key_is_told(secure: CollectorSettings, tmp_path: Path) -> None:
    given, other = own_files(tmp_path, secure), own_files(tmp_path / "other", secure)
    with pytest.raises(Misconfigured, match="no certificate and its key"):
        server_context(identity(given.model_copy(update={"tls_key": other.tls_key})))


def own_files(folder: Path, secure: CollectorSettings) -> CollectorSettings:
    """Settings with a certificate from elsewhere."""
    made = identity(secure.model_copy(update={"database_url": f"sqlite:///{folder}/given/x.sqlite3"}))
    return secure.model_copy(update={"tls_certificate": made.certificate, "tls_key": made.key})


@pytest.mark.parametrize(
    "given", [{"announce": True}, {"tls": True, "tls_key": "x"}, {"tls_certificate": "x", "tls_key": "y"}]
)
def test_settings_that_disagree_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CollectorSettings.model_validate(given)


async def test_a_collector_encrypts_with_the_key_that_it_names(secure: CollectorSettings) -> None:
    async with open_collector(secure) as running:
        assert running.url.startswith("https://127.0.0.1:")
        assert running.public_url == running.url
        assert await TlsFingerprints().look(running.url) == running.fingerprint
        trust = ssl.create_default_context(cafile=identity(secure).certificate)
        trust.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
        async with ClientSession() as session:
            async with session.get(f"{running.url}/health", ssl=trust) as answer:
                assert answer.status == 200
            with pytest.raises(ClientConnectorError):
                await session.get(f"{running.url}/health")


async def test_without_tls_there_is_no_key(settings: CollectorSettings, tmp_path: Path) -> None:
    async with open_collector(settings) as running:
        assert running.fingerprint is None
    assert not (tmp_path / KEY).exists()


async def test_who_begins_no_handshake_is_let_go(secure: CollectorSettings) -> None:
    async with open_collector(secure, Limits(head_seconds=0.3)) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(running.url.rpartition(":")[2]))
        try:
            async with asyncio.timeout(60):
                assert await reader.read() == b""
        finally:
            writer.close()


async def test_a_collector_with_tls_speaks_no_http(secure: CollectorSettings) -> None:
    async with open_collector(secure) as running, ClientSession() as session:
        with pytest.raises(ClientError):
            await session.get(running.url.replace("https:", "http:"))
