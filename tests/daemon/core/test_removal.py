"""What may become of a copy elsewhere."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from logferry_daemon.core.removal import NEXT, CopyState, CopyStep, IllegalCopyStep, copy_step, diagram

DOCUMENT = Path(__file__).parents[3] / "docs" / "deleting.md"


@pytest.mark.parametrize(("state", "what"), list(product(CopyState, CopyStep)))
def test_only_what_is_in_the_table_can_happen(state: CopyState, what: CopyStep) -> None:
    if (state, what) in NEXT:
        assert copy_step(state, what) is NEXT[state, what]
    else:
        with pytest.raises(IllegalCopyStep, match=f"{state} cannot {what}"):
            copy_step(state, what)


def test_a_copy_is_gone_only_when_its_destination_says_so() -> None:
    assert [pair for pair, after in NEXT.items() if after is CopyState.DELETED] == [
        (CopyState.PENDING, CopyStep.CONFIRM)
    ]


def test_the_picture_in_the_docs_is_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in DOCUMENT.read_text("utf-8")
