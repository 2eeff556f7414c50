from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from logferry_daemon.isolation.limits import CPU_SECONDS, MAX_SHARED_MEMORY
from tests.conftest import only_on

CAPPED = """
import sys
from logferry_daemon.isolation.limits import limit
limit(copying=False)
try:
    exec(sys.argv[1])
except (MemoryError, OSError) as error:
    print(type(error).__name__)
"""


def capped(statement: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What becomes of a process with caps that does this."""
    command = (sys.executable, "-I", "-c", CAPPED, statement)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@only_on("linux")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("bytearray(256 * 2**20)", "MemoryError"),
        (f"f = open('big', 'wb', 0); f.write(bytes({MAX_SHARED_MEMORY})); f.write(b'x')", "OSError"),
        ("[open('/dev/null') for _ in range(99)]", "OSError"),
        ("import sqlite3; sqlite3.connect(':memory:').execute('SELECT zeroblob(150000000)').fetchall()", "MemoryError"),
    ],
    ids=["memory", "file", "handles", "heap"],
)
def test_nobody_gets_past_the_caps(tmp_path: Path, statement: str, said: str) -> None:
    assert capped(statement, tmp_path).stdout.strip() == said


@only_on("linux", "darwin")
def test_who_works_too_long_is_ended(tmp_path: Path) -> None:
    ended = capped("while True: pass", tmp_path)
    assert ended.returncode < 0
    assert ended.stdout == ""
    assert CPU_SECONDS == 2
