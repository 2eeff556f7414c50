"""A last look at the bytes, by another way than whoever cleaned them: is anything in them that must not leave? Pure.

It knows no tracker and no group: it opens the document, goes through every text and every key in it, and tells where
one holds a name, a path or a secret. What it finds is never sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.known_secrets import NO_SECRETS, Secrets
from logferry_daemon.core.sanitise import OTHER, REMOVED
from logferry_daemon.core.searching import Searched
from logferry_daemon.core.slots import SLOT

_OURS = re.compile(
    r"id|tracker|started_at|ended_at|end\.rule|events\.\d+\.(?:type|participant|loadout)|participants\.\d+\.id"
    r"|(?:skills|bosses)\.\d+\.participant|loadouts\.\d+\.id|attachments\.\d+\.(?:media_type|digest)"
    r"|statistics\.loadouts\.\d+\.loadout|statistics\.measures\.\d+\.(?:name|label|unit)"
)
"""Where words of ours, of recipes and of the model stand: a name that is spelled alike is no leak there."""
_HOLDS = (dict, list)
_MARKS = frozenset({REMOVED, OTHER})
_NUMBERED = re.compile(r"attachment-\d+")
"""What the name of a file becomes."""
_OWN_WORD = re.compile(r"[a-z]{1,14}(?:[-_][0-9_]+)?|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+)?|[0-9A-Fa-f_-]*")
"""A part of a natural key: the kind of session and its number, a time, or a digest."""
_PART = re.compile("[^@/]+")
_KEYED = "natural_key"
MOST = 5


def leaks(
    document: bytes,
    *,
    names: Iterable[str] = (),
    secrets: Secrets = NO_SECRETS,
    told: Mapping[str, str] | None = None,
    detectors: Detectors,
) -> Sequence[str]:
    """Where in the JSON `document` something private stands, as paths like `events.3.item`; the first few of them.

    `told` are the texts behind slots that are kept beside it: no secret may stand there either.
    """
    watch = _Watch(Searched(names), detectors)
    found = list(secrets.places(document, told))
    # Where each text stands takes most of the time, and is asked only when one of them may not be harmless.
    if watch.passes(document):
        return found
    for path, text in _texts(msgspec.json.decode(document), ""):
        # A path that is made of a secret is that of a place which was told already.
        if len(found) < MOST and path not in found and watch.catches(path, text) and not secrets.stand_in(path):
            found.append(path)
    return found


class _Watch:
    """Looks at one text after the other, and remembers the harmless ones."""

    def __init__(self, names: Searched, detectors: Detectors) -> None:
        self._names = names
        self._detectors = detectors
        self._clean: set[str] = set()

    def passes(self, document: bytes) -> bool:
        """Whether every text in the object `document` is one that may leave, wherever it stands."""
        key = msgspec.json.decode(document, type=dict[str, msgspec.Raw]).get(_KEYED)
        if key is not None and self.catches(_KEYED, msgspec.json.decode(key, type=str)):
            return False
        return not any(self.catches("", text) for text in _strings(document))

    def catches(self, path: str, text: str) -> bool:
        """Whether `text`, which stands at `path`, must not leave."""
        if path == _KEYED:
            # Not part by part: an address has the sign that parts are joined with.
            return self._suspects(_PART.sub(_without_own_word, text))
        if text in self._clean or (path and _OURS.fullmatch(path)) or (text[:1] == "@" and SLOT.fullmatch(text)):
            return False
        if self._suspects(text) and not (text in _MARKS or _NUMBERED.fullmatch(text)):
            return True
        self._clean.add(text)
        return False

    def _suspects(self, text: str) -> bool:
        return self._names.holds(text) or self._detectors.found(text) is not None


def _without_own_word(part: re.Match[str]) -> str:
    return "x" if _OWN_WORD.fullmatch(part[0]) else part[0]


def _strings(document: bytes) -> Iterable[str]:
    """Every text and every key in JSON, once."""
    if b"\\" in document:
        return {text for path, text in _texts(msgspec.json.decode(document), "")}
    return map(bytes.decode, quoted(document))


def quoted(document: bytes, block: int = 1 << 15) -> set[bytes]:
    """What stands between quotation marks, where none of them is escaped: every other piece is a text.

    A `block` at a time: the pieces of a long hunt take many times the room of the few texts that it repeats.
    """
    found: set[bytes] = set()
    start, in_text = 0, False
    while start <= len(document):
        end = document.find(b'"', start + block)
        pieces = document[start : end if end >= 0 else len(document)].split(b'"')
        found.update(pieces[0 if in_text else 1 :: 2])
        in_text ^= len(pieces) % 2 == 1
        start = end + 1 if end >= 0 else len(document) + 1
    return found


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 -- any JSON value
    if isinstance(value, str):
        yield path, value
        return
    before = f"{path}." if path else ""
    for key, inner in _items(value):
        if isinstance(key, str) and not key.isidentifier():
            yield f"{path}.{key}", key  # a word of ours has no blanks and no dots in it
        # Here, and not one call further down: most of a session is numbers and short texts.
        if isinstance(inner, str):
            yield f"{before}{key}", inner
        elif isinstance(inner, _HOLDS):
            yield from _texts(inner, f"{before}{key}")


def _items(value: Any) -> Iterable[tuple[str | int, Any]]:  # noqa: ANN401 -- as above
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()
