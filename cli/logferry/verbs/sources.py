"""`sources`: the places that are read."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, group, verb
from logferry.views import places as views
from logferry_ipc.messages import NewSource, Sources


def add(verbs: Verbs) -> None:
    """The places that are read."""
    inner = group(verbs, "sources", "the places that are read")
    verb(inner, "list", "show every source", list_sources, reads=True)
    new = verb(inner, "add", "read one more place", add_source)
    new.add_argument("tracker", metavar="TRACKER", help="which tracker or game writes there")
    new.add_argument("--path", type=Path, required=True, help="the folder, file or database")
    new.add_argument("--name", help="what to call it")
    old = verb(inner, "remove", "stop reading a place; what was found stays", remove_source)
    old.add_argument("name", metavar="NAME")


def list_sources(_: Namespace, out: Output) -> Exit:
    """Every source."""
    out.show(daemon().sources(), views.sources)
    return Exit.DONE


def add_source(args: Namespace, out: Output) -> Exit:
    """One more source; the daemon runs elsewhere, so it is told the whole path."""
    before = daemon().sources()
    path = args.path.expanduser().absolute()
    after = daemon().add_source(NewSource(tracker=args.tracker, path=str(path), name=args.name))
    out.say(f"Source {_added(before, after) or args.tracker} reads {path}.")
    return Exit.DONE


def remove_source(args: Namespace, out: Output) -> Exit:
    """One source less."""
    daemon().remove_source(args.name)
    out.say(f"Source {args.name} is not read any more.")
    return Exit.DONE


def _added(before: Sources, after: Sources) -> str:
    known = {each.name for each in before.sources}
    return ", ".join(each.name for each in after.sources if each.name not in known)
