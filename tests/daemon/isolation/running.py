"""The child as it really runs, and what it used up."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from logferry_daemon.adapters.database_source import CHILD
from logferry_daemon.core.rows import Question, Table
from logferry_daemon.isolation.messages import Ask, Reply

NAME = "meter.db"
FIGHTS = Table(name="fights", key="id", columns=("began", "total"), needed=True)
BLOWS = Table(name="blows", key="fight", columns=("value", "note"), bulky=("note",))
QUESTION = Question(sessions=FIGHTS, parts=(BLOWS,))


@dataclass(frozen=True, slots=True)
class Ran:
    """One child that is gone."""

    reply: Reply
    cpu: float
    """Seconds."""

    @property
    def code(self) -> str:
        """Of its refusal."""
        return self.reply.refusal.code if self.reply.refusal else ""


def ran(root: Path, question: Question = QUESTION, name: str = NAME, room: Path | None = None) -> Ran:
    """Ask the real child; fails when it gives neither an answer nor a reason."""
    place = os.fsencode(room) if room else None
    ask = Ask(root=os.fsencode(root), path=os.fsencode(name), question=question, room=place)
    with subprocess.Popen(CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(msgspec.msgpack.encode(ask))
        child.stdin.close()
        said = child.stdout.read()
        cpu = _ended(child)
    assert child.returncode == 0
    reply = msgspec.msgpack.decode(said, type=Reply)
    assert (reply.answer is None) != (reply.refusal is None)
    return Ran(reply, cpu)


AND_THEN = """
import os, resource, sys
from logferry_daemon.isolation.sqlite_child import main
main()
try:
    exec(sys.argv[1])
except (MemoryError, OSError) as error:
    print(type(error).__name__, file=sys.stderr)
"""


def after_asking(statement: str, root: Path, room: Path | None = None) -> str:
    """What is said by this statement when the child does it as soon as it has replied."""
    place = os.fsencode(room) if room else None
    ask = Ask(root=os.fsencode(root), path=os.fsencode(NAME), question=QUESTION, room=place)
    command = [sys.executable, "-I", "-c", AND_THEN, statement]
    data = msgspec.msgpack.encode(ask)
    child = subprocess.run(command, input=data, capture_output=True, env={}, check=True)
    assert msgspec.msgpack.decode(child.stdout, type=Reply).answer is not None
    return child.stderr.decode().strip()


def _ended(child: subprocess.Popen[bytes]) -> float:
    """Waits for it, and says how many seconds it worked."""
    if sys.platform == "win32":
        return child.wait()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime
