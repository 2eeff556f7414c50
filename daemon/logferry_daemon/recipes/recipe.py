"""What a recipe for a line log may say. A recipe is data: a new game needs no Python. Opens no file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from msgspec import Struct, field

from logferry_daemon.core.policy import Group, Listing
from logferry_model.errors import Misconfigured

_DURATION = re.compile(r"([0-9]{1,6})\s*([smhd])")
_UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def is_or_holds(found: Any, value: str | float) -> bool:  # noqa: ANN401 -- any JSON value
    """Whether a value meets a condition; one on every item of a list is met by any of them."""
    return value in found if isinstance(found, list) else bool(found == value)


class Pattern(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines of one type, and of those only the ones whose fields have these values; `*` is every type."""

    type: str
    where: dict[str, str | int | float | bool] = field(default_factory=dict)

    def fits(self, word: str, line: Mapping[str, Any]) -> bool:
        """Whether a line of type `word` with these fields is meant."""
        if self.type not in (word, "*"):
            return False
        return not self.where or all(is_or_holds(line.get(key), value) for key, value in self.where.items())


class Files(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which files, where, and how large they may be."""

    patterns: tuple[str, ...]
    max_bytes: int = 128 * 2**20
    max_line_bytes: int = 2**20
    encoding: str = "utf-8"
    """Of lines that are not UTF-8, as "cp1252"."""
    paths: dict[Literal["windows", "macos", "linux"], tuple[str, ...]] = field(default_factory=dict)


class LineRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a line that does not name its own type gets one. The first rule that fits decides."""

    type: str
    word: str | tuple[str, ...] = ()
    """text-lines: the line's own word for it, or several; see Line.word_after. Looked up before all else."""
    contains: str | None = None
    """text-lines: it is none of these without this text; cheaper than a pattern."""
    pattern: str | None = None
    """text-lines: RE2; its named groups are the line's fields."""
    columns: dict[str, int] = field(default_factory=dict)
    """text-lines: field -> number of the comma-separated column, from 0, or from -1 backwards."""
    begins: dict[str, str] = field(default_factory=dict)
    """text-lines: field of a column -> what it must begin with."""
    has: str | None = None
    """json-blocks: the path of something that must be there."""
    where: dict[str, str | int | float | bool] = field(default_factory=dict)
    """json-blocks: path -> the value that must be there."""

    @property
    def words(self) -> tuple[str, ...]:
        """All of `word`."""
        return (self.word,) if isinstance(self.word, str) else self.word


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a line says when and what."""

    time: str
    """JSON: the path of the time. text-lines: RE2 with the groups that recipes/stamps.py knows."""
    type: str | None = None
    """json-lines: the path of the type."""
    date_from: str | None = None
    """text-lines: RE2 over the file's path with groups year, month, day: for times without a date."""
    word_after: str | None = None
    """text-lines: the line's own word for what it is stands between these two texts."""
    word_until: str | None = None
    drop_last: tuple[str, ...] = ()
    """text-lines: a last column that is one of these does not count: later releases of the game added it."""
    rule: tuple[LineRule, ...] = ()


class Kind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of session. Kinds that are named earlier are the larger ones: later ones do not begin inside them."""

    start: tuple[Pattern, ...]
    name: str = "session"
    end: tuple[Pattern, ...] = ()
    key: str | None = None
    """The field of the starting line that makes it this session and no other; else its time and facts do."""
    facts: dict[str, str] = field(default_factory=dict)
    """Fact -> field of the starting line."""


class SessionRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sessions begin and end, and whose they are."""

    kind: tuple[Kind, ...]
    between: tuple[str, ...] = ()
    """Line types that belong to no session and open no closed one again; "*" for all."""
    gap: str | None = None
    """As "90s": a line that comes so long after the one before begins another session."""
    silence: str | None = None
    """As "30m": nothing written for so long ends a session."""
    processes: tuple[str, ...] = ()
    next_start: bool = True
    """Whether a later file of the same source ends it."""
    identity: tuple[str, ...] = ()
    """`Type.Field` of lines that name the player."""
    outcome: dict[str, str] = field(default_factory=dict)
    """Fact -> `Type.Field` of a later line."""


class Flavour(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of several games that write the same logs; what it does not say holds as for all."""

    name: str
    paths: tuple[str, ...]
    """Any of these texts in the file's path tells it."""
    processes: tuple[str, ...] = ()
    silence: str | None = None


class Privacy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the log names people, as `Type.Field`."""

    names: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    """What the log puts before a name, as "CMDR "; the name alone is looked for, too."""
    tails: tuple[str, ...] = ()
    """What the log puts after a name, as "-" before a realm; the name alone is looked for, too."""
    locations: tuple[str, ...] = ()
    """Fields and facts that say where in the game something was: a destination's policy decides about them."""
    texts: tuple[str, ...] = ()
    """Fields and facts that somebody typed."""
    shapes: tuple[str, ...] = ()
    """RE2: a text that fits one names somebody, in whatever field that may leave it stands."""

    def __post_init__(self) -> None:
        """A name that says no field would protect nobody, and nothing would show it."""
        for name in self.names:
            if not all(name.partition(".")):
                raise ValueError(f'"{name}" is not of the form Type.Field')


class Take(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may leave of one line type. `A|B` takes the first of two fields that is there, of numbers `A+B` both."""

    fields: tuple[str, ...] = ()
    amount: str | None = None
    value: str | None = None
    quantity: str | None = None
    item: str | None = None
    creature: str | None = None
    skill: str | None = None
    critical: str | None = None
    """The field that is there, and neither 0 nor nil, when it was a critical hit."""
    who: str | None = None
    """The field that names who did it: a participant, who goes by a number."""
    loot: bool = False
    """Counts in the loot table."""
    count_only: bool = False
    """Counts in the figures and makes no event: for lines that come by the hundred thousand."""


class MeasureRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure: how many events of some types, or the sum of a number over them."""

    name: str
    label: str
    unit: str = ""
    count: tuple[str, ...] = ()
    sum: Literal["amount", "value", "quantity"] | None = None
    of: tuple[str, ...] = ()
    per: Literal["second", "minute", "hour"] | None = None
    """Divided by how long the session took."""


class FigureRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure of each participant: a count of types, or the sum of their amounts."""

    name: str
    count: tuple[str, ...] = ()
    sum: tuple[str, ...] = ()


class Recipe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One game with line logs."""

    name: str
    title: str
    format: Literal["json-lines", "json-blocks", "text-lines"]
    hint: str = ""
    """How a player makes the game write its log, for whoever finds none."""
    files: Files
    line: Line
    session: SessionRules
    flavour: tuple[Flavour, ...] = ()
    privacy: Privacy = field(default_factory=Privacy)
    take: dict[str, Take] = field(default_factory=dict)
    measure: tuple[MeasureRule, ...] = ()
    figure: tuple[FigureRule, ...] = ()
    counting: Literal["hunting"] | None = None
    """hunting: its types are those of the Artemis tracker, and all of that tracker's statistics are counted."""

    @property
    def listing(self) -> Listing:
        """What its sessions may hold besides the model's own fields."""
        session = self.session
        taken = (name for take in self.take.values() for name in take.fields)
        facts = (fact for kind in session.kind for fact in kind.facts)
        begun = (pattern.type for kind in session.kind for pattern in (*kind.start, *kind.end))
        return Listing(
            fields=frozenset((*taken, *facts, *session.outcome)),
            groups={
                **dict.fromkeys(self.privacy.locations, Group.LOCATIONS),
                **dict.fromkeys(self.privacy.texts, Group.TEXTS),
            },
            # Elsewhere every type is the recipe's own.
            types=frozenset((*self.take, *begun)) if self.format == "json-lines" else None,
        )

    @property
    def silence(self) -> timedelta | None:
        """The parsed `session.silence`."""
        return parse_duration(self.session.silence) if self.session.silence else None

    @property
    def gap(self) -> timedelta | None:
        """The parsed `session.gap`."""
        return parse_duration(self.session.gap) if self.session.gap else None


def parse_duration(text: str) -> timedelta:
    """`90s`, `30m`, `12h` or `2d`; Misconfigured when it is none of them."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise Misconfigured(
            "duration-unreadable", f'"{text}" is not a duration.', hint="Write it like 90s, 30m or 12h."
        )
    return timedelta(**{_UNIT[found[2]]: int(found[1])})
