from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from logferry_daemon.adapters.processes_psutil import SystemProcesses
from logferry_daemon.ports import Processes
from tests.conftest import only_on
from tests.fakes import FakeProcesses

GAME = "LogferryTestGame64.exe"
OTHER = "LogferryOtherGame.exe"
WAIT = "import sys; print('up', flush=True); sys.stdin.read()"


class Machine:
    """Runs programs, really or in name only."""

    def __init__(self, folder: Path, *, real: bool) -> None:
        self._folder = folder
        self._fake = FakeProcesses()
        self._real = real
        self.processes: Processes = SystemProcesses() if real else self._fake

    @contextmanager
    def playing(self, name: str) -> Iterator[None]:
        """A game inside an interpreter, as Wine is one: its name stands in the command line only."""
        if self._real:
            script = self._folder / name
            script.write_text(WAIT)
            with child([sys.executable, str(script)]):
                yield
        else:
            self._fake.start(name)
            yield
            self._fake.stop(name)


@contextmanager
def child(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


@pytest.fixture(params=["system", "fake"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    return Machine(tmp_path, real=request.param == "system")


async def running(processes: Processes, *names: str) -> set[str]:
    return {program.name for program in await processes.find(names)}


async def test_a_program_is_seen_while_it_runs_and_not_after(machine: Machine) -> None:
    assert await running(machine.processes, GAME) == set()
    with machine.playing(GAME):
        assert await running(machine.processes, GAME, OTHER) == {GAME}
    assert await running(machine.processes, GAME) == set()


async def test_the_case_of_letters_does_not_count(machine: Machine) -> None:
    with machine.playing(GAME.upper()):
        assert await running(machine.processes, GAME) == {GAME}


async def test_no_names_no_programs(machine: Machine) -> None:
    with machine.playing(GAME):
        assert await running(machine.processes) == set()


@only_on("linux", "darwin")
async def test_a_native_program_is_seen_by_its_name(tmp_path: Path) -> None:
    program = tmp_path / "logferry-native-game-of-a-long-name"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([str(program), "60"]) as process:
        try:
            assert await running(SystemProcesses(), program.name) == {program.name}
        finally:
            process.kill()


@only_on("linux")
async def test_a_game_that_ended_but_was_not_waited_for_does_not_run(tmp_path: Path) -> None:
    program = tmp_path / "logferry-zombie"
    shutil.copy("/bin/true", program)
    with subprocess.Popen([str(program)]) as process:
        while "\tZ" not in Path(f"/proc/{process.pid}/status").read_text().replace("State:\tZ", "\tZ"):
            pass
        assert await running(SystemProcesses(), program.name) == set()


async def test_a_program_that_only_names_the_game_far_back_is_not_the_game() -> None:
    with child([sys.executable, "-c", WAIT, "--open", f"/games/{GAME}"]):
        assert await running(SystemProcesses(), GAME) == set()


async def test_a_program_that_was_found_is_alive_until_it_ends(machine: Machine) -> None:
    with machine.playing(GAME):
        found = await machine.processes.find([GAME])
        assert await machine.processes.alive(found) == list(found)
    assert not await machine.processes.alive(found)


async def test_another_program_with_the_same_number_is_not_the_one_that_was_found(machine: Machine) -> None:
    with machine.playing(GAME):
        (found, *_) = await machine.processes.find([GAME])
        assert not await machine.processes.alive([replace(found, began=found.began - 1)])
