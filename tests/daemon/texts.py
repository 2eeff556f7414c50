"""Finds every text in what would be sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec


def texts(document: bytes) -> Iterator[str]:
    """Every string in an encoded document, keys included."""
    yield from _texts(msgspec.json.decode(document))


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 -- any JSON value
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)


def holding(document: bytes, name: str) -> list[str]:
    """The texts that hold `name`, in whatever case."""
    return [text for text in texts(document) if name.casefold() in text.casefold()]
