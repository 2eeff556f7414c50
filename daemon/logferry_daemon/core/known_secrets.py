"""Finds known secrets in texts and documents: as they are, JSON-escaped, percent-encoded, in hex or in base64. Pure.

It shows none of what it looks for, and goes to no other process but the workshop's. Python cannot wipe a text, so
whoever makes one lets go of it soon.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import unquote

import msgspec

MIN_SECRET = 6
"""Shorter ones are part of too many other texts."""
MIN_PART = 12
MOST = 5
MASKED = "[a key]"
"""In the place of a field's name that is one itself."""
_LAYERS = 4
"""A document holds texts, which may hold an answer that holds an address."""
_PASTED = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*/")
"""The front of an address whose rest is the key: others name the same host, too."""
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


class Secrets:
    """Some secrets, and where they are."""

    __slots__ = ("_forms", "_numbers")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {part for secret in secrets for part in _parts(secret)}
        self._forms = tuple(sorted({form for one in known for form in _forms(one)}))
        self._numbers = frozenset(one for one in known if one.isdecimal())

    def __repr__(self) -> str:
        return "Secrets(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError

    def carried(self) -> tuple[Sequence[str], Sequence[str]]:
        """What is looked for, for our own worker (workshop/messages.py) and nobody else."""
        return self._forms, sorted(self._numbers)

    @classmethod
    def of_carried(cls, value: tuple[Sequence[str], Sequence[str]]) -> Secrets:
        """The same there."""
        one = cls()
        one._forms, one._numbers = tuple(value[0]), frozenset(value[1])
        return one

    def stand_in(self, text: str) -> bool:
        """Whether one of them is in `text`, in whatever usual code."""
        return bool(self._forms) and any(form in read for read in _readings(text) for form in self._forms)

    def stand_in_bytes(self, data: bytes) -> bool:
        """The same of the bytes of a text."""
        return bool(self._forms) and self.stand_in(data.decode("utf-8", "replace"))

    def places(self, document: bytes, told: Mapping[str, str] | None = None) -> Sequence[str]:
        """Where in the JSON `document` one of them stands, as paths; `told` are the texts that its slots stand for."""
        stands_for = frozenset(slot for slot, text in (told or {}).items() if self.stand_in(text))
        # One look at the whole is fast, and nearly always the only one.
        if not (stands_for or self.stand_in_bytes(document)):
            return ()
        found: dict[str, None] = {}
        for path, value in self._values(msgspec.json.decode(document), ""):
            if self._is_one(value) or value in stands_for:
                found[path] = None
        return tuple(found)[:MOST]

    def in_letter(self, body: bytes) -> Sequence[str]:
        """As `places`, in what may be no JSON: a file, a form."""
        if not self.stand_in_bytes(body):
            return ()
        try:
            return self.places(body)
        except msgspec.DecodeError:
            return ("what was written",)

    def _is_one(self, value: str | int) -> bool:
        return self.stand_in(value) if isinstance(value, str) else str(value) in self._numbers

    def _values(self, value: Any, path: str) -> Iterator[tuple[str, str | int]]:  # noqa: ANN401 -- any JSON value
        if isinstance(value, str | int):
            yield path, value
        elif isinstance(value, dict):
            for key, inner in value.items():
                name = MASKED if self.stand_in(key) else key
                below = f"{path}.{name}" if path else name
                yield below, key
                yield from self._values(inner, below)
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from self._values(inner, f"{path}.{number}")


NO_SECRETS = Secrets()


def _parts(secret: str) -> Iterator[str]:
    """A key may be several with colons between; the first is the public name of whoever has the others.

    Or it is the end of an address, each part of which opens it; a number in that is a name, too.
    """
    if len(secret) >= MIN_SECRET:
        yield secret
    yield from (part for part in secret.split(":")[1:] if len(part) >= MIN_PART)
    parts = _PASTED.sub("", secret).split("/") if "/" in secret else ()
    yield from (part for part in parts if len(part) >= MIN_PART and not part.isdecimal())


def _forms(secret: str) -> Iterator[str]:
    """In what it is to be recognised, once the codes that wrap a whole text are undone."""
    yield secret
    if " " in secret:
        yield secret.replace(" ", "+")
    digits = secret.encode("utf-8", "surrogatepass").hex()
    yield from (digits, digits.upper())
    yield from _in_base64(secret)


def _in_base64(secret: str) -> Iterator[str]:
    """What is always there of it in base64, wherever in a longer text it begins."""
    for before in range(3):
        whole = bytes(before) + secret.encode("utf-8", "surrogatepass")
        begin, end = (0, 2, 3)[before], len(whole) * 8 // 6
        for alphabet in (b"+/", b"-_"):
            yield b64encode(whole, alphabet).decode()[begin:end]


def _readings(text: str) -> Iterator[str]:
    """The text, and what it says once the codes in it are undone, in whatever order they were laid over it.

    A key may have signs of a code in itself: then only one code is to be undone, and the other is left.
    """
    yield text
    known = latest = {text}
    for _ in range(_LAYERS):
        coded = {one for one in latest if "%" in one or "\\" in one}
        latest = {undone(one) for one in coded for undone in (unquote, _unescaped)} - known
        yield from latest
        known = known | latest


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_meant, text) if "\\" in text else text


def _meant(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[2]
