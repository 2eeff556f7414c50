"""`discover`: who on the local network says to be a collector. Adds nothing by itself."""

from __future__ import annotations

from argparse import Namespace

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, verb
from logferry.views.places import candidates as view
from logferry_ipc.messages import DiscoverRequest


def add(verbs: Verbs) -> None:
    """Who is there."""
    search = verb(verbs, "discover", "look for collectors on the local network", discover, reads=True)
    search.add_argument("--seconds", type=float, default=10.0, metavar="N", help="how long to look; 10 when left out")


def discover(args: Namespace, out: Output) -> Exit:
    """Whoever answers in that time; exit code 1 when nobody does."""
    if not args.json:
        out.note(f"Looking for {args.seconds:g} seconds ...")
    found = daemon().discover(DiscoverRequest(seconds=args.seconds))
    out.show(found, view)
    return Exit.DONE if found.candidates else Exit.FAILED
