"""What every test may lean on: honest skips, a switch that forbids them, and a hunt for secrets in all logs.

A test that wants a real part says so with `needs(...)` and is skipped, with the reason counted in the summary, where the
part is absent. `.ci/run` installs all parts and sets `LOGFERRY_NO_SKIPS=1`: from then on such a skip is a failure.
"""

import logging
import os
import shutil
import sys
from asyncio import AbstractEventLoop
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.counting_loop import CountingLoop
from tests.leaks import HUNT

NO_SKIPS = os.environ.get("LOGFERRY_NO_SKIPS") == "1"
SAMPLES = Path(os.environ.get("LOGFERRY_SAMPLES") or Path(__file__).parents[2] / "shared" / "samples")
ALWAYS_ALLOWED = ("samples", "platform")
"""How the reason of a skip begins that no installation can cure."""


# How long an example takes says something about the machine, and how many are thrown away before the first good ones is
# chance: neither says anything about the code. Where a failure stops everybody, the same code is tried with the same
# examples; at one's desk each run tries others.
settings.register_profile(
    "logferry",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    derandomize=NO_SKIPS,
)
settings.load_profile("logferry")


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


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """Every test can wait for what threads do (`ManualClock.idle`)."""
    return {"counting": CountingLoop}


@pytest.fixture(autouse=True)
def _own_umask() -> Generator[None, None, None]:
    """A daemon sets the mask of its process, which is that of the next test too."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def pytest_configure() -> None:
    """Every logger of the run speaks at DEBUG, and the hunt listens."""
    HUNT.following = True
    logging.getLogger().addHandler(HUNT)
    logging.getLogger().setLevel(logging.DEBUG)


def pytest_unconfigure() -> None:
    logging.getLogger().removeHandler(HUNT)


@pytest.fixture(autouse=True)
def _no_leaks() -> Generator[None, None, None]:
    """Made first and ended last: what other fixtures do at their end is looked at, too."""
    before = len(HUNT.leaks)
    yield
    assert HUNT.leaks[before:] == []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test printed, where pytest caught it."""
    for title, text in report.sections:
        HUNT.search(text, f"{title} of {report.nodeid}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    leaks = f"{len(HUNT.leaks)} leaks of secrets"
    terminalreporter.write_line(f"{leaks}: {HUNT.records} log records and {HUNT.files} files searched")
    for leak in HUNT.leaks:
        terminalreporter.write_line(f"  {leak}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What came out between two tests fails the run."""
    if HUNT.leaks and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


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
