"""Secrets in a file of the owner alone, where they allowed that. Plain text; nothing comes here unasked."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SecretFile:
    """Name -> secret, mode 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.was_open = False
        """Others could read it since the daemon began; that was mended, but what they read they have."""

    def read(self) -> dict[str, str]:
        """Everything in it; a file that is damaged or led elsewhere holds nothing."""
        try:
            kept = json.loads(self._text())
        except (OSError, ValueError):
            return {}
        return {str(name): str(secret) for name, secret in kept.items()} if isinstance(kept, dict) else {}

    def drop(self, name: str) -> None:
        """Without this one; the file goes with its last."""
        kept = self.read()
        if kept.pop(name, None) is not None:
            self.write(kept)

    def write(self, kept: Mapping[str, str]) -> None:
        """Exactly these."""
        if not kept:
            self.path.unlink(missing_ok=True)
            return
        fresh = self.path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        # Made with its mode, not given it afterwards: it is never open for others, not even for a moment.
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(dict(kept), out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.path)

    def _text(self) -> str:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(self.path, flags), encoding="utf-8") as file:
            self._close_to_others(file.fileno())
            return file.read()

    def _close_to_others(self, handle: int) -> None:
        if sys.platform == "win32":
            return  # Access there comes from the folder, which is the user's own.
        if os.fstat(handle).st_mode & OTHERS:
            self.was_open = True
            os.fchmod(handle, 0o600)
