"""A session as an embed: what was played, how long, and what it came to, as text that calls nobody. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from logferry_daemon.core.exchange import Parcel
from logferry_daemon.dialects.summary import Summary, length_of, shown, summary_of
from logferry_daemon.dialects.webhook_message import MOST_CHARACTERS, Embed, Mark, embed_of

MOST_FIELDS = 18
LONGEST_NAME = 100
LONGEST_VALUE = 200
_MARKUP = re.compile(r"([\\`*_~|>\[\]()#@<:-])")


def embed_for(parcel: Parcel) -> Embed:
    """What a channel is shown of a session."""
    summary = summary_of(parcel)
    told = {
        "title": plain(parcel.tracker, LONGEST_NAME),
        "description": f"{length_of(summary.seconds)}, {summary.events:,} events",
        "timestamp": parcel.started_at.isoformat(),
        "fields": list(_fields(summary)),
        "footer": {"text": Mark(parcel.session, parcel.revision).footer},
    }
    return _fitting(told)


def _fitting(told: Mapping[str, Any]) -> Embed:
    """As many of its fields as a message takes: text that is all markup is twice as long as it looks."""
    embed = embed_of(msgspec.Raw(msgspec.json.encode(told)))
    if embed.size <= MOST_CHARACTERS:
        return embed
    return _fitting({**told, "fields": told["fields"][:-1]})


def _fields(summary: Summary) -> Iterator[Mapping[str, object]]:
    for one in summary.figures[:MOST_FIELDS]:
        value = f"{shown(one.value)} {one.unit}".rstrip()
        yield {"name": plain(one.label, LONGEST_NAME), "value": plain(value, LONGEST_VALUE), "inline": True}
    for name, lines in (("Bosses", summary.bosses), ("Loot", summary.loot)):
        if lines:
            yield {"name": name, "value": "\n".join(plain(line, LONGEST_VALUE // 2) for line in lines)}


def plain(text: str, longest: int) -> str:
    """Text of a log as text: no link, no mention, no markup, not empty and not too long."""
    whole = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    short = whole if len(whole) <= longest else f"{whole[: longest - 1]}…"
    return _MARKUP.sub(r"\\\1", short) or "-"
