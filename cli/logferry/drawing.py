"""How blocks are drawn with rich. Where a table is wider than its terminal, each of its rows becomes a list.

Imported when the first block is printed: rich takes longer to import than a status to be asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from logferry.blocks import Block, Grid, Span, Tone, Words, listed, text_of
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


def _grid(grid: Grid, console: Console) -> Table:
    """Drawn so that no column is cut, or left out, for want of room: closer together, or each row as a list."""
    room = console.options.update(max_width=ANY_WIDTH)
    for apart in (2, 1):
        table = _table(grid, apart)
        if console.measure(table, options=room).minimum <= console.width - grid.indent:
            return table
    return _table(listed(grid), 2, headed=False)


def _table(grid: Grid, apart: int, *, headed: bool = True) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, apart, 0, 0), header_style="dim", show_header=headed)
    for at, name in enumerate(grid.columns):
        whole = name in grid.whole
        least = max((cell_len(text_of(row[at])) for row in grid.rows), default=0) if whole else None
        justify: JustifyMethod = "right" if name in grid.right else "left"
        table.add_column(name, justify=justify, no_wrap=whole, min_width=least, overflow="fold")
    for row in grid.rows:
        table.add_row(*(text((cell,)) for cell in row))
    return table
