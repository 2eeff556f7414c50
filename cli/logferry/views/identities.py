"""Who played, and whose sessions may go where, as blocks. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from logferry.blocks import GAP, Block, Grid, Span, Tone, Words, line
from logferry.views.words import counted
from logferry_ipc.messages import Identities, Identity, IdentityRule

UNSURE = "?"
"""Who played where a log does not say it, or names two."""
TONES = {"allowed": Tone.GOOD, "denied": Tone.DIM, "unknown": Tone.WARN}


def identities(found: Identities) -> Iterator[Block]:
    """A line a player and destination, answers that are about no one yet, and the questions that are open."""
    if not found.identities:
        yield line("Nobody yet: no session names who played it, or there is no destination.")
    else:
        columns = ("who", "tracker", "sessions", "destination", "may go")
        yield Grid(columns, tuple(map(_row, found.identities)), right=frozenset({"sessions"}), indent=0)
    rules = tuple(one for one in found.rules if not _is_shown(one, found))
    if rules:
        yield GAP
        yield Grid(("besides", "tracker", "destination", "may go"), tuple(map(_rule, rules)), indent=0)
    for one in found.identities:
        if one.state == "unknown":
            yield from _question(one)


def _row(one: Identity) -> tuple[Words, ...]:
    return (
        one.identity,
        one.title,
        f"{one.sessions:,}",
        one.destination,
        Span(one.state, TONES.get(one.state, Tone.PLAIN)),
    )


def _is_shown(rule: IdentityRule, found: Identities) -> bool:
    """Whether a player's own line says the same."""
    return any((one.identity, one.destination) == (rule.identity, rule.destination) for one in found.identities)


def _rule(rule: IdentityRule) -> tuple[Words, ...]:
    who = "everybody else" if rule.identity == "*" else rule.identity
    state = "allowed" if rule.allowed else "denied"
    return who, "all" if rule.tracker == "*" else rule.tracker, rule.destination, Span(state, TONES[state])


def _question(one: Identity) -> Iterator[Block]:
    alone = one.sessions == 1
    may = "it" if alone else "they"
    yield GAP
    if one.identity == UNSURE:
        how = f"{'does' if alone else 'do'} not say who played"
    else:
        how = f'{"was" if alone else "were"} played as "{one.identity}"'
    said = f"{counted(one.sessions, 'session')} {how} ({one.title})."
    yield line(Span(said, Tone.WARN), f" May {may} go to {one.destination}?")
    # A player may be called like an option.
    apart = "-- " if one.identity.startswith("-") else ""
    about = f"{one.destination} {apart}{shlex.quote(one.identity)}"
    yield line(f"logferry identities allow {about}", indent=2)
    yield line(f"logferry identities deny {about}", indent=2)
