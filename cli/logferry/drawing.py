"""How blocks are drawn with rich. Where a table is wider than its terminal, each of its rows becomes a list.

Imported when the first block is printed: rich takes longer to import than a status to be asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from logferry.blocks import Block, Grid, Span, Tone, Words, listed
from logferry.columns import laid_out, widths
from logferry.printable import printable

STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.DIM: "dim",
    Tone.GOOD: "green",
    Tone.BUSY: "cyan",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
}
ANY_WIDTH = 1_000_000
LEFT: JustifyMethod = "left"
RIGHT: JustifyMethod = "right"


def drawn(block: Block, console: Console) -> RenderableType:
    """The block as rich prints it there."""
    content = _grid(block, console) if isinstance(block, Grid) else text(block.words)
    return Padding(content, (0, 0, 0, block.indent), expand=False) if block.indent else content


def text(words: Iterable[Words]) -> Text:
    """Words in the colours of their tones."""
    made = Text()
    for word in words:
        span = word if isinstance(word, Span) else Span(word)
        made.append(printable(span.text), STYLES[span.tone])
    return made


def _grid(grid: Grid, console: Console) -> RenderableType:
    """So that no column is cut, or left out, for want of room: closer together, wrapped, or each row as a list."""
    wide, room = widths(grid), console.width - grid.indent
    for apart in (2, 1):
        if sum(wide) + apart * (len(wide) - 1) <= room:
            return Group(*map(text, laid_out(grid, wide, apart)))
    for apart in (2, 1):
        table = _table(grid, wide, apart)
        if console.measure(table, options=console.options.update(max_width=ANY_WIDTH)).minimum <= room:
            return table
    as_list = listed(grid)
    return _table(as_list, widths(as_list), 2, headed=False)


def _table(grid: Grid, wide: Sequence[int], apart: int, *, headed: bool = True) -> Table:
    """One whose cells wrap, but for those that are to stay whole."""
    headed = headed and any(grid.columns)
    table = Table(box=None, pad_edge=False, padding=(0, apart, 0, 0), header_style="dim", show_header=headed)
    for name, most in zip(grid.columns, wide, strict=True):
        whole, justify = name in grid.whole, RIGHT if name in grid.right else LEFT
        table.add_column(name, justify=justify, no_wrap=whole, min_width=most if whole else None, overflow="fold")
    for row in grid.rows:
        table.add_row(*(text((cell,)) for cell in row))
    return table
