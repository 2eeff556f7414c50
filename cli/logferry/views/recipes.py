"""Recipes, and what one makes of files, as blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from logferry.blocks import GAP, Block, Grid, Line, Span, Tone, Words, dim, line
from logferry.views.inspection import problem_lines, session_lines, total_lines
from logferry.views.words import counted
from logferry_daemon.recipe_trial import FileTried, RecipeInfo, RecipeList, SessionTried, Trial
from logferry_model.figures import Measure


def recipe_list(found: RecipeList) -> Iterator[Block]:
    """A line a recipe, and what is wrong with broken ones."""
    columns = ("name", "game", "format", "from", "files")
    yield Grid(columns, tuple(_row(each) for each in found.recipes), whole=frozenset(columns[:4]), indent=0)
    if found.problems:
        yield GAP
        yield from problem_lines(found.problems)


def recipe_info(found: RecipeInfo) -> Iterator[Block]:
    """That it can be used, and what it looks for."""
    yield line(Span(f"The recipe {found.name} can be used.", Tone.GOOD))
    rows: list[tuple[Words, ...]] = [
        ("game", found.title),
        ("format", found.format),
        ("from", _origin(found)),
        ("files", ", ".join(found.patterns)),
    ]
    rows += [(f"on {system}", path) for system, paths in found.paths.items() for path in paths]
    yield Grid(("", ""), tuple(rows))


def trial(found: Trial) -> Iterator[Block]:
    """A group a file: every session, why it ended, what leaves of it and what does not."""
    for file in found.files:
        yield from _file(file)
    yield from total_lines(found.totals)


def _row(each: RecipeInfo) -> tuple[Words, ...]:
    return (each.name, each.title, each.format, _origin(each), ", ".join(each.patterns))


def _origin(each: RecipeInfo) -> str:
    return f"{each.origin}, instead of the shipped one" if each.replaces else each.origin


def _file(file: FileTried) -> Iterator[Block]:
    yield line(Span(file.path, Tone.STRONG), dim(f"  {file.tracker or 'no known tracker'}"))
    for session in file.sessions:
        yield from session_lines(session.session)
        yield from _parts(session)
    yield from problem_lines(file.problems)
    yield GAP


def _parts(tried: SessionTried) -> Iterator[Line]:
    measures = tried.session.statistics.measures
    told = {
        "events": _counts(tried.types),
        "facts": ", ".join(f"{name} = {value}" for name, value in tried.facts.items()),
        "measures": ", ".join(map(_measure, measures)),
        "stays": _counts(tried.stays),
    }
    for name, words in told.items():
        if words:
            yield line(dim(f"{name}: "), words, indent=4)
    names = f"{counted(tried.names, 'name')} looked for everywhere"
    taken = f"{_counts(tried.redacted)}; {names}" if tried.redacted else f"nothing; {names}"
    yield line(Span("redacted: ", Tone.WARN), taken, indent=4)


def _measure(one: Measure) -> str:
    return f"{one.label} {one.value:,.10g} {one.unit}".strip()


def _counts(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in numbers.items())
