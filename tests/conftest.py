"""What every test may lean on: honest skips, and a switch that forbids them.

A test that wants a real part says so with `needs(...)` and is skipped, with the reason counted in the summary, where the
part is absent. `.ci/run` installs all parts and sets `LOGFERRY_NO_SKIPS=1`: from then on such a skip is a failure.
"""

import os
import shutil
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

NO_SKIPS = os.environ.get("LOGFERRY_NO_SKIPS") == "1"
SAMPLES = Path(os.environ.get("LOGFERRY_SAMPLES") or Path(__file__).parents[2] / "shared" / "samples")
ALWAYS_ALLOWED = ("samples", "platform")
"""How the reason of a skip begins that no installation can cure."""


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skips where one of these programs is not on the PATH."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def needs_samples(folder: str) -> pytest.MarkDecorator:
    """Skips where this folder of real players' files is absent; they are never copied into the project."""
    return pytest.mark.skipif(not (SAMPLES / folder).is_dir(), reason=f"samples: no {folder} here")


def only_on(*platforms: str) -> pytest.MarkDecorator:
    """Skips on every other `sys.platform`."""
    return pytest.mark.skipif(sys.platform not in platforms, reason=f"platform: {', '.join(platforms)} only")


@pytest.fixture(autouse=True)
def _own_umask() -> Generator[None, None, None]:
    """A daemon sets the mask of its process, which is that of the next test too."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turns a skip into a failure where skips are forbidden, and keeps its reason."""
    if not (NO_SKIPS and report.skipped):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if not reason.startswith(ALWAYS_ALLOWED):
        report.outcome = "failed"
        report.longrepr = f"skipped although LOGFERRY_NO_SKIPS is set: {reason}"
