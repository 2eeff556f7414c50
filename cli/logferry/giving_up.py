"""Asks before a secret is forgotten that nobody can give again."""

from __future__ import annotations

from logferry.daemon import daemon
from logferry.output import Output


def may_be_forgotten(destination: str, out: Output, *, yes: bool, again: str) -> bool:
    """Whether its owner wants it gone; `again` is the command that says so where nobody can be asked."""
    places = daemon().destinations().destinations
    lost = next((each.lost_with_key for each in places if each.name == destination), "")
    if yes or not lost:
        return True
    out.note(f"The secret for {destination} cannot be given again. {lost}")
    if not out.interactive:
        out.trouble("Nobody is here to be asked.", f"To do it, say: {again}")
        return False
    if out.ask("Forget it?"):
        return True
    out.say("Nothing was forgotten.")
    return False
