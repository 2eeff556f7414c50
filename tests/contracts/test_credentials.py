from __future__ import annotations

import asyncio
import json
import os
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from keyring.errors import KeyringLocked, PasswordDeleteError

from logferry_daemon.adapters.credentials_keyring import MAX_UNITS, KeyringCredentials
from logferry_daemon.core.gate import Access
from logferry_daemon.ports import Credentials
from logferry_model.errors import Misconfigured
from tests.conftest import only_on
from tests.fakes import MemoryCredentials

DIAMOND = "\N{GEM STONE}"
"""Two UTF-16 units."""


class Vault:
    """An operating system's keyring in memory, with its moods."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.forgetful = False
        self.calls = 0
        self.at_once = 0

    def get_password(self, service: str, username: str) -> str | None:
        self._ask()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._ask()
        if not self.forgetful:
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._ask()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("no such password")

    def _ask(self) -> None:
        self.calls += 1
        self.at_once += 1
        self.answers.wait()
        self.at_once -= 1
        if self.error:
            raise self.error


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def secrets_file(tmp_path: Path) -> Path:
    return tmp_path / "secrets.json"


@pytest.fixture
def keyring(vault: Vault, secrets_file: Path) -> KeyringCredentials:
    return KeyringCredentials(secrets_file, backends=lambda: [vault], limit_seconds=0.2)


@pytest.fixture
def bare(secrets_file: Path) -> KeyringCredentials:
    """On a system without a keyring."""
    return KeyringCredentials(secrets_file, backends=list)


@pytest.fixture(params=["keyring", "file", "memory"])
def store(request: pytest.FixtureRequest, keyring: KeyringCredentials, bare: KeyringCredentials) -> Store:
    makers: dict[str, Callable[[], Store]] = {
        "keyring": lambda: Store(keyring, insecure=False),
        "file": lambda: Store(bare, insecure=True),
        "memory": lambda: Store(MemoryCredentials(), insecure=False),
    }
    return makers[request.param]()


class Store:
    """Credentials, and whether their owner allowed the file."""

    def __init__(self, credentials: Credentials, *, insecure: bool) -> None:
        self.credentials = credentials
        self._insecure = insecure

    async def keep(self, destination: str, secret: str) -> None:
        await self.credentials.keep(destination, secret, insecure=self._insecure)

    async def state(self, destination: str) -> tuple[Access, str | None]:
        return await self.credentials.access(destination), await self.credentials.secret(destination)


async def code_of(call: Callable[[], object]) -> Misconfigured:
    with pytest.raises(Misconfigured) as caught:
        await call()  # type: ignore[misc]  # a coroutine function
    return caught.value


# What all do


async def test_what_was_never_kept_is_absent(store: Store) -> None:
    assert await store.state("home") == (Access.ABSENT, None)


async def test_what_is_kept_is_given_back(store: Store) -> None:
    await store.keep("home", "s3cret")
    assert await store.state("home") == (Access.AVAILABLE, "s3cret")
    assert await store.state("away") == (Access.ABSENT, None)


async def test_the_newer_secret_counts(store: Store) -> None:
    await store.keep("home", "old")
    await store.keep("home", "new")
    assert await store.state("home") == (Access.AVAILABLE, "new")


async def test_what_is_forgotten_is_absent_and_the_others_stay(store: Store) -> None:
    await store.keep("home", "one")
    await store.keep("away", "two")
    await store.credentials.forget("home")
    assert await store.state("home") == (Access.ABSENT, None)
    assert await store.state("away") == (Access.AVAILABLE, "two")


async def test_forgetting_what_is_not_there_is_done(store: Store) -> None:
    await store.credentials.forget("home")


@pytest.mark.parametrize("secret", ["x" * MAX_UNITS, DIAMOND * (MAX_UNITS // 2)])
async def test_the_longest_secret_is_kept(store: Store, secret: str) -> None:
    await store.keep("home", secret)
    assert await store.state("home") == (Access.AVAILABLE, secret)


@pytest.mark.parametrize("secret", ["x" * (MAX_UNITS + 1), DIAMOND * (MAX_UNITS // 2) + "x"])
async def test_one_unit_more_is_refused_before_anything_is_written(store: Store, secret: str) -> None:
    error = await code_of(lambda: store.keep("home", secret))
    assert error.code == "secret-too-long"
    assert await store.state("home") == (Access.ABSENT, None)


async def test_a_key_of_the_installation_itself_is_made_once_and_stays(store: Store) -> None:
    await store.keep("home", "s3cret")
    assert await store.credentials.own_key("tokens") == (Access.ABSENT, None)
    access, key = await store.credentials.make_own_key("tokens")
    assert access is Access.AVAILABLE
    assert key is not None
    assert re.fullmatch(r"[0-9a-f]{64}", key)
    assert await store.credentials.make_own_key("tokens") == (access, key)
    assert await store.credentials.own_key("tokens") == (access, key)


async def test_own_keys_differ_by_name_and_two_who_make_one_at_once_get_the_same(store: Store) -> None:
    await store.keep("home", "s3cret")
    keys = await asyncio.gather(*(store.credentials.make_own_key("tokens") for _ in range(4)))
    assert len(set(keys)) == 1
    assert await store.credentials.make_own_key("other") != keys[0]


async def test_an_own_key_is_no_destination_and_outlives_them(store: Store) -> None:
    await store.keep("home", "s3cret")
    kept = await store.credentials.make_own_key("tokens")
    assert await store.state("tokens") == (Access.ABSENT, None)
    await store.credentials.forget("home")
    await store.credentials.forget("tokens")
    assert await store.credentials.own_key("tokens") == kept


# What only the real one shows


async def test_an_own_key_goes_to_no_file_that_was_not_allowed(bare: KeyringCredentials, secrets_file: Path) -> None:
    assert await bare.make_own_key("tokens") == (Access.ABSENT, None)
    assert not secrets_file.exists()


async def test_an_own_key_lies_in_the_file_that_was_allowed_and_is_no_destination_there(
    bare: KeyringCredentials, secrets_file: Path
) -> None:
    await bare.keep("home", "s3cret", insecure=True)
    _, key = await bare.make_own_key("tokens")
    assert key is not None
    assert key in secrets_file.read_text()
    assert stat.S_IMODE(secrets_file.stat().st_mode) == 0o600
    assert bare.insecure() == ("home",)


async def test_an_own_key_goes_to_the_keyring_where_there_is_one_also_when_a_file_is_allowed(
    keyring: KeyringCredentials, vault: Vault, secrets_file: Path
) -> None:
    await keyring.keep("home", "s3cret", insecure=True)
    _, key = await keyring.make_own_key("tokens")
    assert key in vault.kept.values()
    assert str(key) not in secrets_file.read_text()


@pytest.mark.parametrize(("error", "state"), [(KeyringLocked("locked"), Access.LOCKED), (OSError(), Access.DENIED)])
async def test_no_second_own_key_is_made_while_the_keyring_does_not_say_what_it_has(
    keyring: KeyringCredentials, vault: Vault, error: Exception, state: Access
) -> None:
    kept = await keyring.make_own_key("tokens")
    vault.error = error
    assert await keyring.make_own_key("tokens") == (state, None)
    vault.error = None
    assert await keyring.make_own_key("tokens") == kept


async def test_an_own_key_of_a_keyring_that_hangs_or_throws_it_away_is_none(
    keyring: KeyringCredentials, vault: Vault
) -> None:
    vault.forgetful = True
    assert await keyring.make_own_key("tokens") == (Access.ABSENT, None)
    vault.answers.clear()
    assert await keyring.make_own_key("tokens") == (Access.STUCK, None)
    vault.answers.set()


async def test_the_file_is_its_owners_alone(bare: KeyringCredentials, secrets_file: Path) -> None:
    await bare.keep("home", "s3cret", insecure=True)
    assert stat.S_IMODE(secrets_file.stat().st_mode) == 0o600
    assert bare.insecure() == ("home",)
    assert [path.name for path in secrets_file.parent.iterdir()] == [secrets_file.name]


async def test_a_file_left_by_a_crash_is_written_over(bare: KeyringCredentials, secrets_file: Path) -> None:
    left = secrets_file.with_suffix(".new")
    left.write_text("half")
    left.chmod(0o644)
    await bare.keep("home", "s3cret", insecure=True)
    assert stat.S_IMODE(secrets_file.stat().st_mode) == 0o600
    assert await bare.secret("home") == "s3cret"


async def test_the_file_goes_with_its_last_secret(bare: KeyringCredentials, secrets_file: Path) -> None:
    await bare.keep("home", "s3cret", insecure=True)
    await bare.forget("home")
    assert not secrets_file.exists()


@pytest.mark.parametrize("text", ["", "{", "[1]", "\0"])
async def test_a_damaged_file_holds_no_secret_and_stays(
    bare: KeyringCredentials, secrets_file: Path, text: str
) -> None:
    secrets_file.write_text(text)
    assert await bare.secret("home") is None
    await bare.forget("home")
    assert secrets_file.read_text() == text


async def test_nothing_goes_to_the_file_that_was_not_allowed_there(
    bare: KeyringCredentials, secrets_file: Path
) -> None:
    error = await code_of(lambda: bare.keep("home", "s3cret", insecure=False))
    assert error.code == "no-keyring"
    assert "--insecure-storage" in error.hint
    assert not secrets_file.exists()


async def test_a_secret_that_moves_into_the_keyring_leaves_the_file(
    keyring: KeyringCredentials, secrets_file: Path
) -> None:
    await keyring.keep("home", "open", insecure=True)
    await keyring.keep("home", "closed", insecure=False)
    assert await keyring.secret("home") == "closed"
    assert not secrets_file.exists()


async def test_each_secret_has_a_service_of_its_own(keyring: KeyringCredentials, vault: Vault) -> None:
    await keyring.keep("home", "one", insecure=False)
    await keyring.keep("away", "two", insecure=False)
    assert {service for service, _ in vault.kept} == {"logferry:home", "logferry:away"}
    assert len({user for _, user in vault.kept}) == 1


async def test_a_keyring_that_throws_secrets_away_is_found_out(keyring: KeyringCredentials, vault: Vault) -> None:
    vault.forgetful = True
    error = await code_of(lambda: keyring.keep("home", "s3cret", insecure=False))
    assert error.code == "keyring-unusable"


class RawError(Exception):
    """As the Windows library raises: no error of keyring's own."""


@pytest.mark.parametrize(
    ("error", "state"),
    [(KeyringLocked("locked"), Access.LOCKED), (RawError(1312), Access.DENIED), (OSError("gone"), Access.DENIED)],
)
async def test_a_keyring_that_says_no_is_a_state_and_no_crash(
    keyring: KeyringCredentials, vault: Vault, error: Exception, state: Access
) -> None:
    await keyring.keep("home", "s3cret", insecure=False)
    vault.error = error
    assert await keyring.access("home") is state
    assert await keyring.secret("home") is None
    assert (await code_of(lambda: keyring.keep("home", "new", insecure=False))).code == "keyring-refused"
    assert (await code_of(lambda: keyring.forget("home"))).code == "keyring-refused"
    vault.error = None
    assert (await keyring.access("home"), await keyring.secret("home")) == (Access.AVAILABLE, "s3cret")


async def test_a_keyring_that_hangs_is_stuck_within_its_limit_and_asked_only_once(
    keyring: KeyringCredentials, vault: Vault
) -> None:
    await keyring.keep("home", "s3cret", insecure=False)
    vault.answers.clear()
    before, started = vault.calls, time.monotonic()
    for _ in range(5):
        assert await keyring.access("home") is Access.STUCK
        assert await keyring.secret("home") is None
    assert (await code_of(lambda: keyring.keep("home", "new", insecure=False))).code == "keyring-stuck"
    assert (await code_of(lambda: keyring.forget("home"))).code == "keyring-stuck"
    assert time.monotonic() - started < 1
    assert vault.calls == before + 1
    vault.answers.set()
    async with asyncio.timeout(5):
        while await keyring.access("home") is Access.STUCK:
            await asyncio.sleep(0.01)
    assert await keyring.secret("home") == "s3cret"


async def test_many_who_ask_at_once_are_all_answered_one_after_the_other(
    keyring: KeyringCredentials, vault: Vault
) -> None:
    await keyring.keep("home", "s3cret", insecure=False)
    assert await asyncio.gather(*(keyring.secret("home") for _ in range(8))) == ["s3cret"] * 8


ASK = """
import asyncio, json, pathlib, sys
from logferry_daemon.adapters.credentials_keyring import KeyringCredentials, trusted_backends
from logferry_model.errors import Misconfigured

async def main(file):
    credentials = KeyringCredentials(file)
    try:
        await credentials.keep("home", "s3cret", insecure=False)
        kept = "kept"
    except Misconfigured as error:
        kept = error.code
    print(json.dumps([len(trusted_backends()), kept, (await credentials.access("home")).value]))

asyncio.run(main(pathlib.Path(sys.argv[1])))
"""
RIVAL = """
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 99

    def get_password(self, service, username): return open("PLAIN").read()
    def set_password(self, service, username, password): open("PLAIN", "w").write(password)
    def delete_password(self, service, username): pass
"""


@only_on("linux")
@pytest.mark.parametrize(
    "chosen", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring", "rival.Keyring", ""]
)
def test_keyrings_that_keep_nothing_or_plain_text_are_never_used(tmp_path: Path, chosen: str) -> None:
    """Neither the environment nor a file in the config folder can choose one."""
    plain = tmp_path / "plain.txt"
    (tmp_path / "rival.py").write_text(RIVAL.replace("PLAIN", str(plain)))
    config = tmp_path / "python_keyring" / "keyringrc.cfg"
    config.parent.mkdir()
    config.write_text(f"[backend]\ndefault-keyring=rival.Keyring\nkeyring-path={tmp_path}\n")
    environment = {key: value for key, value in os.environ.items() if key != "DBUS_SESSION_BUS_ADDRESS"}
    environment |= {"XDG_CONFIG_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    if chosen:
        environment["PYTHON_KEYRING_BACKEND"] = chosen
    command = [sys.executable, "-c", ASK, str(tmp_path / "secrets.json")]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(child.stdout) == [0, "no-keyring", "absent"]
    assert not plain.exists()
    assert not (tmp_path / "secrets.json").exists()


def test_a_stuck_keyring_does_not_hold_the_end_of_the_program_up(tmp_path: Path) -> None:
    script = """
import asyncio, pathlib, sys, threading
from logferry_daemon.adapters.credentials_keyring import KeyringCredentials

class Stuck:
    def get_password(self, service, username):
        threading.Event().wait()

async def main():
    print((await KeyringCredentials(pathlib.Path("none"), backends=lambda: [Stuck()], limit_seconds=0.1).access("a")).value)

asyncio.run(main())
"""
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=10)
    assert child.stdout.strip() == "stuck"
    assert child.stderr == ""
