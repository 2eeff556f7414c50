"""Runs a recipe over the lines of a log. Bytes in, sessions out; opens no file, reads no clock.

One rule: whatever the recipe does not take stays here. A line becomes an event with its time and type, and with those
fields that the recipe lists for its type, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from logferry_daemon.core.adding import measures_of, with_measures
from logferry_daemon.core.policy import Listing
from logferry_daemon.core.reading import NOWHERE, About, EndRules, Reading, Trouble
from logferry_daemon.recipes.drafting import Drafts, Where
from logferry_daemon.recipes.grammar import Glance, Grammar, Tallied
from logferry_daemon.recipes.joining import Joiner
from logferry_daemon.recipes.json_grammar import JsonBlocks, JsonLines
from logferry_daemon.recipes.measures import Running
from logferry_daemon.recipes.recipe import Flavour, Recipe, parse_duration
from logferry_daemon.recipes.text_grammar import TextLines, TextRules, compiled
from logferry_model.errors import Damaged
from logferry_model.figures import Statistics
from logferry_model.session import Session

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class RecipeTracker:
    """A tracker made of a recipe for a line log."""

    def __init__(self, recipe: Recipe) -> None:
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

    @cached_property
    def _compiled(self) -> TextRules:
        return compiled(self.recipe)

    def rules(self, where: str) -> EndRules:
        """Silence, processes and the next file: those of the game's flavour, where the path tells one."""
        session, flavour = self.recipe.session, self._flavour(where)
        silence = (flavour and flavour.silence) or session.silence
        return EndRules(
            silence=parse_duration(silence) if silence else None,
            processes=(flavour and flavour.processes) or session.processes,
            next_start=session.next_start,
        )

    def _flavour(self, where: str) -> Flavour | None:
        return next((one for one in self.recipe.flavour if any(text in where for text in one.paths)), None)

    @property
    def names_player(self) -> bool:
        """Whether the recipe says which lines name the player."""
        return bool(self.recipe.session.identity)

    @cached_property
    def listing(self) -> Listing:
        """What the recipe takes."""
        return self.recipe.listing

    def usual_paths(self, platform: str) -> Sequence[str]:
        """Where the game writes."""
        return next((paths for name, paths in self.recipe.files.paths.items() if name == platform), ())

    def recount(self, session: Session, of: Sequence[Session] = ()) -> Statistics:
        """By the recipe's measures; of a part, those whose lines are events of it, as others have no time any more."""
        if of:
            rates = {rule.name for rule in self.recipe.measure if rule.per}
            return with_measures(session, measures_of(of, rates=rates))
        running = Running(self.recipe)
        for event in session.events:
            running.add(event)
        return running.statistics(session.duration or timedelta(), only_events=True)

    def reader(self, about: About = NOWHERE, *, offset: int = 0, line: int = 1, days: int = 0) -> LineReader:
        """A reader that goes on at `offset`, the start of line number `line`, so many midnights after the first."""
        return LineReader(self.recipe, self._grammar(about, days), offset=offset, line=line)

    def _grammar(self, about: About, days: int) -> Grammar:
        if self.recipe.format == "text-lines":
            return TextLines(self._compiled, about, days=days)
        return JsonLines(self.recipe) if self.recipe.format == "json-lines" else JsonBlocks(self.recipe)


class LineReader:
    """Reads one log, line by line."""

    def __init__(self, recipe: Recipe, grammar: Grammar, *, offset: int, line: int) -> None:
        self._recipe = recipe
        self._grammar = grammar
        self._glances = grammar.glances
        self._joiner = Joiner() if grammar.joins else None
        self._where = Where(offset, line)
        """Of the line, or of the first one of several that belong together."""
        self._drafts = Drafts(recipe, self._trouble)
        self._from_start = offset == 0
        self._offset = offset
        self._line = line
        self._rest = b""
        self._oversized = False
        self._first_at: datetime | None = None
        self._blank = True
        """Whether no line had anything in it yet."""
        self._troubles: dict[str, tuple[str, int]] = {}
        """Kind -> the first of it, and how many there are."""

    def feed(self, data: bytes) -> None:
        """The next bytes; an unfinished last line is kept until its end comes."""
        buffer, position = self._rest + data, 0
        while (end := buffer.find(b"\n", position := self._glide(buffer, self._skip(buffer, position)))) >= 0:
            line = buffer[position:end]
            self._line_came(line)
            self._offset += len(line) + 1
            self._line += 1
            position = end + 1
        self._rest = buffer[position:]
        if len(self._rest) > self._recipe.files.max_line_bytes:
            self._oversized = True
            self._offset += len(self._rest)
            self._rest = b""

    @property
    def _waits(self) -> bool:
        """Whether nothing but the beginning of a session matters now."""
        return bool(self._grammar.beginnings) and self._first_at is not None and self._drafts.idle

    def _skip(self, buffer: bytes, position: int) -> int:
        """Over the lines that cannot matter: while no session is open, most of a log."""
        if self._oversized or not self._waits:
            return position
        hits = (buffer.find(text, position) for text in self._grammar.beginnings)
        hit = min((found for found in hits if found >= 0), default=len(buffer))
        start = max(buffer.rfind(b"\n", position, hit) + 1, position)
        self._line += buffer.count(b"\n", position, start)
        self._offset += start - position
        return start

    def _glide(self, buffer: bytes, position: int) -> int:
        """Over the lines of an open session of which nothing is wanted but a sum: in a combat log, most of it."""
        if not self._glances or self._oversized or not self._drafts.open:
            return position
        glance, tally, limit = self._grammar.glance, self._drafts.tally, self._recipe.files.max_line_bytes
        start, lines = position, 0
        while 0 <= (end := buffer.find(b"\n", position)) <= position + limit:
            line = buffer[position:end].strip()
            seen = glance(line)
            if seen is Glance.LOOK or (isinstance(seen, Tallied) and not tally(seen, line)):
                break
            position, lines = end + 1, lines + 1
        self._line += lines
        self._offset += position - start
        return position

    def forget(self, offset: int) -> None:
        """Drop sessions that start before `offset`."""
        self._drafts.forget(offset)

    def reading(self, *, settled: bool) -> Reading:
        """The sessions so far; a whole last line without its newline counts once the file has settled."""
        if settled and not self._oversized and self._grammar.is_whole(self._rest.strip()):
            self._where = Where(self._offset, self._line)
            self._take(self._rest)
            self._offset += len(self._rest)
            self._rest = b""
        shift = self._grammar.shift
        return Reading(
            found=self._drafts.found(shift),
            troubles=(*self._all_troubles(), *self._grammar.notes()),
            first_at=self._first_at + shift if self._first_at else None,
            unfinished=self._cut_off,
        )

    @property
    def _cut_off(self) -> bool:
        return self._oversized or bool(self._rest.strip()) or bool(self._joiner and self._joiner.lines)

    def _line_came(self, line: bytes) -> None:
        if self._oversized or len(line) > self._recipe.files.max_line_bytes:
            # However its bytes came: of one of which the beginning was given up, only the end is left here.
            self._give_up()
            return
        if self._joiner is not None and self._joiner.is_cut_by(line):
            self._joiner.drop()
            self._trouble("object-cut-off", "the object before it stops in the middle")
        if self._joiner is None or not self._joiner.lines:
            self._where = Where(self._offset, self._line)
        if self._joiner is None:
            self._take(line)
        else:
            self._join(line, self._joiner)

    def _join(self, line: bytes, joiner: Joiner) -> None:
        whole = joiner.add(line.rstrip(b"\r"))
        size = joiner.size if whole is None else len(whole)
        if size > self._recipe.files.max_line_bytes:
            self._give_up()
        elif whole is not None:
            self._take(whole)

    def _give_up(self) -> None:
        """A line that is too long, and the object that it is part of."""
        self._oversized = False
        if self._joiner is not None:
            self._joiner.drop()
        if not self._waits:
            self._trouble("line-too-long", f"longer than {self._recipe.files.max_line_bytes} bytes")

    def _take(self, line: bytes) -> None:
        text = line.strip()
        if text:
            self._blank = False
            self._read(text.removeprefix(_BYTE_ORDER_MARK) if self._line == 1 else text)

    def _read(self, text: bytes) -> None:
        if self._line == 1 and text.startswith(_UTF_16):
            self._trouble("utf-16", "the file is UTF-16, which its game does not write; save it as UTF-8")
        self._grammar.passed(self._offset)
        try:
            parsed = self._grammar.parse(text)
        except Damaged as error:
            self._trouble(error.code, error.message)
            return
        if parsed is None:
            return
        if parsed.repairs:
            self._trouble("repaired", f"{parsed.repairs} value(s) such as NaN are not JSON; they count as not given")
        self._first_at = self._first_at or parsed.at
        self._drafts.step(parsed, replace(self._where, days=self._grammar.days))

    def _trouble(self, code: str, message: str) -> None:
        first, times = self._troubles.get(code, (f"line {self._line}: {message.rstrip('.')}", 0))
        self._troubles[code] = (first, times + 1)

    def _all_troubles(self) -> Iterator[Trouble]:
        """One for each kind: the first line it happened in, and how many more."""
        for code, (first, times) in self._troubles.items():
            more = f", and {times - 1} more line(s) like it" if times > 1 else ""
            yield Trouble(code=code, message=f"{first}{more}.")
        if self._cut_off and (self._first_at or not self._troubles):  # where no line is good, the last one is no news
            yield Trouble(code="cut-off", message=f"line {self._line} stops in the middle.")
        if self._from_start:
            yield from self._nothing_found()

    def _nothing_found(self) -> Iterator[Trouble]:
        if self._drafts.any_started:
            return
        readable = self._first_at is not None or not self._grammar.must_be_lines
        if self._blank and not self._troubles and not self._cut_off:
            yield Trouble(code="empty", message="the file is empty.")
        elif readable and not self._blank:
            starts = sorted({one.type for kind in self._recipe.session.kind for one in kind.start})
            yield Trouble(code="no-session", message=f"no play session in it: no {' or '.join(starts)} line.")
