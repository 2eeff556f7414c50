import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import logferry
from logferry.exits import Exit
from logferry.extras import EXTRAS, not_installed

BARE = """
import sys
for name in sys.argv.pop(1).split(","):
    sys.modules[name] = None
from logferry.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
"""Logferry as it is where these modules are not installed."""


@pytest.mark.parametrize(
    ("argv", "extra"),
    [
        (("tray",), "tray"),
        (("collector", "serve"), "collector"),
        (("collector", "keys", "list"), "collector"),
        (("demo", "--once"), "collector"),
    ],
    ids=" ".join,
)
def test_a_part_that_is_not_installed_is_named_with_the_way_to_install_it(
    tmp_path: Path, argv: tuple[str, ...], extra: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BARE, ",".join(EXTRAS), *argv],
        env={"LOGFERRY_HOME": str(tmp_path), "SYSTEMROOT": "", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "Traceback" in ran.stderr) == (Exit.FAILED, False)
    assert f'pip install "logferry[{extra}]"' in ran.stderr


def test_any_other_module_that_is_missing_is_a_mistake_of_ours() -> None:
    assert not_installed(ModuleNotFoundError(name="logferry_daemon.nothing")) is None
    assert not_installed(ModuleNotFoundError()) is None


def test_the_extras_are_those_of_the_package() -> None:
    text = (Path(str(logferry.__file__)).parents[2] / "pyproject.toml").read_text("utf-8")
    known = tomllib.loads(text)["project"]["optional-dependencies"]
    assert set(EXTRAS.values()) == set(known) - {"dev"}
