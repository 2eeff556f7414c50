"""Whatever the child does that reads a database, a reason is given and nothing of it stays."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from logferry_daemon.adapters.database_source import ChildDatabases
from logferry_daemon.isolation.messages import MAX_REPLY
from logferry_model.errors import Damaged, Unreachable
from tests.conftest import only_on
from tests.contracts.test_databases import NAME, question


def childish(*lines: str, seconds: float = 60) -> ChildDatabases:
    """With another child than ours."""
    return ChildDatabases((sys.executable, "-I", "-c", "\n".join(lines)), timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("import os", "os.abort()"), "database-crash"),
        (("import sys", "sys.exit(0)"), "database-crash"),
        (("print('never asked')",), "database-crash"),
        (("import sys", f"sys.stdout.buffer.write(bytes({MAX_REPLY + 1}))"), "database-too-big"),
    ],
)
async def test_whatever_the_child_does_a_reason_is_given(tmp_path: Path, lines: tuple[str, ...], code: str) -> None:
    with pytest.raises((Damaged, Unreachable)) as caught:
        await childish(*lines).ask(tmp_path, NAME, question())
    assert caught.value.code == code


async def test_a_child_that_takes_too_long_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as caught:
        await childish("import time", "time.sleep(600)", seconds=1).ask(tmp_path, NAME, question())
    assert caught.value.code == "database-slow"


@only_on("linux")
async def test_no_child_outlives_a_cancelled_question(tmp_path: Path) -> None:
    asking = asyncio.create_task(childish("import time", "time.sleep(600)").ask(tmp_path, NAME, question()))
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    async with asyncio.timeout(50):
        while not children.read_text():
            await asyncio.sleep(0)
    (pid,) = children.read_text().split()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not Path(f"/proc/{pid}").exists()


SAYS_COPY = """
import sys, msgspec
from logferry_daemon.isolation.messages import Kind, Refusal, Sent
sys.stdin.buffer.read()
sys.stdout.buffer.write(msgspec.msgpack.encode(Sent(refusal=Refusal(kind=Kind.COPY))))
"""


async def test_without_room_for_a_copy_it_is_tried_again(tmp_path: Path) -> None:
    databases = ChildDatabases((sys.executable, "-c", SAYS_COPY), rooms=tmp_path / "nothing")
    with pytest.raises(Unreachable) as caught:
        await databases.ask(tmp_path, NAME, question())
    assert caught.value.code == "database-no-room"


async def test_a_child_that_cannot_be_started_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as caught:
        await ChildDatabases((str(tmp_path / "nothing"),)).ask(tmp_path, NAME, question())
    assert caught.value.code == "database-no-process"
