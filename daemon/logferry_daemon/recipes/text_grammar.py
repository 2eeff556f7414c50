"""Lines of text that a recipe's patterns understand. Pure; every search runs on RE2 or is one for a fixed text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from logferry_daemon.core.patterns import LinePattern
from logferry_daemon.core.reading import About, Trouble
from logferry_daemon.recipes.columns import bare, columns, number
from logferry_daemon.recipes.grammar import Glance, Parsed, Tallied
from logferry_daemon.recipes.recipe import LineRule, Recipe, Take
from logferry_daemon.recipes.stamps import Stamps
from logferry_daemon.recipes.taking import by_type, naming_fields
from logferry_model.session import Scalar


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of the recipe, compiled."""

    type: str
    contains: bytes
    pattern: LinePattern | None
    columns: Mapping[str, int]
    begins: Mapping[str, bytes]
    names: frozenset[str]
    """Fields that name somebody: text, also where they look like a number."""
    timed: bool


@dataclass(frozen=True, slots=True)
class TextRules:
    """All rules of a recipe, compiled once for all its files."""

    time: LinePattern
    date_from: LinePattern | None
    by_word: Mapping[bytes, tuple[_Rule, ...]]
    anywhere: tuple[_Rule, ...]
    tallied: Mapping[bytes, Tallied]
    """Words of lines that only count, and may take the short way."""
    beginnings: tuple[bytes, ...]
    word_after: bytes
    word_until: bytes
    drop_last: frozenset[bytes]
    ending: frozenset[str]
    """Types of lines that end a session."""
    encoding: str


def compiled(recipe: Recipe) -> TextRules:
    """The recipe's rules, ready to run."""
    by_word: dict[bytes, tuple[_Rule, ...]] = {}
    anywhere: list[_Rule] = []
    for rule in recipe.line.rule:
        one = _compiled(rule, recipe)
        for word in rule.words:
            by_word[word.encode()] = (*by_word.get(word.encode(), ()), one)
        if not rule.words:
            anywhere.append(one)
    return TextRules(
        time=LinePattern(recipe.line.time),
        date_from=LinePattern(recipe.line.date_from) if recipe.line.date_from else None,
        by_word=by_word,
        anywhere=tuple(anywhere),
        tallied=_tallied(recipe),
        beginnings=_beginnings(recipe),
        word_after=(recipe.line.word_after or "").encode(),
        word_until=(recipe.line.word_until or "").encode(),
        drop_last=frozenset(text.encode() for text in recipe.line.drop_last),
        ending=frozenset(one.type for kind in recipe.session.kind for one in kind.end),
        encoding=recipe.files.encoding,
    )


def _compiled(rule: LineRule, recipe: Recipe) -> _Rule:
    take = recipe.take.get(rule.type)
    return _Rule(
        type=rule.type,
        contains=(rule.contains or "").encode(),
        pattern=LinePattern(rule.pattern) if rule.pattern else None,
        columns=rule.columns,
        begins={name: text.encode() for name, text in rule.begins.items()},
        names=frozenset(
            name.partition(".")[2] for name in naming_fields(recipe) if name.partition(".")[0] == rule.type
        ),
        timed=take is None or not take.count_only,
    )


def _tallied(recipe: Recipe) -> Mapping[bytes, Tallied]:
    """Rules with nothing but a word and columns, of types that the recipe only counts and asks nothing else about."""
    session = recipe.session
    asked = {pattern.type for kind in session.kind for pattern in (*kind.start, *kind.end)}
    asked |= {*by_type((*session.identity, *session.outcome.values())), *(set(session.between) - {"*"})}
    asked |= {word for word, keys in by_type(recipe.privacy.names).items() if not _is_doer(recipe.take.get(word), keys)}
    words = [word for rule in recipe.line.rule for word in rule.words]
    found: dict[bytes, Tallied] = {}
    for rule in recipe.line.rule:
        take = recipe.take.get(rule.type)
        if take is not None and rule.type not in asked and _only_sums(rule, take):
            found |= {word.encode(): _short_way(rule, take, recipe) for word in rule.words if words.count(word) == 1}
    return {} if "*" in asked else found


def _only_sums(rule: LineRule, take: Take) -> bool:
    """Whether all that is wanted of its lines are sums of columns, each of one field that is no name."""
    plain = all(name is None or (not {"|", "+"} & {*name} and name != take.who) for name in (take.amount, take.value))
    return take.count_only and plain and not rule.pattern and not rule.contains


def _is_doer(take: Take | None, keys: Sequence[str]) -> bool:
    """Whether the only name in a line is that of who did it, who is known by that already."""
    return take is not None and all(key == take.who for key in keys)


def _short_way(rule: LineRule, take: Take, recipe: Recipe) -> Tallied:
    who, amount, value = (rule.columns.get(name or "") for name in (take.who, take.amount, take.value))
    begins = tuple((rule.columns[name], text.encode()) for name, text in rule.begins.items() if name in rule.columns)
    drop_last = frozenset(text.encode() for text in recipe.line.drop_last)
    return Tallied(rule.type, who, amount, value, begins, drop_last)


def _beginnings(recipe: Recipe) -> tuple[bytes, ...]:
    """Texts of which one is in every line that can begin a session or name its player; none where none can be told."""
    words = {pattern.type for kind in recipe.session.kind for pattern in kind.start}
    tellers = {name.partition(".")[0] for name in recipe.session.identity}
    # Lines that only count come by the hundred thousand: to stop at each would cost more than the name is worth here.
    words |= {word for word in tellers if not (word in recipe.take and recipe.take[word].count_only)}
    if "*" in words or "*" not in recipe.session.between:
        return ()
    rules = [rule for rule in recipe.line.rule if rule.type in words]
    texts = [text for rule in rules for text in (rule.words or (rule.contains or "",))]
    return tuple(text.encode() for text in texts) if all(texts) else ()


class TextLines:
    """Lines that a recipe's rules tell apart; a line that no rule fits says nothing to us."""

    joins = False
    must_be_lines = False

    def __init__(self, rules: TextRules, about: About, *, days: int = 0) -> None:
        self._rules = rules
        self._stamps = Stamps(rules.time, rules.date_from, about, days=days)
        self._odd = 0

    @property
    def beginnings(self) -> Sequence[bytes]:
        """Of the lines that matter while no session is open; without dates all do, for the midnights between them."""
        return self._rules.beginnings if self._stamps.dated else ()

    @property
    def glances(self) -> bool:
        """As for `beginnings`."""
        return self._stamps.dated

    @property
    def days(self) -> int:
        """Midnights passed so far."""
        return self._stamps.days

    @property
    def shift(self) -> timedelta:
        """Back to the day on which a log without dates began, when it was last written on a later one."""
        return self._stamps.shift

    def passed(self, offset: int) -> None:
        """The next line stands at this byte of the file."""
        self._stamps.passed(offset)

    def glance(self, line: bytes) -> Glance | Tallied:
        """By the line's own word alone."""
        rules = self._rules
        if not rules.by_word:
            return Glance.LOOK
        word = line.partition(rules.word_after)[2].partition(rules.word_until)[0]
        if (tallied := rules.tallied.get(word)) is not None:
            return tallied
        return Glance.LOOK if rules.anywhere or word in rules.by_word else Glance.NOTHING

    def parse(self, line: bytes) -> Parsed | None:
        """By the first rule that fits; a line whose time cannot be read says nothing."""
        seen = None if self._stamps.dated else self._stamps.read(line)
        for rule in self._candidates(line):
            if rule.contains in line and (fields := self._fields(rule, line)) is not None:
                stamp = (seen or self._stamps.read(line)) if rule.timed else None
                if stamp is not None:
                    return Parsed(rule.type, stamp.at, stamp.key, fields)
                return None if rule.timed else Parsed(rule.type, None, "", fields)
        return None

    def _candidates(self, line: bytes) -> Sequence[_Rule]:
        rules = self._rules
        if not rules.by_word:
            return rules.anywhere
        rest = line.partition(rules.word_after)[2]
        word = rest.partition(rules.word_until)[0]
        return rules.by_word.get(word, rules.anywhere)

    def _fields(self, rule: _Rule, line: bytes) -> dict[str, Scalar] | None:
        raw = rule.pattern.fields(line) if rule.pattern else {}
        if raw is None:
            return None
        if rule.columns:
            raw |= _columns(line, rule.columns, self._rules.drop_last)
        if not all(raw.get(name, b"").startswith(text) for name, text in rule.begins.items()):
            return None
        return {name: self._text(value) if name in rule.names else self._scalar(value) for name, value in raw.items()}

    def _scalar(self, value: bytes) -> Scalar:
        known = number(value)
        return self._text(value) if known is None else known

    def _text(self, value: bytes) -> str:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            self._odd += 1
            text = value.decode(self._rules.encoding, "replace")
        return text.replace("\0", "\N{REPLACEMENT CHARACTER}")

    def is_whole(self, rest: bytes) -> bool:
        """Whether it ends a session, and all that is wanted of it stands before its last byte.

        Of any other line a number may go on, so only a line's end ends it.
        """
        if self._rules.time.fields(rest) is None:
            return False
        fitting = (one for one in self._candidates(rest) if one.contains in rest and _fits(one.pattern, rest))
        rule = next(fitting, None)
        if rule is None or rule.type not in self._rules.ending or rule.columns:
            return False
        return rule.pattern is None or rule.pattern.reach(rest) < len(rest)

    def notes(self) -> Iterator[Trouble]:
        """How texts were read that are not UTF-8."""
        if self._odd:
            how = "with replacement signs" if self._rules.encoding == "utf-8" else f"as {self._rules.encoding}"
            yield Trouble(code="not-utf-8", message=f"{self._odd} text(s) in it are not UTF-8 and were read {how}.")


def _fits(pattern: LinePattern | None, line: bytes) -> bool:
    return pattern is None or pattern.fields(line) is not None


def _columns(line: bytes, wanted: Mapping[str, int], drop_last: frozenset[bytes]) -> dict[str, bytes]:
    cells = columns(line, drop_last)
    return {name: bare(cells[at]) for name, at in wanted.items() if -len(cells) <= at < len(cells)}
