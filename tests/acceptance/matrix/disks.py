"""Disks that are small, full, broken or forbidden, and only for one folder or one process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.running import Program

ROOM = 2**20
"""Bytes of a small disk."""


def needs_root() -> pytest.MarkDecorator:
    """Skips where nothing may be mounted."""
    root = sys.platform == "linux" and os.geteuid() == 0
    return pytest.mark.skipif(not root, reason="platform: only root of Linux may mount")


@contextmanager
def small_disk(folder: Path, size: int = ROOM) -> Iterator[Path]:
    """A disk of its own at `folder`, which goes with everything on it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, how: str) -> None:
    """`ro` or `rw`, or another size."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Not a byte is left; returns what has to be removed for that to end."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**16, 2**12, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    return ballast


def limit_files(program: Program, most: int | None) -> None:
    """No file of this process grows beyond `most` bytes, from now on."""
    soft = "unlimited" if most is None else str(most)
    subprocess.run(["prlimit", f"--pid={program.pid}", f"--fsize={soft}:unlimited"], check=True)
