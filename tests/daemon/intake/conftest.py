"""Two sources on stages of fakes: one that writes documents, and one that writes logs."""

from __future__ import annotations

import pytest

from tests.daemon.shell.stage import ELITE, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def elite() -> Stage:
    return Stage(ELITE)
