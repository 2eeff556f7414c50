"""What most proofs need: a collector that runs, and a proxy before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.proxy import Proxy, proxy_to
from tests.acceptance.running import CollectorHome, collector_home


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[CollectorHome]:
    """One with an account, for as long as the test lasts."""
    with collector_home(tmp_path / "collector") as collector:
        yield collector


@pytest.fixture
def proxy(collector: CollectorHome) -> Iterator[Proxy]:
    """What a daemon may take for that collector: counts who comes, keeps what is said."""
    with proxy_to(collector.port) as proxy:
        yield proxy
