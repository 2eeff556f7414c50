"""Asks before a secret is forgotten that nobody can give again."""

from __future__ import annotations

from logferry.daemon import daemon
from logferry.output import Output
from logferry_ipc.messages import FORGET, GIVE_UP, Forgetting


def agreed_loss(destination: str, out: Output, *, yes: bool, again: str) -> Forgetting | None:
    """What its owner agrees to lose, or None where he keeps it; `again` says yes where nobody can be asked."""
    if yes:
        return GIVE_UP
    places = daemon().destinations().destinations
    lost = next((each.lost_with_key for each in places if each.name == destination), "")
    if not lost:
        return FORGET
    out.note(f"The secret for {destination} cannot be given again. {lost}")
    if not out.interactive:
        out.trouble("Nobody is here to be asked.", f"To do it, say: {again}")
        return None
    if out.ask("Forget it?"):
        return GIVE_UP
    out.say("Nothing was forgotten.")
    return None
