from __future__ import annotations

import asyncio
import re
import stat
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from keyring.errors import KeyringLocked

from logferry_daemon.adapters.credentials_keyring import KeyringCredentials
from logferry_daemon.core.gate import Access
from logferry_daemon.core.secret_parts import MAX_PARTS, MAX_UNITS, split, units
from logferry_daemon.ports import Credentials
from logferry_model.errors import Misconfigured
from tests.contracts.vault import Vault
from tests.fakes import MemoryCredentials

DIAMOND = "\N{GEM STONE}"
"""Two UTF-16 units."""


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def secrets_file(tmp_path: Path) -> Path:
    return tmp_path / "secrets.json"


@pytest.fixture
def keyring(vault: Vault, secrets_file: Path) -> KeyringCredentials:
    return KeyringCredentials(secrets_file, {}, backends=lambda: [vault], limit_seconds=60, patience_seconds=60)


def give_up_after(keyring: KeyringCredentials, seconds: float) -> None:
    """From now on; before that no test depends on how soon a thread gets its turn."""
    keyring._limit = keyring._patience = seconds


@pytest.fixture
def bare(secrets_file: Path) -> KeyringCredentials:
    """On a system without a keyring."""
    return KeyringCredentials(secrets_file, {}, backends=list)


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


LONG = ["x" * 1_200, "x" * 1_201, "x" * 1_280, "x" * 1_281, DIAMOND * 600, DIAMOND * 600 + "x", "x" + DIAMOND * 640]


@pytest.mark.parametrize("secret", LONG, ids=lambda secret: f"{secret[-1]!a}{len(secret)}-{units(secret)}-units")
async def test_a_long_secret_is_given_back_whole_and_forgotten_whole(store: Store, secret: str) -> None:
    await store.keep("home", secret)
    assert await store.state("home") == (Access.AVAILABLE, secret)
    await store.keep("home", "short")
    assert await store.state("home") == (Access.AVAILABLE, "short")
    await store.credentials.forget("home")
    assert await store.state("home") == (Access.ABSENT, None)


async def test_the_longest_secret_is_kept_and_one_unit_more_is_refused_before_anything_is_written(store: Store) -> None:
    longest = "x" * MAX_PARTS * MAX_UNITS
    await store.keep("home", longest)
    error = await code_of(lambda: store.keep("home", longest + "x"))
    assert error.code == "secret-too-long"
    assert await store.state("home") == (Access.AVAILABLE, longest)


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
    give_up_after(keyring, 0.1)
    assert await keyring.make_own_key("tokens") == (Access.STUCK, None)
    vault.answers.set()


async def test_the_file_is_its_owners_alone(bare: KeyringCredentials, secrets_file: Path) -> None:
    await bare.keep("home", "s3cret", insecure=True)
    assert stat.S_IMODE(secrets_file.stat().st_mode) == 0o600
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


async def test_a_file_that_others_can_read_is_closed_and_its_owner_told(
    bare: KeyringCredentials, secrets_file: Path
) -> None:
    await bare.keep("home", "s3cret", insecure=True)
    secrets_file.chmod(0o644)
    assert await bare.secret("home") == "s3cret"
    assert stat.S_IMODE(secrets_file.stat().st_mode) == 0o600
    assert [note.code for note in await bare.notes(["home"])] == ["key-file-was-open", "key-in-file"]


async def test_a_file_that_is_a_link_holds_no_secret(
    bare: KeyringCredentials, secrets_file: Path, tmp_path: Path
) -> None:
    await bare.keep("home", "s3cret", insecure=True)
    secrets_file.rename(tmp_path / "elsewhere")
    secrets_file.symlink_to(tmp_path / "elsewhere")
    assert await bare.access("home") is Access.ABSENT


async def test_a_key_in_a_file_is_told_for_as_long_as_it_is_there(
    keyring: KeyringCredentials, secrets_file: Path
) -> None:
    assert await keyring.notes(["home"]) == []
    await keyring.keep("home", "s3cret", insecure=True)
    for _ in range(2):
        (note,) = await keyring.notes(["home", "away"])
        assert (note.code, "logferry login home" in note.hint) == ("key-in-file", True)
    await keyring.keep("home", "s3cret", insecure=False)
    assert await keyring.notes(["home"]) == []


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
    before = vault.calls
    give_up_after(keyring, 0.1)
    assert await keyring.access("home") is Access.STUCK
    give_up_after(keyring, 3_600)  # nobody waits for what hangs already
    for _ in range(5):
        assert await keyring.access("home") is Access.STUCK
        assert await keyring.secret("home") is None
    assert (await code_of(lambda: keyring.keep("home", "new", insecure=False))).code == "keyring-stuck"
    assert (await code_of(lambda: keyring.forget("home"))).code == "keyring-stuck"
    async with asyncio.timeout(60):
        while vault.calls == before:  # its thread begins when it has its turn
            await asyncio.sleep(0.01)
    assert vault.calls == before + 1
    vault.answers.set()
    async with asyncio.timeout(60):
        while await keyring.access("home") is Access.STUCK:
            await asyncio.sleep(0.01)
    assert await keyring.secret("home") == "s3cret"


async def test_many_who_ask_at_once_are_all_answered_one_after_the_other(
    keyring: KeyringCredentials, vault: Vault
) -> None:
    await keyring.keep("home", "s3cret", insecure=False)
    assert await asyncio.gather(*(keyring.secret("home") for _ in range(8))) == ["s3cret"] * 8


async def test_who_only_asks_makes_no_keyring_ask_its_user(keyring: KeyringCredentials, vault: Vault) -> None:
    """Reading a locked one shows a dialogue: once every few seconds, were it for the daemon."""
    await keyring.keep("home", "s3cret", insecure=False)
    for state in (Access.LOCKED, Access.ABSENT):
        vault.state, before = state, vault.calls
        assert (await keyring.access("home"), await keyring.secret("home")) == (state, None)
        assert await keyring.make_own_key("tokens") == (state, None)
        assert vault.calls <= before + 5, "it was not only glanced at"
        assert set(vault.kept) == {("logferry:home", "logferry")}
    await keyring.keep("home", "new", insecure=False)  # a person waits for this one
    vault.state = Access.AVAILABLE
    assert await keyring.secret("home") == "new"


async def test_a_person_has_longer_to_answer_than_a_program(vault: Vault, secrets_file: Path) -> None:
    keyring = KeyringCredentials(secrets_file, {}, backends=lambda: [vault], limit_seconds=0.05, patience_seconds=20)
    vault.answers.clear()
    login = asyncio.create_task(keyring.keep("home", "s3cret", insecure=False))
    await asyncio.sleep(0)
    for _ in range(3):
        assert await keyring.access("home") is Access.LOCKED  # its user is being asked
    assert not login.done()
    vault.answers.set()
    await login
    give_up_after(keyring, 60)
    assert await keyring.secret("home") == "s3cret"
    assert vault.most_at_once == 1


async def test_a_keyring_that_starts_later_is_found(vault: Vault, secrets_file: Path) -> None:
    there: list[Vault] = []
    keyring = KeyringCredentials(secrets_file, {}, backends=lambda: there)
    vault.kept["logferry:home", "logferry"] = "s3cret"
    assert await keyring.access("home") is Access.ABSENT
    there.append(vault)
    assert await keyring.secret("home") == "s3cret"


@pytest.mark.parametrize("writes", range(4))
@pytest.mark.parametrize("old", ["", "short", "o" * 5_000])
async def test_a_write_that_breaks_off_leaves_the_old_secret_or_none_and_never_a_half(
    keyring: KeyringCredentials, vault: Vault, old: str, writes: int
) -> None:
    if old:
        await keyring.keep("home", old, insecure=False)
    vault.writes_left = writes
    await code_of(lambda: keyring.keep("home", "n" * 4_000, insecure=False))
    assert await keyring.secret("home") in {old or None, None}
    await keyring.forget("home")
    assert vault.kept == {}


@pytest.mark.parametrize("spoilt", [1, 2])
async def test_a_part_that_is_gone_or_garbled_makes_the_secret_absent(
    keyring: KeyringCredentials, vault: Vault, spoilt: int
) -> None:
    await keyring.keep("home", "x" * 2_000, insecure=False)
    part = (f"logferry:home#{spoilt}", "logferry")
    good = vault.kept[part]
    for bad in (good[:-1], good[:-1] + "y", good + "x"):
        vault.kept[part] = bad
        assert (await keyring.access("home"), await keyring.secret("home")) == (Access.ABSENT, None)
    del vault.kept[part]
    assert await keyring.access("home") is Access.ABSENT
    vault.kept[part] = good
    assert await keyring.secret("home") == "x" * 2_000


async def test_no_entry_is_longer_than_a_windows_vault_takes(keyring: KeyringCredentials, vault: Vault) -> None:
    await keyring.keep("home", "x" + DIAMOND * 3_000, insecure=False)
    assert max(len(kept.encode("utf-16-le")) for kept in vault.kept.values()) <= 2_400


async def test_what_a_longer_secret_left_behind_is_deleted(keyring: KeyringCredentials, vault: Vault) -> None:
    await keyring.keep("home", "x" * 5_000, insecure=False)
    assert len(vault.kept) == 6
    await keyring.keep("home", "x" * 1_300, insecure=False)
    assert len(vault.kept) == 3
    await keyring.keep("home", "x", insecure=False)
    assert vault.kept == {("logferry:home", "logferry"): "x"}


async def test_a_secret_that_looks_like_the_manifest_of_parts_is_a_secret(
    keyring: KeyringCredentials, vault: Vault
) -> None:
    sly, _ = split("x" * 2_000)
    await keyring.keep("home", sly, insecure=False)
    assert await keyring.secret("home") == sly


async def test_who_forgets_quietly_makes_no_keyring_ask_its_user(keyring: KeyringCredentials, vault: Vault) -> None:
    await keyring.keep("home", "s3cret", insecure=False)
    vault.state, before = Access.LOCKED, vault.calls
    assert "locked" in (await code_of(lambda: keyring.forget("home", quiet=True))).message
    assert vault.calls == before + 1
    vault.state = Access.AVAILABLE
    await keyring.forget("home", quiet=True)
    assert vault.kept == {}


async def test_a_keyring_that_does_not_delete_is_found_out(keyring: KeyringCredentials, vault: Vault) -> None:
    await keyring.keep("home", "s3cret", insecure=False)
    vault.clinging = True
    error = await code_of(lambda: keyring.forget("home"))
    assert (error.code, "still there" in error.message) == ("keyring-refused", True)


async def test_own_keys_leave_the_file_with_the_login_that_found_a_keyring(vault: Vault, secrets_file: Path) -> None:
    there: list[Vault] = []
    keyring = KeyringCredentials(secrets_file, {}, backends=lambda: there)
    await keyring.keep("home", "s3cret", insecure=True)
    kept = await keyring.make_own_key("tokens")
    there.append(vault)
    await keyring.keep("home", "s3cret", insecure=False)
    assert not secrets_file.exists()
    assert await keyring.own_key("tokens") == kept


async def test_no_secret_stands_in_what_went_wrong(keyring: KeyringCredentials, vault: Vault) -> None:
    for error in (OSError("of s3cret"), RawError("of s3cret")):
        vault.error = error
        refused = await code_of(lambda: keyring.keep("home", "s3cret", insecure=False))
        assert "s3cret" not in "".join(traceback.format_exception(refused)) + repr(keyring)
