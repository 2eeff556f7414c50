#!/usr/bin/env python3
"""The front door of a checkout: makes an environment beside itself, then runs one chore in it.

    python3 dev.py demo      collector + daemon + a generated tracker, end to end, in this terminal
    python3 dev.py test      every test but the long proofs
    python3 dev.py lint      ruff: rules and format
    python3 dev.py types     mypy, once for each of Linux, Windows and macOS
    python3 dev.py floors    import-linter: who may import whom
    python3 dev.py accept    the proofs with real parts (--faults: all that can break, in cells; --long: the longest)
    python3 dev.py bench     the measurements

Further arguments go to the tool behind the chore: `python3 dev.py test -k spool -x`.
The first call makes `.venv` and installs the exact versions of `requirements/`; later calls only look.
Needs Python 3.11 or newer and nothing else. Touches nothing outside this folder.
"""

# An older Python must be able to read this file, to be told why it will not do.
from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
SUFFIX = ".exe" if os.name == "nt" else ""
PYTHON = BIN / f"python{SUFFIX}"

OLDEST = (3, 11)
PLATFORMS = ("linux", "win32", "darwin")
CHECKED = ("model", "ipc", "service", "daemon", "tray", "collector", "cli", "tests", "benchmarks", "dev.py")

SATISFIED_BY = {"run": ("run", "dev"), "dev": ("dev",)}
"""Which installed sets will do for a wanted one: whoever can develop can run."""


CHOICES = {"--faults": "faults and not long", "--long": "long"}
"""Which proofs a flag of `accept` asks for."""


class Stopped(Exception):
    """The environment could not be made; the message says what to do next."""


# --- the chores: each takes the further arguments and returns an exit code ---


def demo(args: list[str]) -> int:
    """The whole way of a session, in one terminal."""
    return call([str(BIN / f"logferry{SUFFIX}"), "demo", *args], cwd=None)


def test(args: list[str]) -> int:
    """Every test but the long proofs; closes with pytest's own summary line."""
    return tool("pytest", "-m", "not accept and not faults", *args)


def accept(args: list[str]) -> int:
    """The long proofs with real parts."""
    marker = next((marker for flag, marker in CHOICES.items() if flag in args), "accept and not long")
    return tool("pytest", "-m", marker, *(arg for arg in args if arg not in CHOICES))


def lint(args: list[str]) -> int:
    """Rules, then format; paths limit both, options (`--fix`) are for the rules."""
    paths = [arg for arg in args if not arg.startswith("-")]
    return tool("ruff", "check", *args) or tool("ruff", "format", "--check", *paths)


def types(args: list[str]) -> int:
    """All three platforms are checked even when the first one fails: each has branches of its own."""
    present = [name for name in CHECKED if (ROOT / name).exists()]
    codes = []
    for platform in PLATFORMS:
        print(f"mypy --platform {platform}", flush=True)
        # mypy forgets its cache when the platform changes, so each has its own.
        cache = ROOT / ".mypy_cache" / platform
        codes.append(tool("mypy", "--platform", platform, "--cache-dir", str(cache), *args, *present))
    return max(codes)


def floors(args: list[str]) -> int:
    """Imports go down only."""
    return call([str(BIN / f"lint-imports{SUFFIX}"), *args])


def bench(args: list[str]) -> int:
    """The measurements."""
    return tool("benchmarks", *args)


CHORES = {
    "demo": (demo, "run"),
    "test": (test, "dev"),
    "lint": (lint, "dev"),
    "types": (types, "dev"),
    "floors": (floors, "dev"),
    "accept": (accept, "dev"),
    "bench": (bench, "dev"),
}
"""Each chore, and the set of requirements it needs."""


# --- the environment ---


def ensure_environment(wanted: str) -> None:
    """Makes, repairs or refreshes `.venv` until it holds the wanted set; only looks when it already does."""
    if PYTHON.exists() and any(is_stamped(name) for name in SATISFIED_BY[wanted]):
        return
    if not is_sound():
        make_environment()
    install(wanted)


def is_stamped(name: str) -> bool:
    """Whether this set was installed to the end, from the very files that lie here now."""
    try:
        return stamp(name).read_text(encoding="ascii") == digest(name)
    except OSError:
        return False


def stamp(name: str) -> Path:
    """Written last, so a half-made environment has none."""
    return VENV / f"installed-{name}"


def digest(name: str) -> str:
    """Changes with the pins, the project's own declaration and the place of the checkout."""
    parts = (requirements(name).read_bytes(), (ROOT / "pyproject.toml").read_bytes(), os.fsencode(ROOT))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def requirements(name: str) -> Path:
    """The pins of one set."""
    return ROOT / "requirements" / f"{name}.txt"


def is_sound() -> bool:
    """Whether `.venv` was made here, and its Python starts, is new enough and has pip."""
    try:
        settings = (VENV / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    # Scripts in an environment carry its path, so one that was moved is of no use.
    made_here = any(line.startswith("command = ") and line.endswith(str(VENV)) for line in settings)
    probe = f"import pip, sys; sys.exit(sys.version_info < {OLDEST})"
    return made_here and PYTHON.exists() and call([str(PYTHON), "-c", probe], quiet=True) == 0


def make_environment() -> None:
    """An empty `.venv` with pip in it, in place of whatever was there."""
    print(f"Making {VENV.name} with Python {'.'.join(map(str, sys.version_info[:3]))} ...", flush=True)
    if call([sys.executable, "-m", "venv", "--clear", str(VENV)]) != 0:
        raise Stopped(
            "The environment could not be made (the reason is above).\n"
            "On Debian and Ubuntu the part that makes it is a package of its own: apt install python3-venv\n"
            "Otherwise delete the folder .venv and try again."
        )


def install(name: str) -> None:
    """Exactly the pinned versions, then Logferry itself from this checkout, then the stamp."""
    for known in SATISFIED_BY:
        stamp(known).unlink(missing_ok=True)
    print(f"Installing requirements/{name}.txt (about half a minute the first time) ...", flush=True)
    pip_install("--require-hashes", "-r", str(requirements(name)), blamed=f"requirements/{name}.txt")
    pip_install("--no-build-isolation", "--no-deps", "-e", str(ROOT), blamed="Logferry from this checkout")
    stamp(name).write_text(digest(name), encoding="ascii")


def pip_install(*args: str, blamed: str) -> None:
    """Installs quietly, or stops and says what to do next."""
    quiet = ("--quiet", "--quiet", "--no-input", "--disable-pip-version-check")
    if call([str(PYTHON), "-m", "pip", "install", *quiet, *args]) != 0:
        raise Stopped(
            f"{blamed} could not be installed (pip's own words are above).\n"
            "- No connection, or a time-out: run the same command again, it goes on where it stopped.\n"
            "- A hash that does not match: something between you and the package index changed the file;\n"
            "  do not go around it, find out what it was.\n"
            "- Anything else: delete the folder .venv and run the same command again."
        )


# --- running things ---


def tool(name: str, *args: str) -> int:
    """Runs one of the environment's tools from the top of the checkout."""
    return call([str(PYTHON), "-m", name, *args])


def call(argv: list[str], *, cwd: Path | None = ROOT, quiet: bool = False) -> int:
    """Runs a command to its end and returns its exit code; Ctrl-C is the command's to answer."""
    output = subprocess.DEVNULL if quiet else None
    with subprocess.Popen(argv, cwd=cwd, stdout=output, stderr=output) as process:  # noqa: S603 -- ours, no shell
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def main(argv: list[str]) -> int:
    """One chore, or the list of them."""
    if sys.version_info < OLDEST:
        print(f"Logferry needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        print("Try: python3.11 dev.py (or 3.12, 3.13)", file=sys.stderr)
        return 2
    if not argv or argv[0] not in CHORES:
        asked = bool(argv) and argv[0] in ("-h", "--help", "help")
        print(__doc__, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    chore, wanted = CHORES[argv[0]]
    try:
        ensure_environment(wanted)
        return chore(argv[1:])
    except Stopped as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
