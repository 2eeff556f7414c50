"""What a terminal is shown of other people's words: nothing in them steers it or ends the line. Pure."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""In a file name or a server's answer these could steer the terminal, write lines of their own, turn words round or
hide in them. Line breaks are among them: a line is made by a `Line`, never by a character."""


def printable(text: str) -> str:
    """The text with a mark in place of whatever could steer a terminal or end the line."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
