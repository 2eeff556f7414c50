"""A message of a webhook and the sessions in it: one embed each, told apart by the footer. Pure.

What others put into a message is kept as it came: only embeds with a footer of ours are ever replaced or taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from logferry_daemon.core.exchange import Response
from logferry_daemon.dialects.services import is_page, text_in

MOST_EMBEDS = 10
MOST_CHARACTERS = 6_000
"""Of all embeds of a message together; Discord counts as JavaScript does."""
_FOOTER = re.compile(r"(?P<session>\S+) · version (?P<revision>[0-9]{1,9})")
_SHOWN = ("title", "description")


@dataclass(frozen=True, slots=True)
class Mark:
    """Which session an embed is of, and which version of it."""

    session: str
    revision: int

    @property
    def footer(self) -> str:
        """As it stands below the embed."""
        return f"{self.session} · version {self.revision}"


class Embed(msgspec.Struct, frozen=True):
    """One embed: the bytes it is made of, and what they say."""

    raw: msgspec.Raw
    told: Mapping[str, Any]

    @property
    def mark(self) -> Mark | None:
        """Whose it is; None of what is not ours."""
        footer = self.told.get("footer")
        found = _FOOTER.fullmatch(text_in(footer, "text"))
        return Mark(found["session"], int(found["revision"])) if found else None

    @property
    def size(self) -> int:
        """Characters of it that count."""
        return sum(len(text.encode("utf-16-le", "replace")) // 2 for text in _texts(self.told))

    def says_the_same(self, other: Embed) -> bool:
        """Whether a reader sees the same in both; what the other side adds does not count."""
        return list(_texts(self.told)) == list(_texts(other.told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as it is over there."""

    id: str
    embeds: tuple[Embed, ...]
    has_more: bool
    """Whether there is something in it besides embeds."""

    def place_of(self, session: str) -> int | None:
        """Which of its embeds is of this session."""
        marks = [embed.mark for embed in self.embeds]
        return next((place for place, mark in enumerate(marks) if mark and mark.session == session), None)

    def takes(self, embed: Embed) -> bool:
        """Whether there is room for one more."""
        size = sum(one.size for one in (*self.embeds, embed))
        return len(self.embeds) < MOST_EMBEDS and size <= MOST_CHARACTERS

    def plus(self, embed: Embed) -> Message:
        """With it: in the place of an earlier version, else behind all others."""
        mark = embed.mark
        place = self.place_of(mark.session) if mark else None
        at = len(self.embeds) if place is None else place
        return replace(self, embeds=(*self.embeds[:at], embed, *self.embeds[at + (place is not None) :]))

    def without(self, session: str) -> Message:
        """Without what it has of this session."""
        place = self.place_of(session)
        if place is None:
            return self
        return replace(self, embeds=self.embeds[:place] + self.embeds[place + 1 :])


class _Embeds(msgspec.Struct):
    id: str
    embeds: tuple[msgspec.Raw, ...] = ()
    content: str | None = ""
    attachments: Sequence[Any] = ()
    components: Sequence[Any] = ()
    poll: Any = None


def message_in(response: Response, asked: str = "") -> Message | None:
    """The message that a whole answer is; None where it is something else, or not the one that was asked about."""
    if response.status != 200 or is_page(response):
        return None
    try:
        found = msgspec.json.decode(response.body, type=_Embeds)
        embeds = tuple(map(embed_of, found.embeds))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    more = bool(found.content or found.attachments or found.components or found.poll)
    return Message(id=found.id, embeds=embeds, has_more=more) if found.id and asked in {"", found.id} else None


def embed_of(raw: msgspec.Raw) -> Embed:
    """The embed that these bytes are."""
    # A copy: what is decoded is a view of the answer.
    return Embed(raw=raw.copy(), told=msgspec.json.decode(raw, type=dict[str, Any]))


def embed_in(body: bytes) -> Embed:
    """The one in a letter."""
    (raw,) = msgspec.json.decode(body, type=_Letter).embeds
    return embed_of(raw)


class _Letter(msgspec.Struct):
    embeds: tuple[msgspec.Raw, ...]


def body_of(embeds: Sequence[Embed]) -> bytes:
    """As it is sent; whatever it says, it calls nobody."""
    return msgspec.json.encode({"embeds": [one.raw for one in embeds], "allowed_mentions": {"parse": []}})


def _texts(told: Mapping[str, Any]) -> Iterator[str]:
    """Everything in an embed that counts towards the limit."""
    for name in _SHOWN:
        yield text_in(told, name)
    yield text_in(told.get("footer"), "text")
    yield text_in(told.get("author"), "name")
    fields = told.get("fields")
    for one in fields if isinstance(fields, list) else ():
        yield text_in(one, "name")
        yield text_in(one, "value")
