"""The table of the fault matrix: nothing that was not run is shown as if it had been."""

from __future__ import annotations

from dataclasses import replace

from tests.acceptance.matrix.cells import ELSEWHERE, FAULTS, OPEN, PARTLY, Cell, table

CELL = Cell(
    fault=6, variant="half", seed=2, sessions=30, lost=0, doubled=0, said="home: it waits.", told=True, seconds=1.0
)


def line_of(lines: list[str], fault: int) -> str:
    return next(line for line in lines if line.startswith(f"{fault:>3}  "))


def test_every_fault_has_a_line_and_what_was_not_run_says_so() -> None:
    lines = list(table([CELL]))
    assert "half" in line_of(lines, 6)
    assert line_of(lines, 7).endswith("not run")
    for fault in OPEN:
        assert f"open: {OPEN[fault]}" in line_of(lines, fault)
    for fault in ELSEWHERE:
        assert "elsewhere: " in line_of(lines, fault)
    assert set(FAULTS) == set(range(1, 37))
    assert not OPEN.keys() & ELSEWHERE.keys()
    assert OPEN.keys() | ELSEWHERE.keys() | PARTLY.keys() <= FAULTS.keys()


def test_the_last_line_adds_up() -> None:
    cells = [CELL, replace(CELL, fault=7, lost=2, doubled=1, said=None), replace(CELL, said=None, told=False)]
    assert [one.clear for one in cells] == ["yes", "NO", "-"]
    *_, last = table(cells)
    assert last == "3 cells over 2 faults, 90 sessions: lost 2, duplicated 1, clear 1 of 2"
