"""The hunt for secrets finds them: without this its silence would mean nothing."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.leaks import CANARY, HUNT, Hunt

SECRET = f"{CANARY}-of-this-test"


def failed() -> BaseException:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        return error


ERROR = failed()


@pytest.mark.parametrize(
    "fields",
    [
        {"msg": f"with {SECRET}"},
        {"msg": "with %s", "args": (SECRET,)},
        {"msg": "an extra field", "headers": {"Authorization": f"Bearer {SECRET}"}},
        {"msg": "a traceback", "exc_info": (type(ERROR), ERROR, ERROR.__traceback__)},
        {"msg": "a stack", "stack_info": SECRET},
    ],
    ids=["message", "argument", "field", "traceback", "stack"],
)
def test_a_secret_is_found_wherever_a_record_has_it(fields: Mapping[str, object]) -> None:
    hunt = Hunt()
    hunt.handle(logging.makeLogRecord({**fields, "name": "somewhere", "levelno": logging.DEBUG}))
    (leak,) = hunt.leaks
    assert "somewhere" in leak
    assert CANARY not in leak


def test_a_harmless_record_is_none(tmp_path: Path) -> None:
    hunt = Hunt()
    hunt.handle(logging.makeLogRecord({"msg": "parcel sent", "parcel": "1"}))
    assert (hunt.leaks, hunt.records) == ([], 1)


def test_files_are_searched_but_for_the_one_that_is_made_for_secrets(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    for name in ("daemon.log", "spool.db", "secrets.json"):
        (tmp_path / "state" / name).write_bytes(b"\xff\x00" + SECRET.encode())
    (tmp_path / "empty").touch()
    hunt = Hunt()
    hunt.search_below(tmp_path)
    assert hunt.files == 0, "a measurement is not slowed down"
    hunt.following = True
    hunt.search_below(tmp_path)
    assert len(hunt.leaks) == 2
    assert not [leak for leak in hunt.leaks if "secrets.json" in leak]


def test_this_very_run_is_followed_at_debug() -> None:
    before = HUNT.records
    logging.getLogger("logferry_daemon.test").debug("harmless")
    assert HUNT.records == before + 1


LEAKY = {
    "in-a-test": "def test_it(): logging.getLogger('x').debug('key %s', SECRET)",
    "in-a-fixtures-end": """
@pytest.fixture
def late():
    yield
    logging.getLogger('x').info('key', extra={'key': SECRET})

def test_it(late): pass
""",
    "printed": "def test_it(): print(SECRET)",
    "between-tests": """
@pytest.fixture(scope='session')
def latest():
    yield
    logging.getLogger('x').info('key %s', SECRET)

def test_it(latest): pass
""",
    "nowhere": "def test_it(): logging.getLogger('x').debug('key')",
}


@pytest.mark.parametrize("where", LEAKY)
def test_a_run_in_which_a_secret_comes_out_fails(tmp_path: Path, where: str) -> None:
    script = tmp_path / "test_leaky.py"
    script.write_text(f"import logging, pytest\nSECRET = '{CANARY[:3]}' + '{CANARY[3:]}'\n{LEAKY[where]}\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", str(script)]
    root = Path(__file__).parents[1]
    run = subprocess.run(
        [*command, "-c", str(tmp_path / "pytest.ini")], cwd=root, capture_output=True, text=True, check=False
    )
    assert (run.returncode == 0) == (where == "nowhere"), run.stdout
    assert ("0 leaks" in run.stdout) == (where == "nowhere")
