"""Runs a recipe over files of one match each. Bytes in, one session out; opens no file, reads no clock.

One rule: whatever the recipe does not take stays here. Facts leave by its list, figures by player, names not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import cast

from msgspec.structs import replace

from logferry_daemon.core.adding import measures_of, with_measures
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.identity import session_id
from logferry_daemon.core.policy import Group, Listing
from logferry_daemon.core.reading import Document, EndRules, Reading, Trouble, found_whole, too_large
from logferry_daemon.recipes.match.blocks import CUT_OFF, Blocks
from logferry_daemon.recipes.match.guild_wars import read_fight
from logferry_daemon.recipes.match.header import Header, read_by_header
from logferry_daemon.recipes.match.played import Played
from logferry_daemon.recipes.match.recipe import DURATION, MatchMeasure, MatchRecipe
from logferry_daemon.recipes.match.rocket_league import read_match
from logferry_daemon.recipes.match.unzip import BEGINS, content_of
from logferry_model.errors import Damaged
from logferry_model.figures import Measure, Statistics
from logferry_model.session import End, EndRule, Session

Decoder = Callable[[Blocks, Document, MatchRecipe], Played]
_RULES = EndRules(next_start=False)


_OF_PLAYERS = ("team", "bot", "profession", "elite_spec", "subgroup")
_PLACES = ("map", "map_id")


class MatchTracker:
    """A tracker made of a recipe of one file a match."""

    def __init__(self, recipe: MatchRecipe) -> None:
        self.recipe = recipe

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.recipe.name

    @property
    def title(self) -> str:
        """The game's name."""
        return self.recipe.title

    @property
    def patterns(self) -> Sequence[str]:
        """Globs of file names."""
        return self.recipe.files.patterns

    @property
    def max_bytes(self) -> int:
        """A larger file is not read."""
        return self.recipe.files.max_bytes

    def rules(self, where: str) -> EndRules:
        """None: a file is a match that is over, or one that is not all there."""
        return _RULES

    @property
    def names_player(self) -> bool:
        """The decoders of games all do; of a header, its recipe says it."""
        return self.recipe.header is None or self.recipe.header.identity is not None

    @property
    def listing(self) -> Listing:
        """The facts that the recipe takes, and what its decoder tells of players and events."""
        return Listing(
            fields=frozenset((*self.recipe.facts, *_OF_PLAYERS)), groups=dict.fromkeys(_PLACES, Group.LOCATIONS)
        )

    def usual_paths(self, platform: str) -> Sequence[str]:
        """Where the game writes."""
        return next((paths for name, paths in self.recipe.files.paths.items() if name == platform), ())

    def companions(self, path: str) -> Sequence[str]:
        """None."""
        return ()

    def read(self, document: Document) -> Reading:
        """The match in the document; unfinished while the file may still be being written."""
        if trouble := self._wrong_size(len(document.data)):
            return Reading(troubles=(trouble,), unfinished=not document.data)
        try:
            return self._reading(self._played(document))
        except Damaged as error:
            trouble = Trouble(code=error.code, message=error.message)
            return Reading(troubles=(trouble,), unfinished=error.code == CUT_OFF)

    def recount(self, session: Session, of: Sequence[Session] = ()) -> Statistics:
        """Of a part, its length alone: what each player did is told of the whole match."""
        if of:
            rates = {one.name for one in self.recipe.measure if one.per_second}
            return with_measures(session, measures_of(of, rates=rates))
        return statistics_of(session, [one for one in self.recipe.measure if one.of == DURATION])

    def _wrong_size(self, size: int) -> Trouble | None:
        files = self.recipe.files
        if not size:
            return Trouble(code="empty", message="the file is empty.")
        if size < files.min_bytes:
            return Trouble(code="too-small", message=f"too small: no fight in fewer than {files.min_bytes} bytes.")
        return too_large(size, files.max_bytes)

    def _played(self, document: Document) -> Played:
        files, match = self.recipe.files, self.recipe.match
        pieces = content_of(document.data, zipped=match.zip, limit=files.max_member_bytes)
        return DECODERS[match.decoder](Blocks(_beginning(pieces, match.begins)), document, self.recipe)

    def _reading(self, played: Played) -> Reading:
        session = self._session(played)
        end = _end(played)
        found = found_whole(session, end=end, identity=played.identity, names=played.names)
        return Reading(
            found=(found,), troubles=played.troubles, first_at=session.started_at, unfinished=played.whole is None
        )

    def _session(self, played: Played) -> Session:
        known = played.facts
        session = Session(
            id=session_id(self.name, played.key),
            tracker=self.name,
            natural_key=played.key,
            started_at=played.started_at,
            ended_at=played.started_at + played.lasted,
            participants=played.participants,
            events=played.events,
            bosses=played.bosses,
            facts={name: known[name] for name in self.recipe.facts if known.get(name) is not None},
        )
        return replace(session, statistics=statistics_of(session, self.recipe.measure))


def statistics_of(session: Session, measures: Sequence[MatchMeasure]) -> Statistics:
    """The recipe's figures over one match."""
    seconds = (session.duration or timedelta()).total_seconds()
    return Statistics(
        events=len(session.events),
        measures=tuple(
            Measure(name=one.name, label=one.label, value=_measured(one, session, seconds), unit=one.unit)
            for one in measures
        ),
    )


def _measured(measure: MatchMeasure, session: Session, seconds: float) -> float:
    if measure.of == DURATION:
        return seconds
    people = [one for one in session.participants if one.local or measure.who == "all"]
    total = sum(one.figures.get(measure.of, 0.0) for one in people)
    if not measure.per_second:
        return total
    return round(total / seconds, 1) if seconds else 0.0


def _end(played: Played) -> End | None:
    return end_by(EndRule.EXPLICIT, f"the file is whole: {played.whole}") if played.whole else None


def _beginning(pieces: Iterator[bytes], magic: bytes) -> Iterator[bytes]:
    """The same pieces; Damaged when they do not begin as the recipe says."""
    first = next(pieces, b"")
    if first[: len(magic)] != magic[: len(first)]:
        raise Damaged("another-format", "another format: the file does not begin as the recipe says.")
    yield first
    yield from pieces


def _evtc(blocks: Blocks, document: Document, _: MatchRecipe) -> Played:
    return read_fight(blocks, sealed=document.data.startswith(BEGINS))


def _unreal(blocks: Blocks, document: Document, _: MatchRecipe) -> Played:
    return read_match(blocks, zone=document.about.zone)


def _header(blocks: Blocks, _: Document, recipe: MatchRecipe) -> Played:
    # A recipe with this decoder has one, or it would have been refused.
    people, figures = frozenset(recipe.privacy.names), frozenset(one.of for one in recipe.measure)
    return read_by_header(blocks, cast("Header", recipe.header), people=people, figures=figures)


DECODERS: Mapping[str, Decoder] = {"evtc": _evtc, "unreal-replay": _unreal, "header": _header}
"""Decoder of the recipe -> what reads the bytes."""
