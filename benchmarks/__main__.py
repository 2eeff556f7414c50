"""`python -m benchmarks [NAME...] [--quick]`: measures, then prints one table."""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from itertools import chain

from benchmarks import output
from benchmarks.harness import Finding, NotMeasured, machine

NAMES = (
    "demo_once",
    "daemon_ready",
    "idle",
    "close_to_uploaded",
    "status_cli",
    "enqueue",
    "rescan",
    "big_log",
    "compression",
    "preparation",
    "wire",
    "drain",
    "uploads",
    "api_while_draining",
)
"""Each is a module here with `ABOUT` and `run(quick=...)`."""


def main() -> int:
    """All of them, or those that are named; always 0: figures are for people."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, not for quoting")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in NAMES]:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    for line in machine():
        output.say(line)
    if args.quick:
        output.say("quick: fewer rounds than a figure to be quoted needs")
    output.say()
    began = time.monotonic()
    findings = list(chain.from_iterable(measure(name, quick=args.quick) for name in args.names or NAMES))
    output.say()
    output.table(findings)
    output.say()
    output.gates(findings)
    output.say(f"{time.monotonic() - began:.0f} s. Ratios are to the peer of the same run: trust them before figures.")
    return 0


def measure(name: str, *, quick: bool) -> list[Finding]:
    """One benchmark's lines; a line with the reason where it could not be measured."""
    benchmark = import_module(f"benchmarks.{name}")
    output.say(f"{name}: {benchmark.ABOUT}")
    try:
        return list(benchmark.run(quick=quick))
    except (NotMeasured, AssertionError) as reason:
        return [Finding(benchmark=name, what=benchmark.ABOUT, reason=str(reason).splitlines()[0])]


if __name__ == "__main__":
    sys.exit(main())
