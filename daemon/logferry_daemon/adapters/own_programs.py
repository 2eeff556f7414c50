"""The command lines of programs that belong to Logferry and are started by it."""

from __future__ import annotations

import sys

PROGRAM = "--own-program"
"""Where all of Logferry is one executable, that word and a module's name start another program in it."""
FROZEN = bool(getattr(sys, "frozen", False))


def own_program(module: str, *, frozen: bool = FROZEN) -> tuple[str, ...]:
    """Started by this interpreter, with nothing of a user's Python settings."""
    if frozen:
        return (sys.executable, PROGRAM, module)
    return (sys.executable, "-I", "-m", module)
