"""Cells of the network between: F6, F7, F10 to F17."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from tests.acceptance.matrix.world import SESSIONS, World, world
from tests.acceptance.running import DESTINATION, until
from tests.faults import scripts
from tests.faults.served import served
from tests.faults.tcp import HEALTHY, UNANSWERED, End, Fault, Line, Plan

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]
SEEDS = (1, 2, 3)
FEW = 6


def sometimes(seed: int, fault: Callable[[Random], Fault], *, share: float = 0.5, most: int = 25) -> Plan:
    """This share of the connections suffers, until it has been enough."""
    chance, left = Random(seed), most

    def plan(_: int, __: bytes) -> Fault:
        nonlocal left
        if not left or chance.random() >= share:
            return HEALTHY
        left -= 1
        return fault(chance)

    return plan


def posts(fault: Fault) -> Plan:
    """Whoever brings something suffers; who only asks does not."""
    return lambda _, first: fault if first.startswith(b"POST") else HEALTHY


def through(w: World, plan: Plan, number: int = SESSIONS) -> None:
    """All arrives over a network that is never well."""
    # Another daemon has no connection yet: one that is kept alive would carry everything past the plan.
    w.program.kill()
    w.broken(plan, number)
    w.daemon.start()
    until(lambda: w.proxy.broken > 0, "a connection that breaks")
    w.drained()


def test_f06_answers_that_are_lost_after_the_commit(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        through(w, sometimes(1, lambda _: UNANSWERED))
        w.judge(6, "half of the answers", seed=1)


@pytest.mark.parametrize("seed", SEEDS[1:])
def test_f06_more_answers_that_are_lost_after_the_commit(tmp_path: Path, seed: int) -> None:
    with world(tmp_path) as w:
        through(w, sometimes(seed, lambda _: UNANSWERED))
        w.judge(6, "half of the answers", seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_f07_a_reset_in_the_middle_of_a_body(tmp_path: Path, seed: int) -> None:
    with world(tmp_path) as w:
        through(w, sometimes(seed, lambda chance: Fault(up=Line(end=End.RESET, after=chance.randrange(4000)))))
        w.judge(7, "at any byte", seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_f10_an_answer_that_is_cut_short(tmp_path: Path, seed: int) -> None:
    with world(tmp_path) as w:
        through(w, sometimes(seed, lambda chance: Fault(down=Line(end=End.CLOSE, after=chance.randrange(1, 500)))))
        w.judge(10, "at any byte", seed=seed)


BURSTS = {
    "500": [scripts.problem(500, "Broken")] * 8,
    "503 in 1 s": [scripts.problem(503, "Busy", retry_after="1")] * 8,
    "mixed": [scripts.problem(status, "No") for status in (500, 502, 503, 504, 408, 425, 507, 500)],
}


@pytest.mark.parametrize("burst", BURSTS)
def test_f11_a_burst_of_errors_is_waited_out(tmp_path: Path, burst: str) -> None:
    with world(tmp_path) as w:
        w.broken(scripts.always(BURSTS[burst][0]))
        w.hears("does not work at the moment", within=15)
        w.proxy.connections = 0
        w.proxy.plan = scripts.burst(BURSTS[burst])
        w.drained()
        w.judge(11, burst)


WAITS: dict[str, Callable[[], str]] = {
    "seconds": lambda: scripts.in_seconds(timedelta(seconds=3)),
    "date": lambda: scripts.as_date(timedelta(seconds=4)),
    "past": lambda: scripts.as_date(-timedelta(days=2)),
    "absurd": lambda: scripts.ABSURD,
}


@pytest.mark.parametrize("wait", WAITS)
def test_f12_a_limit_is_kept_and_no_attempt_is_counted(tmp_path: Path, wait: str) -> None:
    with world(tmp_path) as w:
        w.broken(posts(Fault(answer=scripts.problem(429, "Too many", retry_after=WAITS[wait]()))))
        w.hears("limit reached", within=10)
        asked = w.proxy.broken
        assert w.daemon.client.status().counts.failed == 0
        # Four were on their way when the first was told to wait; nobody else goes.
        assert asked <= 8
        w.heal()
        w.drained()
        w.judge(12, wait)


@pytest.mark.parametrize("way", ["answer", "body"])
def test_f13_a_server_that_stands_still_is_given_up(tmp_path: Path, way: str) -> None:
    stall = Line(end=End.STALL, after=10)
    fault = Fault(down=Line(slices=1, pause=3.0)) if way == "answer" else Fault(up=stall)
    with world(tmp_path) as w:
        w.broken(lambda _, __: fault, FEW)
        w.hears("no answer in time", "the connection broke", "does not work", within=150)
        w.heal()
        w.drained(seconds=150)
        w.judge(13, f"stalled {way}")


def test_f14_a_slow_and_thin_line_is_only_slow(tmp_path: Path) -> None:
    line = Line(latency=5.0, rate=10_000.0, slices=500)
    with world(tmp_path) as w:
        w.broken(lambda _, __: Fault(up=line, down=Line(rate=10_000.0, slices=500)), FEW)
        w.drains_by_itself(seconds=120)
        verdict = w.judge(14, "5 s, 10 KB/s")
        assert verdict.keys == FEW


def test_f15_nobody_listens(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.collector.programs.clear_away()
        # The proxy takes the connection and finds nobody behind it; then not even the proxy is spoken to.
        w.play()
        w.hears("connection broke", "no connection", within=15)
        assert w.daemon.client.status().counts.failed == 0
        w.collector.start()
        w.drained()
        w.judge(15, "nobody behind the door")


@pytest.mark.parametrize("away", ["refused", "no such name"])
def test_f15_no_way_there(tmp_path: Path, away: str) -> None:
    with world(tmp_path) as w:
        assert w.program.stop() == 0
        url = "https://collector.invalid" if away == "no such name" else "http://127.0.0.1:9"
        w.daemon.configure(sources=w.playground.sources, destinations={DESTINATION: url})
        w.daemon.start()
        w.daemon.agree(w.collector.key)
        w.play()
        w.hears("cannot be resolved", "no connection", within=30)
        assert w.daemon.client.status().counts.failed == 0
        w.daemon.configure(sources=w.playground.sources, destinations={DESTINATION: w.proxy.url})
        w.daemon.programs.started[-1].stop()
        w.daemon.start()
        w.daemon.agree(w.collector.key)
        w.drained()
        w.judge(15, away)


def test_f15_a_black_hole(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.broken(lambda _, __: Fault(silent=True), FEW)
        w.hears("no answer in time", "does not work", within=150)
        assert w.daemon.client.status().counts.failed == 0
        w.heal()
        w.drained(seconds=150)
        w.judge(15, "black hole")


def test_f16_a_captive_portal_is_no_success(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.broken(scripts.always(scripts.portal()))
        w.hears("a web page answered", within=10)
        assert w.daemon.client.status().counts.uploaded == 0
        w.heal()
        w.drained()
        w.judge(16, "200 and a page")


@pytest.mark.parametrize("status", [302, 307])
def test_f17_a_redirect_is_not_followed(tmp_path: Path, status: int) -> None:
    heard = bytearray()

    async def elsewhere(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(2**16))

    with served(elsewhere) as port, world(tmp_path) as w:
        w.broken(scripts.always(scripts.redirect(f"http://127.0.0.1:{port}/", status)))
        w.hears("redirect", within=10)
        w.heal()
        w.drained()
        w.judge(17, str(status))
    assert not heard
