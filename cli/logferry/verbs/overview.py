"""`status` and `doctor`: how things stand."""

from __future__ import annotations

from argparse import Namespace

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, verb
from logferry.views import overview as views
from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import EventKind, Status


def add(verbs: Verbs) -> None:
    """How things stand."""
    status_verb = verb(verbs, "status", "show how things stand", status, reads=True)
    status_verb.add_argument("--watch", action="store_true", help="keep showing it until Ctrl-C")
    verb(verbs, "doctor", "look for what is wrong and say what to do", doctor, reads=True)


def status(args: Namespace, out: Output) -> Exit:
    """The daemon at a glance, once or all the time."""
    if args.watch:
        return watch(daemon(), out)
    out.show(daemon().status(), views.status)
    return Exit.DONE


def watch(client: DaemonClient, out: Output) -> Exit:
    """Follows the event stream; Ctrl-C is how one leaves."""
    shown: Status | None = None
    try:
        with out.live() as show, client.events() as events:
            while True:
                if (now := client.status()) != shown:
                    out.json(now, indent=0) if out.as_json else show(views.status(now))
                shown = now
                event = next(events, None)
                if event is None or event.kind is EventKind.GOING_AWAY:
                    break
    except KeyboardInterrupt:
        return Exit.DONE
    out.note("The daemon has stopped.")
    return Exit.NO_DAEMON


def doctor(_: Namespace, out: Output) -> Exit:
    """Everything that can be wrong; exit code 1 when something is."""
    found = daemon().doctor()
    out.show(found, views.checks)
    return Exit.FAILED if any(check.level == "problem" for check in found.checks) else Exit.DONE
