"""`sources`: the places that are read."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from logferry.daemon import daemon, home
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
    new.add_argument("--path", type=Path, help="the folder; where it usually is when left out")
    new.add_argument("--name", help="what to call it")
    trial = verb(inner, "test", "show what would be read there now; sends nothing", test_source, reads=True)
    trial.add_argument("place", metavar="NAME|PATH", help="a source, or a folder")
    old = verb(inner, "remove", "stop reading a place; what was found stays", remove_source)
    old.add_argument("name", metavar="NAME", help="its name, as `logferry sources list` shows it")


def list_sources(_: Namespace, out: Output) -> Exit:
    """Every source."""
    out.show(daemon().sources(), views.sources)
    return Exit.DONE


def add_source(args: Namespace, out: Output) -> Exit:
    """One more source; the daemon runs elsewhere, so it is told the whole path."""
    before = daemon().sources()
    path = args.path.expanduser().absolute() if args.path else _usual(args.tracker, out)
    after = daemon().add_source(NewSource(tracker=args.tracker, path=str(path), name=args.name))
    out.say(f"Source {_added(before, after) or args.tracker} reads {path}.")
    return Exit.DONE


def test_source(args: Namespace, out: Output) -> Exit:
    """Every file that the daemon would read in a place, as it would read it now."""
    from logferry.views.inspection import inspection
    from logferry_daemon.source_finding import read_now

    with out.progress("reading") as step:
        path, found = read_now(args.place, home(), lambda done, total: step(done, total, ""))
    out.show(found, inspection)
    if found.files:
        return Exit.DONE
    out.trouble(
        f"No file that a tracker knows lies in {path}.", "Does the game write its log, and does it write it there?"
    )
    return Exit.FAILED


def remove_source(args: Namespace, out: Output) -> Exit:
    """One source less."""
    daemon().remove_source(args.name)
    out.say(f"Source {args.name} is not read any more.")
    return Exit.DONE


def _usual(tracker: str, out: Output) -> Path:
    from logferry_daemon.source_finding import usual_folder

    path = usual_folder(tracker, home())
    out.note(f"Found in its usual place: {path}")
    return path


def _added(before: Sources, after: Sources) -> str:
    known = {each.name for each in before.sources}
    return ", ".join(each.name for each in after.sources if each.name not in known)
