"""Where letters are made: in a thread, and in a process that may be killed, idle, missing, or left alone by its daemon."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from logferry_daemon.adapters.own_programs import own_program
from logferry_daemon.adapters.work_process import ProcessWorkshop, open_workshop
from logferry_daemon.adapters.work_thread import ThreadWorkshop
from logferry_daemon.core.addressing import Terms, Tokens
from logferry_daemon.core.detectors import Detectors, Surroundings
from logferry_daemon.core.exchange import Letter, Parcel
from logferry_daemon.core.policy import STANDARD, Group, Listing, Policy, Treatment
from logferry_daemon.core.writing import Errand, Written
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_daemon.ports import Workshop
from logferry_model.envelope import encode_session
from logferry_model.errors import Damaged, Refused
from logferry_model.session import Participant
from tests.acceptance.running import until
from tests.conftest import only_on
from tests.daemon.dialects.talking import PARCEL
from tests.factories import event, session
from tests.leaks import HUNT

SLOT = f"@players:{'ab' * 16}"
KEPT = f"@loadouts:{'cd' * 16}"
DIALECT = LogferryDialect()
OWNER = Surroundings(user="oriana", host="quellmont", home="/home/oriana")
SECRET = "lf_s3cret_of_another_destination"
PLAYED = session(
    participants=(Participant(id="me", local=True, name=SLOT), Participant(id="p1", facts={"class": "Ranger"})),
    events=tuple(event(after=timedelta(minutes=n), item=f"Hide {n}", fields={"mode": "solo"}) for n in range(40)),
    name=KEPT,
)
TERMS = Terms(
    policy=Policy(treatments={Group.LOADOUTS: Treatment.KEEP}, only={"artemis": frozenset({"class"})}),
    listing=Listing(fields=frozenset({"mode", "class"}), groups={"mode": Group.LOCATIONS}),
    tokens=Tokens(b"s3cret of the tokens, 32 bytes.."),
    kept={KEPT: "Wyvern"},
)
ERRAND = Errand(
    parcel=replace(PARCEL, document=encode_session(PLAYED)),
    terms=TERMS,
    removed={("note", "looks like a path"): 2},
    secrets=(SECRET,),
    encodings=("zstd", "gzip"),
)
BRIEF = timedelta(milliseconds=50)
LONG = 40_000
"""Events: their letter takes about a second."""


def of(number: int) -> Errand:
    """Another letter for each number."""
    return replace(ERRAND, parcel=replace(ERRAND.parcel, idempotency_key=f"{number:032}"))


def long_errand() -> Errand:
    dice = random.Random(1)
    events = tuple(event(after=timedelta(seconds=n), item=f"{dice.random()}") for n in range(LONG))
    return replace(ERRAND, parcel=replace(PARCEL, document=encode_session(session(events=events))))


async def made_here(errand: Errand) -> Written:
    return await ThreadWorkshop(Detectors(OWNER)).write(errand, DIALECT)


@pytest.fixture(params=["process", "thread"])
async def workshop(request: pytest.FixtureRequest) -> AsyncIterator[Workshop]:
    async with AsyncExitStack() as stack:
        if request.param == "thread":
            yield ThreadWorkshop(Detectors(OWNER))
        else:
            yield await stack.enter_async_context(open_workshop(OWNER))


@asynccontextmanager
async def process(idle: timedelta = timedelta(minutes=1)) -> AsyncIterator[ProcessWorkshop]:
    async with open_workshop(OWNER, idle=idle) as one:
        yield one


async def works_at(one: ProcessWorkshop) -> psutil.Process:
    """Its worker, which has made a letter."""
    await one.write(ERRAND, DIALECT)
    assert one.pid is not None
    return psutil.Process(one.pid)


def is_gone(worker: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return worker.status() == psutil.STATUS_ZOMBIE
    return True


# Both


@pytest.mark.parametrize("name", sorted(all_dialects()))
async def test_a_letter_is_the_same_to_the_byte_wherever_it_is_made(workshop: Workshop, name: str) -> None:
    dialect = all_dialects()[name]
    parcel = replace(ERRAND.parcel, tracker=TRACKERS.get(name, "artemis"))
    errand = replace(ERRAND, parcel=parcel, terms=replace(TERMS, policy=STANDARD))
    try:
        expected: Written | str = await ThreadWorkshop(Detectors(OWNER)).write(errand, dialect)
    except Refused as error:
        expected = error.message
    try:
        found: Written | str = await workshop.write(errand, dialect)
    except Refused as error:
        found = error.message
    assert found == expected


TRACKERS = {"resonance": "resonance", "putt": "putt", "swgdb": "swg-bot"}


@pytest.mark.parametrize("encodings", [("zstd", "gzip"), ("gzip",), ()])
async def test_terms_and_packing_are_kept_to(workshop: Workshop, encodings: tuple[str, ...]) -> None:
    errand = replace(ERRAND, encodings=encodings)
    found = await workshop.write(errand, DIALECT)
    assert found == await made_here(errand)
    assert found.letter.headers.get("Content-Encoding", "") == (encodings or ("",))[0]
    assert b"Wyvern" in found.document
    assert b"player-" in found.document
    assert found.removed["note", "looks like a path"] == 2


@pytest.mark.parametrize("text", [SECRET, "oriana", "mail me at a@b.example"])
async def test_what_is_private_is_in_no_letter(workshop: Workshop, text: str) -> None:
    document = encode_session(session(events=(event(item=text),)))
    with pytest.raises(Refused, match=r"would leak: events\.0\.item") as told:
        await workshop.write(replace(ERRAND, parcel=replace(PARCEL, document=document)), DIALECT)
    assert told.value.code == "would-leak"
    assert text not in str(told.value)


async def test_many_at_a_time_are_each_answered_with_their_own(workshop: Workshop) -> None:
    found = await asyncio.gather(*(workshop.write(of(number), DIALECT) for number in range(12)))
    assert [one.letter.headers["Idempotency-Key"].strip('"') for one in found] == [f"{n:032}" for n in range(12)]


class Broken(LogferryDialect):
    """A mistake of ours, in any process."""

    name = "no such dialect"

    def write(self, parcel: Parcel) -> Letter:
        raise KeyError("s3cret text")


async def test_a_mistake_of_ours_is_seen_where_it_is_asked_for(workshop: Workshop) -> None:
    with pytest.raises(KeyError):
        await workshop.write(ERRAND, Broken())
    assert (await workshop.write(ERRAND, DIALECT)) == await made_here(ERRAND)


# The process


async def test_nothing_runs_before_there_is_work_and_one_worker_is_enough() -> None:
    async with process() as one:
        assert one.pid is None
        worker = await works_at(one)
        await asyncio.gather(*(one.write(of(number), DIALECT) for number in range(5)))
        assert one.pid == worker.pid
    assert is_gone(worker)


async def until_made(one: ProcessWorkshop, errand: Errand) -> Written:
    """As a courier does, who tries again what cost a worker."""
    while True:
        with suppress(Damaged):
            return await one.write(errand, DIALECT)


async def test_killed_at_random_it_comes_back_and_no_letter_is_lost_or_another() -> None:
    dice = random.Random(7)
    numbers = range(60)
    expected = [await made_here(of(number)) for number in numbers]
    killed: set[int] = set()

    async def killer(one: ProcessWorkshop) -> None:
        while True:
            await asyncio.sleep(dice.random() * 0.4)
            if one.pid is not None and one.pid not in killed:
                killed.add(one.pid)
                psutil.Process(one.pid).kill()

    async with process() as one:
        killing = asyncio.create_task(killer(one))
        found = [await until_made(one, of(number)) for number in numbers]
        while len(killed) < 3:
            await until_made(one, ERRAND)
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
    assert found == expected


async def test_killed_in_the_middle_of_a_letter_it_is_said_and_the_next_try_has_another() -> None:
    errand = long_errand()
    async with process() as one:
        worker = await works_at(one)
        making = asyncio.create_task(one.write(errand, DIALECT))
        await asyncio.to_thread(until, lambda: worker.cpu_percent(0.02) > 0, "it works")
        worker.kill()
        with pytest.raises(Damaged, match=r"signal 9|code 1") as told:
            await making
        assert told.value.code == "worker-lost"
        assert await one.write(errand, DIALECT) == await made_here(errand)
        assert one.pid != worker.pid


async def test_without_work_it_ends_and_comes_back_for_the_next() -> None:
    async with process(BRIEF) as one:
        worker = await works_at(one)
        await asyncio.to_thread(until, lambda: is_gone(worker), "it ended")
        assert one.pid is None
        assert await one.write(ERRAND, DIALECT) == await made_here(ERRAND)


async def test_once_without_work_for_a_while_it_says_so_and_not_before() -> None:
    rests: list[int | None] = []
    async with open_workshop(OWNER, idle=BRIEF, rested=lambda: rests.append(one.pid)) as one:
        await one.write(ERRAND, DIALECT)
        assert not rests
        await asyncio.to_thread(until, lambda: rests, "it rests")
        assert rests == [None]


async def test_a_rest_that_fails_keeps_no_later_worker_from_being_ended() -> None:
    rests: list[int | None] = []

    def fail() -> None:
        rests.append(one.pid)
        raise OSError("nothing is given back")

    async with open_workshop(OWNER, idle=BRIEF, rested=fail) as one:
        for times in (1, 2):
            await one.write(ERRAND, DIALECT)
            await asyncio.to_thread(until, lambda times=times: len(rests) == times, "it rests")
            assert one.pid is None


async def test_a_letter_longer_than_the_idle_time_is_still_made_by_one_worker() -> None:
    errand = long_errand()
    async with process(BRIEF) as one:
        assert await one.write(errand, DIALECT) == await made_here(errand)


async def test_what_nobody_waits_for_any_more_is_broken_off() -> None:
    async with process() as one:
        worker = await works_at(one)
        making = asyncio.create_task(one.write(long_errand(), DIALECT))
        await asyncio.to_thread(until, lambda: worker.cpu_percent(0.02) > 0, "it works")
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
        assert is_gone(worker)
        assert await one.write(ERRAND, DIALECT) == await made_here(ERRAND)


@pytest.mark.parametrize(
    "command",
    [("/nonexistent/python",), (sys.executable, "-c", "pass"), (sys.executable, "-c", "print('x' * 99)")],
    ids=["no such program", "ends at once", "speaks otherwise"],
)
async def test_where_no_process_can_be_started_it_goes_on_in_a_thread_and_says_so(
    command: Sequence[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with open_workshop(OWNER, command=command) as one:
        assert await one.write(ERRAND, DIALECT) == await made_here(ERRAND)
        assert await one.write(of(2), DIALECT) == await made_here(of(2))
        assert one.pid is None
    said = [record.message for record in caplog.records if "no process could be started" in record.message]
    assert len(said) == 1


async def test_a_program_that_is_all_of_logferry_has_the_worker_in_it() -> None:
    frozen = own_program("logferry_daemon.workshop.worker", frozen=True)
    async with open_workshop(OWNER, command=(sys.executable, "-m", "logferry", *frozen[1:])) as one:
        assert await one.write(ERRAND, DIALECT) == await made_here(ERRAND)
        assert one.pid is not None


@only_on("linux", "darwin")
def test_a_worker_that_cannot_hear_ends(tmp_path: Path) -> None:
    deaf = os.open(tmp_path / "deaf", os.O_WRONLY | os.O_CREAT)  # reading it is an error, and no end
    try:
        done = subprocess.run(own_program("logferry_daemon.workshop.worker"), stdin=deaf, timeout=60, check=False)
    finally:
        os.close(deaf)
    assert done.returncode == 0


@only_on("linux", "darwin")
async def test_it_steps_back_behind_everybody_and_leaves_no_core() -> None:
    async with process() as one:
        worker = await works_at(one)
        assert worker.nice() == min(psutil.Process().nice() + 10, 19)
        if sys.platform == "linux":
            assert worker.rlimit(psutil.RLIMIT_CORE) == (0, 0)


@only_on("linux")
async def test_no_secret_is_in_its_command_line_or_environment() -> None:
    async with process() as one:
        worker = await works_at(one)
        seen = Path(f"/proc/{worker.pid}/cmdline").read_bytes()
        with suppress(PermissionError):  # nobody but root may look, as it should be
            seen += Path(f"/proc/{worker.pid}/environ").read_bytes()
    assert b"s3cret" not in seen
    assert b"HOME" not in seen
    HUNT.search(seen.decode("utf-8", "replace"), "what a worker was started with")


@only_on("linux")
def test_its_memory_is_shown_to_nobody_and_goes_into_no_core() -> None:
    dumpable = "import ctypes; from logferry_daemon.workshop.humble import step_back; step_back()"
    said = subprocess.run(
        (sys.executable, "-c", f"{dumpable}; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "0"


def test_an_errand_shows_nothing_of_itself() -> None:
    assert repr(ERRAND) == "Errand(***)"


OWNED = """
import asyncio, sys
from tests.contracts import test_workshop as t

async def main():
    async with t.process() as one:
        worker = await t.works_at(one)
        print(worker.pid, flush=True)
        while True:
            await one.write(t.long_errand() if sys.argv[1] == "busy" else t.ERRAND, t.DIALECT)
            if sys.argv[1] == "idle":
                await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("doing", ["idle", "busy"])
async def test_it_ends_with_its_daemon_however_that_ends(doing: str) -> None:
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNED, doing, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    try:
        assert daemon.stdout is not None
        worker = psutil.Process(int(await daemon.stdout.readline()))
        if doing == "busy":
            await asyncio.to_thread(until, lambda: worker.cpu_percent(0.02) > 0, "it works")
    finally:
        daemon.kill()
        await daemon.wait()
    await asyncio.to_thread(until, lambda: is_gone(worker), "the worker ended")
