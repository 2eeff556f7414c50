"""Prints the matrix at the end of a run in which at least one of its cells was run."""

from __future__ import annotations

import pytest

from tests.acceptance.matrix.cells import RESULTS, table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not RESULTS:
        return
    terminalreporter.section("fault matrix")
    for line in table(RESULTS):
        terminalreporter.write_line(line)
