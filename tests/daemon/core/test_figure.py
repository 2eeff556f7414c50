from __future__ import annotations

import pytest

from logferry_daemon.core.figure import LARGEST, figure


@pytest.mark.parametrize("value", [0, -3, 2.5, LARGEST, -LARGEST])
def test_a_number_counts(value: float) -> None:
    assert figure(value) == value


@pytest.mark.parametrize("value", [None, True, "1", [1], {}, LARGEST * 2, -LARGEST * 2, 1e308, 2**63 - 1])
def test_what_is_no_number_or_beyond_all_reason_does_not_count(value: object) -> None:
    assert figure(value) is None
