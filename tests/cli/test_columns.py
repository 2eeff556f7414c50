from logferry.blocks import Grid, Span, Tone
from logferry.columns import laid_out, plain, widths


def shown(grid: Grid, apart: int = 2) -> list[str]:
    return [plain(row) for row in laid_out(grid, widths(grid), apart)]


def test_cells_stand_below_their_names_and_numbers_to_the_right() -> None:
    grid = Grid(("name", "sent", "why"), (("home", Span("12", Tone.GOOD), "no key"), ("guild hall", "3", "")))
    assert shown(Grid(grid.columns, grid.rows, right=frozenset({"sent"}))) == [
        "name        sent  why",
        "home          12  no key",
        "guild hall     3",
    ]


def test_what_takes_two_places_or_none_is_counted_so() -> None:
    assert shown(Grid(("a", "b"), (("\u68a8\u68a8", "x"), ("e\u0301e", "y")))) == [
        "a     b",
        "\u68a8\u68a8  x",
        "e\u0301e    y",
    ]


def test_facts_have_no_line_of_names() -> None:
    assert shown(Grid(("", ""), (("began", "12:00"),))) == ["began  12:00"]


def test_a_table_without_rows_has_its_names() -> None:
    assert shown(Grid(("a", "b"), ()), apart=1) == ["a b"]


def test_ten_thousand_rows_are_laid_out_as_they_are() -> None:
    rows = tuple((str(at), "artemis") for at in range(10_000))
    lines = shown(Grid(("id", "tracker"), rows))
    assert (len(lines), lines[-1]) == (10_001, "9999  artemis")
