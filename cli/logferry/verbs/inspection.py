"""`inspect`: reads files offline and says what is in them. Needs no daemon, sends nothing."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from logferry.daemon import home
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, verb


def add(verbs: Verbs) -> None:
    """What is in a file."""
    look = verb(verbs, "inspect", "show the sessions in a file or folder; sends nothing", inspect, reads=True)
    look.add_argument("path", type=Path, metavar="PATH", help="what is to be read")
    look.add_argument("--tracker", metavar="T", help="which tracker or game wrote it; guessed when left out")


def inspect(args: Namespace, out: Output) -> Exit:
    """Sessions, boundaries and why, for every file under the path."""
    from logferry.views.inspection import inspection, readable
    from logferry_daemon.inspection import inspect_path

    with out.progress("reading") as step:
        found = inspect_path(
            args.path.expanduser(),
            recipes=home().recipes_folder,
            tracker=args.tracker,
            progress=lambda done, total: step(done, total, ""),
        )
    out.show(found, inspection)
    if any(map(readable, found.files)):
        return Exit.DONE
    out.trouble(
        f"No tracker can read anything at {args.path}.",
        "`--tracker T` names the one that wrote it; `logferry sources list` shows every tracker.",
    )
    return Exit.FAILED
