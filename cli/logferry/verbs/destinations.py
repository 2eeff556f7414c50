"""`destinations`: the places that sessions are sent to."""

from __future__ import annotations

from argparse import Namespace

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, group, verb
from logferry.views import places as views
from logferry_ipc.messages import NewDestination


def add(verbs: Verbs) -> None:
    """The places that sessions are sent to."""
    inner = group(verbs, "destinations", "the places that sessions are sent to")
    verb(inner, "list", "show every destination", list_destinations, reads=True)
    new = verb(inner, "add", "add a destination; nothing is sent before you agree", add_destination)
    new.add_argument("name", metavar="NAME", help="what to call it")
    new.add_argument("--dialect", required=True, help="which contract it speaks, as `logferry`")
    new.add_argument("--url", required=True, help="where it is")
    old = verb(inner, "remove", "forget a destination, its consent and its secret", remove_destination)
    old.add_argument("name", metavar="NAME")


def list_destinations(_: Namespace, out: Output) -> Exit:
    """Every destination, without secrets."""
    out.show(daemon().destinations(), views.destinations)
    return Exit.DONE


def add_destination(args: Namespace, out: Output) -> Exit:
    """One more destination, and what it still needs."""
    daemon().add_destination(NewDestination(name=args.name, dialect=args.dialect, url=args.url))
    out.say(f"Destination {args.name} is set. Before anything is sent it needs two things of you:")
    out.say(f"  logferry consent grant {args.name}")
    out.say(f"  logferry login {args.name}")
    return Exit.DONE


def remove_destination(args: Namespace, out: Output) -> Exit:
    """One destination less."""
    daemon().remove_destination(args.name)
    out.say(f"Destination {args.name}, its consent and its secret are forgotten.")
    return Exit.DONE
