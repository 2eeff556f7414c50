"""A network of Linux of a test's own: this thread and whatever it starts see it alone, and nobody else is disturbed."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_NETWORK = 0x4000_0000
"""CLONE_NEWNET of Linux."""


@contextmanager
def own_network() -> Iterator[None]:
    """Inside the block there is a loopback, which is up, and nothing else; skips where nobody may make such a thing."""
    if sys.platform != "linux":
        pytest.skip("networks of one's own are a thing of Linux")
    system = ctypes.CDLL(None, use_errno=True)
    before = os.open(Path("/proc/thread-self/ns/net"), os.O_RDONLY | os.O_CLOEXEC)
    try:
        if system.unshare(_NETWORK) != 0:
            pytest.skip(f"no network of its own: {os.strerror(ctypes.get_errno())}")
        try:
            ip("link", "set", "lo", "up")
            yield
        finally:
            if system.setns(before, _NETWORK) != 0:
                raise OSError(ctypes.get_errno(), "the test is still in its own network")
    finally:
        os.close(before)


def ip(*words: str) -> None:
    """`ip WORDS` in the network of this thread."""
    subprocess.run(("ip", *words), check=True, timeout=60, capture_output=True)
