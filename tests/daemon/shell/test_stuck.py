"""What is given up is what a destination never takes: an outage before that, or one that fails all alike, is no reason."""

from __future__ import annotations

import pytest

from logferry_daemon.core.exchange import Response
from logferry_model.envelope import ReceiptStatus
from tests.daemon.shell.office import Office, answer, name_of, problem, stored
from tests.daemon.shell.test_poison import HOUR, office
from tests.fakes import Answer, Sent

MISMATCH = problem(422, code="digest-mismatch")
ONCE: dict[str, Answer] = {
    "accepted": lambda sent: stored(sent, status=ReceiptStatus.ACCEPTED),
    "under way": problem(409),
    "no receipt": answer(200, b"{}"),
    "500": problem(500),
    "other bytes": MISMATCH,
}


async def parked(desk: Office) -> set[str]:
    return {name for name, state in (await desk.states()).items() if state == "failed"}


@pytest.mark.parametrize("said", ONCE)
async def test_one_such_answer_after_a_long_outage_parks_nothing(said: str) -> None:
    seen: set[str] = set()

    def once(sent: Sent) -> Response:
        name, what = name_of(sent), ONCE[said]
        if name in seen:
            return stored(sent)
        seen.add(name)
        return what(sent) if callable(what) else what  # type: ignore[return-value]  # none of them raises

    desk = await office(problem(503), "aa", "bb")
    await desk.work(30 * HOUR)
    desk.sender.script = [once]
    await desk.work(2 * HOUR)
    assert seen == {"aa", "bb"}
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_a_proxy_that_says_yes_to_all_for_a_week_parks_nothing_and_all_goes_afterwards() -> None:
    desk = await office(answer(200, b"{}"), "aa", "bb", "cc")
    await desk.work(7 * 24 * HOUR)
    assert await parked(desk) == set()
    desk.sender.script = [stored]
    await desk.work(2 * HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_what_fails_for_ever_is_parked() -> None:
    desk = await office(problem(500), "aa")
    await desk.work(23 * HOUR)
    assert await parked(desk) == set()
    await desk.work(2 * HOUR)
    assert await parked(desk) == {"aa"}


async def test_a_digest_is_refused_three_times_whatever_went_before() -> None:
    desk = await office(problem(503), "aa")
    await desk.work(HOUR)
    before = len(desk.sender.sent)
    desk.sender.script = [MISMATCH]
    await desk.work(2 * HOUR)
    assert await parked(desk) == {"aa"}
    assert len(desk.sender.sent) == before + 3
