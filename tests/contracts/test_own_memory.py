"""What the daemon has freed is the system's again. In processes of their own: what is kept is kept for a whole process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or "CS_GNU_LIBC_VERSION" not in os.confstr_names,
    reason="glibc alone keeps what is free",
)

HELD = """
import sys
from pathlib import Path
from logferry_daemon.adapters.own_memory import give_back, keep_little

MIB = 2**20

def held():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024

"""
LONG_SESSIONS = """
if sys.argv[1] == "little":
    keep_little()
before = held()
for _ in range(3):
    document = bytearray(20 * MIB)
    del document
print(held() - before)
"""
MANY_SMALL_ONES = """
before = held()
letters = [bytearray(100_000) for _ in range(400)]
last = letters.pop()
del letters
if sys.argv[1] == "give":
    give_back()
print(held() - before)
"""


def held_after(program: str, word: str) -> float:
    """MiB more than before."""
    done = subprocess.run((sys.executable, "-c", HELD + program, word), capture_output=True, check=True, text=True)
    return float(done.stdout)


def test_after_long_sessions_no_room_for_another_one_is_kept() -> None:
    assert held_after(LONG_SESSIONS, "little") < 5 < held_after(LONG_SESSIONS, "as it comes")


def test_what_lies_free_below_something_that_is_used_is_given_back_when_asked_for() -> None:
    assert held_after(MANY_SMALL_ONES, "give") < 5 < held_after(MANY_SMALL_ONES, "keep")
