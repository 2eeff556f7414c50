"""`sessions`: what was found."""

from __future__ import annotations

from argparse import Namespace

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.ids import session_id
from logferry.output import Output
from logferry.parser import Verbs, group, verb
from logferry.views import sessions as views


def add(verbs: Verbs) -> None:
    """What was found."""
    inner = group(verbs, "sessions", "the sessions that were found")
    verb(inner, "list", "show every session and where it stands", list_sessions, reads=True)
    one = verb(inner, "show", "show everything about one session", show, reads=True)
    one.add_argument("session", metavar="ID", help="its id, or the first letters of it")


def list_sessions(_: Namespace, out: Output) -> Exit:
    """Every session, newest first."""
    out.show(daemon().sessions(), views.session_list)
    return Exit.DONE


def show(args: Namespace, out: Output) -> Exit:
    """One session."""
    client = daemon()
    out.show(client.session(session_id(args.session, client.sessions())), views.session_detail)
    return Exit.DONE
