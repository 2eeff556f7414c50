"""Secrets that somebody else lays down go before every other, and only when nobody else can read them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from logferry_daemon.adapters.credentials_keyring import KeyringCredentials
from logferry_daemon.core.gate import Access
from tests.conftest import only_on
from tests.contracts.vault import Vault

pytestmark = only_on("linux", "darwin")

FILE = "LOGFERRY_SECRET_FILE_HOME"


@pytest.fixture
def vault() -> Vault:
    return Vault()


def credentials(tmp_path: Path, vault: Vault, environ: Mapping[str, str]) -> KeyringCredentials:
    return KeyringCredentials(tmp_path / "secrets.json", environ, backends=lambda: [vault])


def laid_down(path: Path, text: str = "injected\n", mode: int = 0o600) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


async def test_a_file_that_the_environment_names_goes_before_keyring_and_file(tmp_path: Path, vault: Vault) -> None:
    store = credentials(tmp_path, vault, {FILE: str(laid_down(tmp_path / "key"))})
    await store.keep("home", "of the file", insecure=True)
    vault.kept["logferry:home", "logferry"] = "of the keyring"
    assert (await store.access("home"), await store.secret("home")) == (Access.AVAILABLE, "injected")
    assert vault.calls == 0
    assert FILE in await store.origin("home")
    assert (await store.secret("away"), await store.origin("away")) == (None, "")


async def test_a_credential_of_systemd_goes_before_a_file(tmp_path: Path, vault: Vault) -> None:
    laid_down(tmp_path / "creds" / "logferry.home", "of systemd", 0o440)
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "creds"), FILE: str(laid_down(tmp_path / "key"))}
    store = credentials(tmp_path, vault, environ)
    assert await store.secret("home") == "of systemd"
    assert await store.origin("home") == "the credential logferry.home"
    assert await store.secret("away") is None


@pytest.mark.parametrize(
    ("name", "variable"), [("my-own.place", "LOGFERRY_SECRET_FILE_MY_OWN_PLACE"), ("a1", "LOGFERRY_SECRET_FILE_A1")]
)
async def test_the_variable_is_called_like_the_destination(
    tmp_path: Path, vault: Vault, name: str, variable: str
) -> None:
    assert await credentials(tmp_path, vault, {variable: str(laid_down(tmp_path / "key"))}).secret(name) == "injected"


async def test_an_injected_key_can_be_changed_without_a_restart(tmp_path: Path, vault: Vault) -> None:
    key = tmp_path / "key"
    store = credentials(tmp_path, vault, {FILE: str(key)})
    assert await store.access("home") is Access.REFUSED
    for secret in ("first", "second"):
        laid_down(key, secret)
        assert await store.secret("home") == secret


async def test_forgetting_leaves_an_injected_key_alone(tmp_path: Path, vault: Vault) -> None:
    key = laid_down(tmp_path / "key")
    store = credentials(tmp_path, vault, {FILE: str(key)})
    vault.kept["logferry:home", "logferry"] = "of the keyring"
    await store.forget("home")
    assert vault.kept == {}
    assert key.read_text() == "injected\n"
    assert await store.secret("home") == "injected"


def open_to_others(path: Path) -> None:
    laid_down(path, mode=0o604)


def open_to_the_group(path: Path) -> None:
    laid_down(path, mode=0o640)


def link(path: Path) -> None:
    path.symlink_to(laid_down(path.with_name("real")))


def pipe(path: Path) -> None:
    if sys.platform != "win32":
        os.mkfifo(path, 0o600)


def folder(path: Path) -> None:
    path.mkdir(0o700)


def absent(path: Path) -> None:
    pass


def empty(path: Path) -> None:
    laid_down(path, "\n")


def two_lines(path: Path) -> None:
    laid_down(path, "one\ntwo\n")


def foreign_letters(path: Path) -> None:
    laid_down(path, "schlüssel")


def huge(path: Path) -> None:
    laid_down(path, "x" * 65_537)


REFUSED: Mapping[Callable[[Path], None], str] = {
    open_to_others: "others can read it",
    open_to_the_group: "others can read it",
    link: "symbolic link",
    pipe: "no regular file",
    folder: "no regular file",
    absent: "no such file",
    empty: "one line",
    two_lines: "one line",
    foreign_letters: "something else",
    huge: "longer than any key",
}


@pytest.mark.parametrize("lay", REFUSED, ids=lambda lay: lay.__name__)
async def test_what_is_laid_down_badly_is_refused_with_a_reason_and_nothing_takes_its_place(
    tmp_path: Path, vault: Vault, lay: Callable[[Path], None]
) -> None:
    lay(tmp_path / "key")
    store = credentials(tmp_path, vault, {FILE: str(tmp_path / "key")})
    vault.kept["logferry:home", "logferry"] = "of the keyring"
    assert (await store.access("home"), await store.secret("home")) == (Access.REFUSED, None)
    (note,) = await store.notes(["home", "away"])
    assert note.code == "secret-file-refused"
    assert REFUSED[lay] in note.message
    assert str(tmp_path / "key") in note.message


async def test_a_file_that_was_mended_is_taken(tmp_path: Path, vault: Vault) -> None:
    open_to_others(tmp_path / "key")
    store = credentials(tmp_path, vault, {FILE: str(tmp_path / "key")})
    assert await store.notes(["home"])
    (tmp_path / "key").chmod(0o600)
    assert await store.notes(["home"]) == []
    assert await store.secret("home") == "injected"


async def test_a_credential_that_everybody_can_read_is_refused(tmp_path: Path, vault: Vault) -> None:
    laid_down(tmp_path / "creds" / "logferry.home", mode=0o444)
    store = credentials(tmp_path, vault, {"CREDENTIALS_DIRECTORY": str(tmp_path / "creds")})
    assert await store.access("home") is Access.REFUSED


async def test_a_refusal_never_shows_what_the_file_holds(tmp_path: Path, vault: Vault) -> None:
    store = credentials(tmp_path, vault, {FILE: str(laid_down(tmp_path / "key", "hush\nhush", 0o644))})
    assert "hush" not in repr(await store.notes(["home"])) + await store.origin("home")
