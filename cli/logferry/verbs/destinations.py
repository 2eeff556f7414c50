"""`destinations`: the places that sessions are sent to."""

from __future__ import annotations

from argparse import Namespace

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, group, verb
from logferry.views import places as views
from logferry_ipc.messages import NewDestination, PrivacyChange
from logferry_model.errors import Misconfigured


def add(verbs: Verbs) -> None:
    """The places that sessions are sent to."""
    inner = group(verbs, "destinations", "the places that sessions are sent to")
    verb(inner, "list", "show every destination", list_destinations, reads=True)
    new = verb(inner, "add", "add a destination; nothing is sent before you agree", add_destination)
    new.add_argument("name", metavar="NAME", help="what to call it")
    new.add_argument("--dialect", required=True, help="which contract it speaks, as `logferry`")
    new.add_argument("--url", required=True, help="where it is")
    terms = verb(inner, "privacy", "show or change what of people and places a destination is sent", privacy)
    terms.add_argument("name", metavar="NAME")
    terms.add_argument("change", nargs="*", metavar="GROUP=keep|token|drop", help="as players=drop")
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


def privacy(args: Namespace, out: Output) -> Exit:
    """The terms of a destination, changed where something is named."""
    client = daemon()
    if not args.change:
        out.blocks(views.terms(client.consent(args.name)))
        return Exit.DONE
    changes = dict(_change(text) for text in args.change)
    found = client.change_privacy(args.name, PrivacyChange(treatments=changes))
    out.blocks(views.terms(found))
    if not found.granted:
        out.say(f"Nothing is sent to {args.name} before you agree to this: logferry consent grant {args.name}")
    return Exit.DONE


def _change(text: str) -> tuple[str, str]:
    group, sign, treatment = text.partition("=")
    if not (group and sign and treatment):
        raise Misconfigured("privacy-unreadable", f'"{text}" changes nothing.', hint="As in: players=drop")
    return group, treatment


def remove_destination(args: Namespace, out: Output) -> Exit:
    """One destination less."""
    daemon().remove_destination(args.name)
    out.say(f"Destination {args.name}, its consent and its secret are forgotten.")
    return Exit.DONE
