"""`sessions`: what was found."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError, Namespace
from datetime import datetime, time, timedelta

from logferry.choosing import Choice
from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.ids import session_id, session_id_ever
from logferry.output import Output
from logferry.pages import report_page
from logferry.parser import Verbs, group, verb
from logferry.times import since
from logferry.views import deleting
from logferry.views import sessions as views
from logferry.views.recut import recut_parts
from logferry.views.running import running_list, running_session
from logferry_ipc.messages import DeleteRequest, DeliveryState, RecutRequest
from logferry_model.errors import Misconfigured


def add(verbs: Verbs) -> None:
    """What was found."""
    inner = group(verbs, "sessions", "the sessions that were found")
    every = verb(inner, "list", "show every session and where it stands", list_sessions, reads=True)
    every.add_argument("--since", type=since, metavar="TIME", help="only what ended since: 7d, 2026-01-01, today")
    every.add_argument(
        "--state", choices=[str(one) for one in DeliveryState], help="only what has a delivery in this state"
    )
    every.add_argument("--last", type=number, metavar="N", help="only the newest N of them")
    one = verb(inner, "show", "show everything about one session", show, reads=True)
    one.add_argument("session", metavar="ID", help="its id, or the first letters of it")
    gone = verb(inner, "delete", "forget a session for good, before it is sent or after", delete)
    gone.add_argument("session", metavar="ID", help="its id, or the first letters of it")
    gone.add_argument("--remote", action="store_true", help="have destinations delete what they have of it, too")
    gone.add_argument("--yes", action="store_true", help="do it without being asked")
    page = verb(inner, "open", "open the report of a session in the browser", open_report)
    page.add_argument("session", metavar="ID", help="its id, or the first letters of it")
    page.add_argument("--to", metavar="DEST", help="at this destination, where several have one")
    cut = verb(inner, "recut", "split a session, or join neighbours", recut, reads=True)
    cut.add_argument("sessions", nargs="+", metavar="ID", help="a session to split, or several to join")
    how = cut.add_mutually_exclusive_group(required=True)
    how.add_argument(
        "--at", action="append", metavar="TIME", help="split it there: 21:30:00 of its day, or 2026-01-01T21:30:00"
    )
    how.add_argument("--merge", action="store_true", help="make one session of them")
    cut.add_argument("--dry-run", action="store_true", help="only show what would be")


def list_sessions(args: Namespace, out: Output) -> Exit:
    """Every session, or those that were asked for, newest first."""
    choice = Choice(since=args.since, state=DeliveryState(args.state) if args.state else None, last=args.last)
    known = daemon().sessions()
    out.show(
        choice.of(known),
        lambda found: (
            *running_list(found.running),
            *views.session_list(found, of=len(known.sessions)),
            *deleting.unfinished(found),
        ),
    )
    return Exit.DONE


def number(text: str) -> int:
    """A whole one from 1 on."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise ArgumentTypeError(f'"{text}" is no number of sessions. Write it like 20.')
    return int(text)


def show(args: Namespace, out: Output) -> Exit:
    """One session."""
    client = daemon()
    known = client.sessions()
    session = session_id_ever(args.session, known)
    gone = next((each for each in known.deleted if each.id == session), None)
    if any(each.id == session for each in known.sessions):
        out.show(client.session(session), views.session_detail)
    elif gone is not None and not any(each.id == session for each in known.running):
        out.show(gone, deleting.deleted_session)
    else:
        out.show(client.running_session(session), running_session)
    return Exit.DONE


def delete(args: Namespace, out: Output) -> Exit:
    """A session is forgotten; a person sees first what will be gone and where copies stay."""
    client = daemon()
    known = client.sessions()
    session = session_id_ever(args.session, known)
    out.blocks(deleting.before(known, session, remote=args.remote))
    if not args.yes and not out.interactive:
        again = "--remote --yes" if args.remote else "--yes"
        out.trouble("Nobody is here to be asked.", f"To do it, say: logferry sessions delete {session} {again}")
        return Exit.WAITING
    if not args.yes and not out.ask("Delete it?"):
        out.say("Not deleted.")
        return Exit.WAITING
    out.blocks(deleting.after(client.delete(session, DeleteRequest(remote=args.remote))))
    return Exit.DONE


def open_report(args: Namespace, out: Output) -> Exit:
    """Its page at a destination, in the browser; the address is shown in any case."""
    import webbrowser

    client = daemon()
    session = client.session(session_id(args.session, client.sessions())).session
    page = report_page(session, client.destinations().destinations, args.to)
    out.say(page)
    if webbrowser.open(page):
        return Exit.DONE
    out.trouble("No browser could be opened here.", "Open the address above by hand.")
    return Exit.FAILED


def recut(args: Namespace, out: Output) -> Exit:
    """A session is split, or several are joined; the daemon remembers it when it reads their files again."""
    client = daemon()
    known = client.sessions()
    first, *others = (session_id(each, known) for each in args.sessions)
    if args.at and others:
        out.trouble("Only one session can be split at a time.", "To join several of them, say --merge.")
        return Exit.USAGE
    began = next((each.started_at for each in known.sessions if each.id == first), None)
    at = tuple(time_within(text, began) for text in args.at or ())
    done = client.recut(first, RecutRequest(at=at, merge=tuple(others), dry_run=args.dry_run))
    out.show(done, recut_parts)
    return Exit.DONE


_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?(\.[0-9]{1,6})?")


def time_within(text: str, began: datetime | None) -> datetime:
    """A whole time, or one of the reader's clock on the session's day: the first that comes after its start."""
    try:
        if began is None or not _CLOCK.fullmatch(text):
            return datetime.fromisoformat(text).astimezone()
        clock, local = time.fromisoformat(text.zfill(8) if text.count(":") == 2 else text.zfill(5)), began.astimezone()
    except (ValueError, OverflowError, OSError):
        said = f'"{text}" is no time.'
        raise Misconfigured("time-unreadable", said, hint="As in: 21:30:00 or 2026-01-01T21:30:00") from None
    day = local.date() if clock >= local.time() else local.date() + timedelta(days=1)
    return datetime.combine(day, clock).astimezone()
