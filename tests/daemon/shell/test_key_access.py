"""Whether there is a key for where a destination is, and how seldom that is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from logferry_daemon.core.gate import ACCESS_VALID, Access
from tests.contracts.spooling import HOME
from tests.daemon.shell.gatehouse import HOUR, House, agreed
from tests.daemon.shell.office import DESTINATION, SECOND
from tests.fakes import MemoryCredentials


@pytest.fixture
async def house() -> House:
    return await agreed()


class Taken(MemoryCredentials):
    """A key that was laid down, and one in the keyring below it; the upper one is taken away at some question."""

    def __init__(self, *, after: int) -> None:
        super().__init__(home="s3cret of the keyring")
        self.left = after

    async def origin(self, destination: str) -> str:
        return "the credential logferry.home" if self.left > 0 else ""

    async def secret(self, destination: str) -> str | None:
        self.left -= 1
        return "s3cret that was laid down" if self.left >= 0 else await super().secret(destination)


async def test_a_key_that_was_laid_down_counts_no_moment_longer_than_it_lies_there(house: House) -> None:
    credentials = house.credentials = Taken(after=9)
    house.gates = house._gates()
    await house.gates.load()
    await house.spool.set_note("key-for:home", "another place")
    assert (await house.gates.gate(DESTINATION)).open
    assert await house.gates.keys.secret(DESTINATION) == "s3cret that was laid down"
    credentials.left = 0
    assert await house.reason() == "no key"
    assert await house.gates.keys.secret(DESTINATION) is None


@pytest.mark.parametrize("after", [0, 1])
async def test_a_key_that_is_taken_away_between_two_questions_is_not_taken_for_the_one_below(
    house: House, after: int
) -> None:
    credentials = house.credentials = Taken(after=9)
    house.gates = house._gates()
    await house.gates.load()
    await house.spool.set_note("key-for:home", "another place")
    assert (await house.gates.gate(DESTINATION)).open
    credentials.left = after
    assert await house.gates.keys.secret(DESTINATION) is None


async def test_the_keyring_is_asked_at_most_every_half_minute(house: House) -> None:
    for _ in range(120):
        await house.gates.gate(DESTINATION)
        house.clock.move(SECOND)
    assert 1 <= house.credentials.asked <= 120 * SECOND / ACCESS_VALID


async def test_a_keyring_that_was_locked_is_asked_again_soon_and_then_ever_less(house: House) -> None:
    house.credentials.state = Access.LOCKED
    asked = []
    for second in range(180):
        before = house.credentials.asked
        await house.gates.gate(DESTINATION)
        asked += [second] if house.credentials.asked > before else []
        house.clock.move(SECOND)
    gaps = [later - sooner for sooner, later in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert gaps[0] <= 3
    assert set(gaps[4:]) == {31}
    house.credentials.state = None
    house.clock.move(ACCESS_VALID + SECOND)
    assert await house.reason() == ""
    house.credentials.state = Access.STUCK
    house.clock.move(ACCESS_VALID + SECOND)
    assert await house.reason() == "keyring does not answer"
    house.credentials.state = None
    house.clock.move(3 * SECOND)
    assert await house.reason() == "", "the next trouble is a new one"


async def test_a_secret_that_was_not_there_after_all_makes_the_gate_ask_at_once(house: House) -> None:
    assert await house.reason() == ""
    house.credentials.state = Access.LOCKED
    assert await house.reason() == ""
    house.gates.keys.doubt(HOME)
    assert await house.reason() == "keyring locked"


async def test_the_keyring_is_asked_again_when_somebody_changed_something(house: House) -> None:
    house.credentials.state = Access.LOCKED
    assert await house.reason() == "keyring locked"
    house.credentials.state = None
    assert await house.reason() == "keyring locked"
    house.gates.forgive(HOME)
    assert await house.reason() == ""


async def test_the_keyring_is_asked_again_after_as_long_when_the_clock_was_set_back(house: House) -> None:
    house.credentials.state = Access.LOCKED
    await house.reason()
    house.credentials.state = None
    house.clock.set(house.clock.now() - timedelta(days=3))
    assert await house.reason() == "keyring locked"
    house.clock.move(ACCESS_VALID)
    assert await house.reason() == ""


async def test_the_keyring_is_never_asked_for_a_destination_without_consent(house: House) -> None:
    await house.gates.consents.withdrawn(HOME)
    for _ in range(10):
        await house.gates.gate(DESTINATION)
        house.clock.move(HOUR)
    assert house.credentials.asked == 0


async def test_a_key_that_its_keyring_could_not_forget_goes_to_no_other_address(house: House) -> None:
    """R-I7: the keyring was away when the address was changed, and has the key of the old one still."""
    await house.spool.enlist(HOME, DESTINATION.place, house.clock.now())
    await house.gates.keyed(DESTINATION)
    assert (await house.gates.gate(DESTINATION)).open
    moved = replace(DESTINATION, url="https://elsewhere.example")
    await house.restart()
    await house.spool.enlist(HOME, moved.place, house.clock.now())
    await house.agree(moved)
    assert await house.reason(moved) == "no key"
    await house.gates.keyed(moved)
    assert (await house.gates.gate(moved)).open
