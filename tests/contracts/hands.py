"""Hands that change a folder, one in memory and one on the disk: contract tests do the same with both."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Protocol

from logferry_daemon.adapters.log_files import FolderFiles
from logferry_daemon.ports import LogFiles
from tests.fakes import ManualClock, MemoryFiles


class Hand(Protocol):
    """A program that writes into the watched folder."""

    files: LogFiles
    root: Path

    def write(self, path: str, data: bytes) -> None: ...
    def append(self, path: str, data: bytes) -> None: ...
    def replace(self, path: str, data: bytes) -> None: ...
    def truncate(self, path: str, size: int) -> None: ...
    def rename(self, path: str, to: str) -> None: ...
    def delete(self, path: str) -> None: ...
    def touch(self, path: str, at: datetime) -> None: ...
    def link(self, path: str) -> None: ...
    def pipe(self, path: str) -> None: ...
    def remove_root(self) -> None: ...


class DiskHand:
    """Files on the disk."""

    def __init__(self, root: Path) -> None:
        self.files: LogFiles = FolderFiles()
        self.root = root / "logs"
        self.root.mkdir()
        self.outside = root / "outside.json"
        self.outside.write_bytes(b"secret")

    def write(self, path: str, data: bytes) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(data)

    def append(self, path: str, data: bytes) -> None:
        with (self.root / path).open("ab") as out:
            out.write(data)

    def replace(self, path: str, data: bytes) -> None:
        fresh = self.root / "fresh.tmp"
        fresh.write_bytes(data)
        fresh.replace(self.root / path)

    def truncate(self, path: str, size: int) -> None:
        os.truncate(self.root / path, size)

    def rename(self, path: str, to: str) -> None:
        (self.root / path).rename(self.root / to)

    def delete(self, path: str) -> None:
        (self.root / path).unlink()

    def touch(self, path: str, at: datetime) -> None:
        os.utime(self.root / path, (at.timestamp(), at.timestamp()))

    def link(self, path: str) -> None:
        (self.root / path).symlink_to(self.outside)

    def pipe(self, path: str) -> None:
        if sys.platform != "win32":
            os.mkfifo(self.root / path)

    def remove_root(self) -> None:
        self.root.rmdir()


class MemoryHand:
    """Files in memory."""

    def __init__(self) -> None:
        self.memory = MemoryFiles(ManualClock())
        self.files: LogFiles = self.memory
        self.root = Path("logs")

    def write(self, path: str, data: bytes) -> None:
        self.memory.write(path, data)

    def append(self, path: str, data: bytes) -> None:
        self.memory.append(path, data)

    def replace(self, path: str, data: bytes) -> None:
        self.memory.replace(path, data)

    def truncate(self, path: str, size: int) -> None:
        self.memory.truncate(path, size)

    def rename(self, path: str, to: str) -> None:
        self.memory.rename(path, to)

    def delete(self, path: str) -> None:
        self.memory.delete(path)

    def touch(self, path: str, at: datetime) -> None:
        self.memory.write(path, self.memory.content(path), mtime=at)

    def link(self, path: str) -> None:
        self.memory.spoil(path, "symlink")

    def pipe(self, path: str) -> None:
        self.memory.spoil(path, "not-a-file")

    def remove_root(self) -> None:
        self.memory.present = False
