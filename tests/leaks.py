"""Looks for secrets where none may be: in every log record of the whole run, at DEBUG, and in what processes leave behind.

The tests' made-up secrets all have one word in them; the keys that real collectors made are told to the hunt. `conftest.py`
lets it follow the run, and fails the test in which something came out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

from logferry_daemon.adapters.own_log import JsonLines

CANARY = "s3cret"
"""In every secret that a test makes up."""
KEPT_THERE = ("secrets.json",)
"""Files that are made for secrets."""


class Hunt(logging.Handler):
    """Every record as the daemon would write it, and every text that it is shown."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.secrets = {CANARY}
        self.leaks: list[str] = []
        self.following = False
        """Whether a run of tests is on: measurements use the same homes, and are not to be slowed down."""
        self.records = 0
        self.files = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.records += 1
        try:
            text = f"{self.format(record)} {record.args!r} {record.stack_info}"
        except Exception:  # noqa: BLE001 -- as every handler of the standard library does
            self.handleError(record)
        else:
            self.search(text, f"the log of {record.name}, {record.funcName}")

    def search(self, text: str, where: str) -> None:
        """A leak is remembered by its place alone: a report that shows it would be the next one."""
        if any(secret in text for secret in self.secrets):
            self.leaks.append(f"a secret is in {where}")

    def search_below(self, root: Path) -> None:
        """Everything that an installation left behind: its logs, its spool, what it printed."""
        if not self.following:
            return
        for file in self._files_below(root):
            self.files += 1
            if self._holds_any(file):
                self.leaks.append(f"a secret is in the file {file.relative_to(root)}")

    def _holds_any(self, file: Path) -> bool:
        """A spool may be larger than memory should be."""
        if not file.stat().st_size:
            return False
        with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as data:
            return any(data.find(secret.encode()) >= 0 for secret in self.secrets)

    def _files_below(self, root: Path) -> Iterator[Path]:
        return (one for one in root.rglob("*") if one.is_file() and not one.is_symlink() and one.name not in KEPT_THERE)


HUNT = Hunt()
"""The one that follows this run."""
