"""`preview`: exactly what would be sent. Sends nothing."""

from __future__ import annotations

from argparse import Namespace

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.ids import session_id
from logferry.output import Output
from logferry.parser import Verbs, verb
from logferry.views.previews import preview as view


def add(verbs: Verbs) -> None:
    """Exactly what would be sent."""
    shown = verb(verbs, "preview", "show exactly what a destination is sent of a session", preview, reads=True)
    shown.add_argument("session", metavar="SESSION", help="its id, or the first letters of it")
    shown.add_argument("--to", required=True, metavar="DEST", help="the destination")
    shown.add_argument("--raw", action="store_true", help="the bytes of the request, as they go over the wire")


def preview(args: Namespace, out: Output) -> Exit:
    """What leaves, and what does not and why; or the very bytes."""
    client = daemon()
    found = client.preview(session_id(args.session, client.sessions()), args.to)
    if args.raw:
        out.raw(found.body)
    else:
        out.show(found, view)
    return Exit.DONE
