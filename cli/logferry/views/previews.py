"""A preview as blocks: what leaves, then what does not. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from logferry.blocks import GAP, Block, Grid, Span, Tone, dim, heading, line
from logferry.views.words import counted, size
from logferry_ipc.messages import Preview

MOST = 12
"""Events that are shown of each type's first, so that a long session still fits a screen."""


def preview(found: Preview) -> Iterator[Block]:
    """The session as it is sent, and what was taken out of it."""
    document: dict[str, Any] = msgspec.json.decode(found.document)
    events: list[dict[str, Any]] = document.pop("events", [])
    yield heading(f"What {found.destination} {_is(found)} sent of session {found.session}")
    if found.reconstruction:
        said = "It was sent already, maybe on other terms; what went then is not kept. This is as it would go today."
        yield line(Span(said, Tone.WARN), indent=2)
    if found.note:
        yield line(Span(found.note, Tone.WARN), indent=2)
    how = found.content_encoding if found.content_encoding != "identity" else "not compressed"
    yield line(f"{size(len(found.body))}, {how}, sha-256 {found.sha256}", indent=2)
    yield line(dim("--raw writes these bytes, --json all of it"), indent=2)
    yield GAP
    for row in msgspec.json.format(msgspec.json.encode(document), indent=2).decode().splitlines():
        yield line(row, indent=2)
    yield GAP
    yield from _events(events)
    yield from _removed(found)


def _is(found: Preview) -> str:
    return "would be" if found.reconstruction else "is"


def _events(events: list[dict[str, Any]]) -> Iterator[Block]:
    yield heading(counted(len(events), "event"))
    types = Counter(str(event.get("type")) for event in events)
    shown: set[str] = set()
    for event in events:
        kind = str(event.get("type"))
        if kind not in shown and len(shown) < MOST:
            shown.add(kind)
            yield line(f"{types[kind]:>6}  ", msgspec.json.encode(event).decode(), indent=2)
    if left := sum(types.values()) - sum(types[kind] for kind in shown):
        yield line(dim(f"{left:>6}  of other types"), indent=2)
    yield GAP


def _removed(found: Preview) -> Iterator[Block]:
    yield heading("What is not sent")
    if not found.removed:
        yield line("Nothing that was read had to be taken out.", indent=2)
        return
    rows = tuple((one.field, f"{one.times:,}", one.reason) for one in found.removed)
    yield Grid(("field", "times", "why"), rows, right=frozenset({"times"}), indent=2)
