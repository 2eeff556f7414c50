"""What decides whether a destination may be sent to, and what of it lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from logferry_daemon.core.consent import Grant, policy_digest
from logferry_daemon.core.gate import ACCESS_VALID, Access, Block
from logferry_daemon.gates import Destination, Gates
from tests.contracts.spooling import HOME
from tests.daemon.shell.office import DESTINATION, SECOND
from tests.fake_spool import MemorySpool
from tests.fakes import ManualClock, MemoryCredentials

HOUR = timedelta(hours=1)


class House:
    """Gates over fakes, and a count of what they tell."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.spool = MemorySpool()
        self.credentials = MemoryCredentials(home="s3cret")
        self.told = 0
        self.gates = self._gates()

    def _gates(self) -> Gates:
        return Gates(self.clock, self.spool, self.credentials, self._tell)

    def _tell(self) -> None:
        self.told += 1

    async def restart(self) -> None:
        self.gates = self._gates()
        await self.gates.load()

    async def agree(self, destination: Destination = DESTINATION) -> None:
        digest = policy_digest(destination.policy)
        await self.gates.agreed(
            Grant(destination=destination.name, policy_digest=digest, policy_version=1, granted_at=self.clock.now())
        )

    async def reason(self, destination: Destination = DESTINATION) -> str:
        return (await self.gates.gate(destination)).reason


@pytest.fixture
async def house() -> House:
    made = House()
    await made.agree()
    return made


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
    assert await house.gates.secret(DESTINATION) == "s3cret that was laid down"
    credentials.left = 0
    assert await house.reason() == "no key"
    assert await house.gates.secret(DESTINATION) is None


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
    assert await house.gates.secret(DESTINATION) is None


async def test_a_gate_opens_with_consent_and_key(house: House) -> None:
    assert (await house.gates.gate(DESTINATION)).open


async def test_consent_survives_a_restart(house: House) -> None:
    await house.restart()
    assert (await house.gates.gate(DESTINATION)).open


@pytest.mark.parametrize(
    "changed",
    [
        replace(DESTINATION, url="https://elsewhere.example"),
        replace(DESTINATION, url="https://collector.example:8443"),
        replace(DESTINATION, dialect="artemis-rest"),
        replace(DESTINATION, name="other"),
    ],
    ids=["address", "port", "dialect", "name"],
)
async def test_consent_is_for_exactly_this_destination(house: House, changed: Destination) -> None:
    assert await house.reason(changed) == "no consent"
    assert await house.reason() == ""


async def test_consent_that_is_taken_back_is_gone_also_after_a_restart(house: House) -> None:
    await house.gates.withdrawn(HOME)
    assert await house.reason() == "no consent"
    await house.restart()
    assert await house.reason() == "no consent"


async def test_an_open_pause_survives_a_restart_and_ends_only_by_hand(house: House) -> None:
    await house.gates.pause(None)
    await house.restart()
    house.clock.move(300 * HOUR)
    assert (house.gates.paused, house.gates.paused_until) == (True, None)
    assert (await house.gates.gate(DESTINATION)).state == "paused"
    await house.gates.resume()
    await house.restart()
    assert not house.gates.paused


async def test_a_pause_ends_by_time_also_over_a_restart(house: House) -> None:
    await house.gates.pause(HOUR)
    end = house.clock.now() + HOUR
    await house.restart()
    assert (house.gates.paused, house.gates.paused_until) == (True, end)
    assert (await house.gates.gate(DESTINATION)).until == end
    house.clock.move(HOUR)
    assert not house.gates.paused
    assert (await house.gates.gate(DESTINATION)).open


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
    house.gates.doubt_access(HOME)
    assert await house.reason() == "keyring locked"


async def test_the_keyring_is_asked_again_when_somebody_changed_something(house: House) -> None:
    house.credentials.state = Access.LOCKED
    assert await house.reason() == "keyring locked"
    house.credentials.state = None
    assert await house.reason() == "keyring locked"
    house.gates.forgive(HOME)
    assert await house.reason() == ""


async def test_the_keyring_is_asked_again_after_the_clock_was_set_back(house: House) -> None:
    house.credentials.state = Access.LOCKED
    await house.reason()
    house.credentials.state = None
    house.clock.set(house.clock.now() - timedelta(days=3))
    assert await house.reason() == ""


async def test_the_keyring_is_never_asked_for_a_destination_without_consent(house: House) -> None:
    await house.gates.withdrawn(HOME)
    for _ in range(10):
        await house.gates.gate(DESTINATION)
        house.clock.move(HOUR)
    assert house.credentials.asked == 0


async def test_a_block_without_an_end_lasts_until_somebody_does_something(house: House) -> None:
    house.gates.block(HOME, Block(reason="key refused"))
    house.clock.move(300 * HOUR)
    assert await house.reason() == "key refused"
    house.gates.forgive_all()
    assert await house.reason() == ""


async def test_a_block_with_an_end_ends(house: House) -> None:
    house.gates.block(HOME, Block(reason="limit", until=house.clock.now() + HOUR))
    assert await house.reason() == "limit"
    house.clock.move(HOUR)
    assert await house.reason() == ""


async def test_no_block_outlasts_a_clock_that_was_set_back(house: House) -> None:
    house.gates.block(HOME, Block(reason="limit", until=house.clock.now() + HOUR))
    house.clock.set(house.clock.now() - timedelta(days=3))
    assert await house.reason() == ""


async def test_one_destinations_trouble_closes_no_other(house: House) -> None:
    other = replace(DESTINATION, name="other")
    await house.agree(other)
    await house.credentials.keep("other", "s3cret", insecure=False)
    for _ in range(9):
        house.gates.failed(HOME, "no answer in time", 0.5)
    assert await house.reason() == "does not work at the moment: no answer in time"
    assert await house.reason(other) == ""
    house.gates.succeeded(HOME)
    assert await house.reason() == ""


async def test_whatever_an_owner_decides_is_told(house: House) -> None:
    told = house.told
    await house.gates.pause(HOUR)
    await house.gates.resume()
    await house.gates.withdrawn(HOME)
    house.gates.block(HOME, Block(reason="limit"))
    house.gates.forgive(HOME)
    assert house.told == told + 5


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
