"""What tests wait for is there when it is something, and not when it is nothing."""

from __future__ import annotations

import pytest

from tests.acceptance.running import until


@pytest.mark.parametrize("nothing", [None, False, 0, "", (), []])
def test_nothing_is_waited_past(nothing: object) -> None:
    answers = iter([nothing, "something"])
    assert until(lambda: next(answers), "something", every=0) == "something"
