"""What a recipe of one file a match may say. A recipe is data: it opens no file and decodes nothing."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import Literal

from msgspec import Struct, field

from logferry_daemon.recipes.match import guild_wars, rocket_league
from logferry_daemon.recipes.match.header import Header

DecoderName = Literal["evtc", "unreal-replay", "header"]
FACTS = {"evtc": guild_wars.FACTS, "unreal-replay": rocket_league.FACTS}
FIGURES = {"evtc": guild_wars.FIGURES, "unreal-replay": rocket_league.FIGURES}
"""What each decoder tells; what `header` tells is in the recipe itself."""
DURATION = "duration"
_HEX = "hex:"


class MatchFiles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which files, where, and how small or large they may be."""

    patterns: tuple[str, ...]
    min_bytes: int = 0
    """A smaller file holds no match."""
    max_bytes: int = 64 * 2**20
    max_member_bytes: int = 256 * 2**20
    """Of what is in a zip."""
    paths: dict[Literal["windows", "macos", "linux"], tuple[str, ...]] = field(default_factory=dict)


class Match(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one file is read."""

    decoder: DecoderName
    magic: str = ""
    """The first bytes, in the zip where there is one: a text, or `hex:45 56 54 43`."""
    zip: bool = False
    """Whether the file may be a zip with one file in it."""
    compress: bool = True
    """False where a copy of the file gains nothing by being packed."""

    def __post_init__(self) -> None:
        """Magic that cannot be read would fit no file, silently."""
        if self.magic.startswith(_HEX):
            bytes.fromhex(self.magic.removeprefix(_HEX))

    @property
    def begins(self) -> bytes:
        """The parsed `magic`."""
        if self.magic.startswith(_HEX):
            return bytes.fromhex(self.magic.removeprefix(_HEX))
        return self.magic.encode()


class MatchPrivacy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields of the header that name people; the other decoders know by themselves."""

    names: tuple[str, ...] = ()


class MatchMeasure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure: a sum over the players, of the whole match or by the second."""

    name: str
    label: str
    unit: str = ""
    of: str = DURATION
    """A figure of the players, or `duration` in seconds."""
    who: Literal["all", "me"] = "all"
    per_second: bool = False


class MatchRecipe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One game that writes a file a match."""

    name: str
    title: str
    format: Literal["match-file"]
    hint: str = ""
    """How a player makes the game write its files, for whoever finds none."""
    files: MatchFiles
    match: Match
    header: Header | None = None
    facts: tuple[str, ...] = ()
    """Of all that the decoder knows, what may leave."""
    privacy: MatchPrivacy = field(default_factory=MatchPrivacy)
    measure: tuple[MatchMeasure, ...] = ()

    def __post_init__(self) -> None:
        """A name that nothing bears would leave a hole that nobody sees."""
        if self.header is None and self.match.decoder == "header":
            raise ValueError('decoder = "header" needs [header], which says where the fields are')
        if self.header is not None and self.match.decoder != "header":
            raise ValueError(f'[header] belongs to decoder = "header", and not to "{self.match.decoder}"')
        fields: frozenset[str] = self.header.names if self.header else frozenset()
        _known(self.facts, FACTS.get(self.match.decoder, fields), "a fact")
        figures = FIGURES.get(self.match.decoder, fields) | {DURATION}
        _known((one.of for one in self.measure), figures, "a figure")
        _known(self.privacy.names, fields, "a field of the header")


def _known(names: Iterable[str], known: Collection[str], what: str) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            guess = f'; did you mean "{near[0]}"?' if near else "."
            raise ValueError(f'"{name}" is not {what} that the decoder knows{guess}')
