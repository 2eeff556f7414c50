"""`demo`: everything at once, in a folder that is thrown away."""

from __future__ import annotations

from argparse import Namespace

from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, verb


def add(verbs: Verbs) -> None:
    """Everything at once."""
    show = verb(verbs, "demo", "collector, daemon and generated trackers, end to end", demo)
    show.add_argument("--once", action="store_true", help="end by itself, after comparing what arrived")
    show.add_argument("--keep", action="store_true", help="leave the folder for a look")


def demo(args: Namespace, out: Output) -> Exit:
    """The whole way of some sessions."""
    from logferry.demo.demo import run

    return run(out, once=args.once, keep=args.keep)
