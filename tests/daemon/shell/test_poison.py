"""Items that a live destination never takes, at the head of its queue: the others go all the same."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from logferry_daemon.core.exchange import Response
from logferry_daemon.road import AT_ONCE
from logferry_model.errors import Unreachable
from tests.daemon.shell.office import Office, name_of, problem, stored
from tests.fakes import Answer, FixedChance, Sent

HOUR = timedelta(hours=1)
POISON = tuple(f"bad{number:02}" for number in range(2 * AT_ONCE))
GOOD = tuple(f"good{number:02}" for number in range(40))


class Dice(FixedChance):
    """Jitter as it comes, the same in every run."""

    def __init__(self) -> None:
        super().__init__()
        self._dice = random.Random(7)

    def jitter(self) -> float:
        return self._dice.random()


async def office(script: Answer, *names: str) -> Office:
    desk = Office(script)
    desk.chance = Dice()
    desk.open_again()
    await desk.find(*names)
    await desk.agree()
    return desk


def trouble_with_its_own(sent: Sent) -> Response:
    return problem(500) if name_of(sent) in POISON else stored(sent)


def other_bytes_of_its_own(sent: Sent) -> Response:
    return stored(sent, received_digest="00" * 32) if name_of(sent) in POISON else stored(sent)


SCRIPTS: dict[str, Answer] = {"500": trouble_with_its_own, "another body": other_bytes_of_its_own}


@pytest.mark.parametrize("said", SCRIPTS)
async def test_what_is_never_taken_does_not_stand_in_the_way_of_what_is(said: str) -> None:
    desk = await office(SCRIPTS[said], *POISON, *GOOD)
    await desk.work(HOUR)
    states = await desk.states()
    assert {name for name, state in states.items() if state == "uploaded"} == set(GOOD)
    assert {states[name] for name in POISON} == {"pending"}


async def test_a_destination_that_is_not_there_is_not_asked_more_often_for_it() -> None:
    desk = await office(Unreachable("refused", "no connection"), *POISON, *GOOD)
    await desk.work(HOUR)
    assert len(desk.sender.sent) <= 40


async def test_after_an_outage_each_goes_once() -> None:
    desk = await office(problem(503), *GOOD)
    await desk.work(HOUR)
    before = len(desk.sender.sent)
    assert before <= 40
    desk.sender.script = [stored]
    await desk.work(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert len(desk.sender.sent) == before + len(GOOD)
