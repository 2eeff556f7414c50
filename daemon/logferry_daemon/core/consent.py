"""What an owner agrees to before anything is sent to a destination. Pure: a text, its digest, and when it holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from logferry_daemon.core.places import is_folder
from logferry_daemon.core.policy import Listing, Policy
from logferry_model.envelope import sha256_hex

POLICY_VERSION = 4
_POLICY = """\
Logferry will send your game sessions to "{name}" at {url} ({dialect}).

When a session is sent:
{times}

What is sent: when a session began and ended and how that was recognised; what happened in it, as game events with
their time, amounts, values and the game's own names of things (items, creatures, skills); the totals of these; the
version of Logferry, the kind of your system, and a random number that stands for this installation.

Who you are there: {who}

What is sent of people and places:
{terms}
A token is a number made with a key that never leaves this computer. It is the same for the same name in everything that
is sent to "{name}", and another one everywhere else. Whoever knows from elsewhere who it stands for can follow them by
it: it is personal data still.

{fields}What is not sent: raw log lines; file names and paths; addresses, telephone numbers and keys; the name of your
computer and the one that you have on it. Whatever Logferry does not know is left out.

{reach}

How to change this: logferry destinations privacy {name} GROUP=keep|token|drop
How to stop: logferry consent revoke {name}
How to hold for a while: logferry pause
How to delete: logferry sessions delete SESSION, with --remote also what was sent
What was sent, and where it is shown: logferry sessions list
"""

_FIELDS = """\
What a game's log is asked for besides, by tracker; what is not named here does not leave:
{lines}
What stands in [] is another one when anything that a tracker may tell of becomes another.

"""
_ANONYMOUS = "nobody by name. The random number stands for you, and your key for whatever account it was made for."
_NAMED = """\
{account}. That goes along with every session, so whoever has them knows that they are all yours."""
_PLAIN = re.compile(r"[A-Za-z0-9_.*-]+")
_OVER = "when it is over"
_RUNNING = (
    "while it still runs, too, where it runs for long; what is sent later takes the place of what was sent before"
)
_SUMMARY = "before its events, where it is long: what they add up to; its events follow"
_SENT = "The receiving side sees your internet address, as with every connection."
_WRITTEN = """\
This is a folder: Logferry writes one file for each session into it and sends nothing over a network. Whoever can read
the folder, and whatever copies it elsewhere, has what is in the files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An owner's agreement to the text with this digest."""

    destination: str
    policy_digest: str
    policy_version: int
    granted_at: datetime
    terms: tuple[str, ...] = ()
    """What of people and places, and which fields, was agreed to, line by line."""


def policy_text(
    *,
    name: str,
    dialect: str,
    url: str,
    policy: Policy,
    account: str = "",
    fields: Sequence[str] = (),
    times: Sequence[str] = (_OVER,),
) -> str:
    """The text for one destination, with its address and all that it is sent in it; no account is no name there.

    `fields` are the lines of `field_lines`, `times` those of `time_lines`.
    """
    terms = "\n".join(f"- {line}" for line in policy.lines())
    listed = _FIELDS.format(lines="\n".join(f"- {line}" for line in fields)) if fields else ""
    reach = _WRITTEN if is_folder(url) else _SENT
    who = _NAMED.format(account=account) if account else _ANONYMOUS
    when = "\n".join(f"- {line}" for line in times)
    return _POLICY.format(
        name=name, dialect=dialect, url=url, times=when, who=who, terms=terms, fields=listed, reach=reach
    )


def time_lines(*, running: bool, summary: bool) -> Sequence[str]:
    """When a session is sent, a line each: `running` before it is over, too, and `summary` before its events."""
    return (_OVER, *([_RUNNING] if running else []), *([_SUMMARY] if summary else []))


def field_lines(listings: Mapping[str, Listing]) -> Sequence[str]:
    """What each tracker may tell besides what all do, a line each: recipes are files, and anybody may change one.

    All that are known are in it, whether they are followed or not: so a source can be added without another agreement.
    """
    return tuple(f"of {name}: {_named(listings[name])} [{_mark(listings[name])}]" for name in sorted(listings))


def _named(listing: Listing) -> str:
    names = [
        f"{_quoted(name)} ({listing.groups[name]})" if name in listing.groups else _quoted(name)
        for name in sorted({*listing.fields, *listing.groups})
    ]
    names += [f"that there was {_quoted(word)} ({group})" for word, group in sorted(listing.events.items())]
    names += [f"the figure {_quoted(word)} ({group})" for word, group in sorted(listing.measures.items())]
    return ", ".join(names) or "nothing of its own"


def _quoted(name: str) -> str:
    """A name that is no plain word, so that it reads as a name: a stranger's recipe must not go on with our text."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name)


def _mark(listing: Listing) -> str:
    """Stands for all of it, also for what would make the line too long: the words that it has for events."""
    whole = [
        sorted(listing.fields),
        sorted(listing.groups.items()),
        sorted(listing.events.items()),
        sorted(listing.measures.items()),
        None if listing.types is None else sorted(listing.types),
    ]
    return sha256_hex(json.dumps(whole).encode())[:12]


def policy_digest(text: str) -> str:
    """What a grant names: another address or another text makes another digest, and voids the grant."""
    return sha256_hex(text.encode())


def holds(grant: Grant | None, text: str) -> bool:
    """Whether `grant` is an agreement to exactly this text."""
    return grant is not None and grant.policy_digest == policy_digest(text)
