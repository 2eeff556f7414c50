"""Under which name a destination knows the owner. Pure: what an owner set in, a reason against it out.

Without a name he is anonymous there: a random number stands for the installation, and nothing else goes along.
"""

from __future__ import annotations

import re

NAMED = frozenset({"logferry", "folder", "s3", "artemis"})
"""Dialects whose contract has a place for it. Others know the owner by the key alone."""
LONGEST = 200
A_KEY = "it is a key; keys are given with: logferry login"
_KEY = re.compile(r"lfa?_\S{20,}")
"""Somebody mixed up the two things that say who he is."""


def reason_against_account(dialect: str, account: str) -> str | None:
    """Why the owner cannot be called so over there; nothing is against having no name."""
    if not account:
        return None
    if dialect not in NAMED:
        return f"{dialect} has no place for it and knows you by your key"
    if len(account) > LONGEST or not account.isprintable() or account != account.strip():
        return f"it has 1 to {LONGEST} printable characters, and no blanks around them"
    return A_KEY if _KEY.fullmatch(account) else None
