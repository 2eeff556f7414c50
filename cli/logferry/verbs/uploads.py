"""`upload`, `retry`, `pause` and `resume`: when things are sent."""

from __future__ import annotations

import argparse
import re
from argparse import Namespace
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from logferry.blocks import Span, Tone
from logferry.daemon import daemon
from logferry.ending import Ending
from logferry.exits import Exit
from logferry.ids import session_id, session_or_delivery_id
from logferry.output import Output
from logferry.parser import Parser, Verbs, verb
from logferry.settling import MOVING, Outcome, follow
from logferry.views.words import clock, counted, duration
from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import Delivery, DeliveryState, PauseRequest, RetryRequest, UploadAll

_DURATION = re.compile(r"([0-9]{1,100})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SETTLED = frozenset({DeliveryState.UPLOADED, DeliveryState.EXCLUDED})
"""What no retry moves."""
LONGEST_DAYS = 30
"""The daemon takes no longer pause."""


def add(verbs: Verbs) -> None:
    """When things are sent."""
    send = verb(verbs, "upload", "send now what waits", upload)
    _choice(
        send, "sessions", "SESSION", "look again at every source, then send all that waits, also what was there before"
    )
    send.add_argument(
        "--since", type=since, metavar="TIME", help="with --all: of what was there before, only what ended since"
    )
    again = verb(verbs, "retry", "try failed deliveries again", retry)
    _choice(again, "ids", "ID", "every failed one")
    for each in (send, again):
        each.add_argument("--no-wait", dest="wait", action="store_false", help="do not wait until it is sent")
        each.add_argument("--wait", dest="wait", action="store_true", help="wait until it is sent (as is usual)")
        each.set_defaults(wait=True)
    stop = verb(verbs, "pause", "send nothing for a while, or until `logferry resume`", pause)
    stop.add_argument(
        "--for", dest="length", type=length, metavar="TIME", help="how long: 30m, 2h or 1d; left out: until resumed"
    )
    verb(verbs, "resume", "send again", resume)


def upload(args: Namespace, out: Output) -> Exit:
    """Sends sessions now and says what became of them."""
    client = daemon()
    if args.since and not args.all:
        out.trouble("--since goes with --all.", f"As in: logferry upload --all --since {args.since:%Y-%m-%d}")
        return Exit.USAGE
    if args.since:
        return _upload_since(client, out, args.since, wait=args.wait)
    if args.all:
        return _send(client, out, client.upload_all, chosen=None, wait=args.wait)
    known = client.sessions()
    chosen = tuple(session_id(each, known) for each in args.sessions)
    ending = Ending(chosen, known, client, out)
    ending.announce()
    code = _send(client, out, lambda: [client.upload(each) for each in ending.over()], chosen=chosen, wait=args.wait)
    return ending.report(code)


def retry(args: Namespace, out: Output) -> Exit:
    """Puts failed deliveries back in the queue and says what became of them."""
    client = daemon()
    known = client.sessions()
    ids = tuple(session_or_delivery_id(each, known) for each in args.ids)
    chosen = {
        session.id
        for session in known.sessions
        if session.id in ids or any(each.id in ids if ids else _may_move(each) for each in session.deliveries)
    }
    if not chosen:
        client.retry(RetryRequest(ids=ids))
        out.say("Nothing failed, and nothing waits to be tried again.")
        return Exit.DONE
    return _send(client, out, lambda: client.retry(RetryRequest(ids=ids)), chosen=tuple(chosen), wait=args.wait)


def _may_move(delivery: Delivery) -> bool:
    """A retry of everything lifts what keeps a destination closed, too; what nobody asked for stays where it is."""
    return delivery.state not in SETTLED and not delivery.backlog


def pause(args: Namespace, out: Output) -> Exit:
    """No further upload is started."""
    span: timedelta | None = args.length
    daemon().pause(PauseRequest(seconds=span.total_seconds() if span else None))
    out.say(f"Paused for {duration(span)}." if span else "Paused until you say `logferry resume`.")
    return Exit.DONE


def resume(_: Namespace, out: Output) -> Exit:
    """Uploads are started again."""
    daemon().resume()
    out.say("Uploading again.")
    return Exit.DONE


def length(text: str) -> timedelta:
    """`90s`, `30m`, `2h` or `1d`."""
    found = _DURATION.fullmatch(text)
    if found is None or not int(found[1]):
        raise argparse.ArgumentTypeError(f'"{text}" is no length of time. Write it like 30m or 2h.')
    # Numbers are compared before a timedelta is made of them: that one overflows.
    seconds = int(found[1]) * _UNITS[found[2]]
    if seconds > LONGEST_DAYS * _UNITS["d"]:
        raise argparse.ArgumentTypeError(f"A pause is at most {LONGEST_DAYS} days long; without --for it has no end.")
    return timedelta(seconds=seconds)


def since(text: str) -> datetime:
    """`2026-01-01`, `2026-01-01T20:00`, `7d`, `12h`, `today` or `yesterday`, by the reader's own clock."""
    now = datetime.now().astimezone()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"today": 0, "yesterday": 1}.get(text.casefold())
    try:
        if days is not None:
            return _at_midnight(midnight - timedelta(days=days))
        if found := _DURATION.fullmatch(text):
            return now - timedelta(seconds=int(found[1]) * _UNITS[found[2]])
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):  # the latter two for times outside of the calendar
        raise argparse.ArgumentTypeError(f'"{text}" is no time. Write it like 2026-01-01, 7d or yesterday.') from None


def _at_midnight(day: datetime) -> datetime:
    """The hour may have another distance to UTC on that day."""
    return day.replace(tzinfo=None, hour=0).astimezone()


def _upload_since(client: DaemonClient, out: Output, moment: datetime, *, wait: bool) -> Exit:
    """Only sessions that ended since are released, and only they are waited for."""
    chosen: set[str] = set()

    def start() -> None:
        client.upload_all(UploadAll(since=moment))
        # Afterwards: the daemon has looked at every source once more.
        chosen.update(one.id for one in client.sessions().sessions if (one.ended_at or one.started_at) >= moment)

    return _send(client, out, start, chosen=chosen, wait=wait)


def _choice(parser: Parser, name: str, metavar: str, all_of_them: str) -> None:
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument(name, nargs="*", default=[], metavar=metavar, help="its id, or the first letters of it")
    either.add_argument("--all", action="store_true", help=all_of_them)


def _send(
    client: DaemonClient,
    out: Output,
    start: Callable[[], object],
    *,
    chosen: Collection[str] | None,
    wait: bool,
) -> Exit:
    if not wait:
        start()
        out.say("Asked for. `logferry status --watch` shows how it goes.")
        return Exit.DONE
    with out.progress("uploading") as step:
        outcome = follow(
            client,
            start=start,
            chosen=chosen,
            watch=lambda done, total: step(done, total, ""),
            now=lambda: datetime.now(UTC),
        )
    return _report(outcome, out)


def _report(outcome: Outcome, out: Output) -> Exit:
    """What became of it, the worst news last, and the exit code for it."""
    failed, held, moving = outcome.of(DeliveryState.FAILED), outcome.of(DeliveryState.HELD), outcome.of(*MOVING)
    stuck = tuple(each for each in moving if each.destination not in {place.name for place in outcome.closed})
    left = failed or held or moving or outcome.homeless
    sent = f"{counted(outcome.arrived, 'delivery')} uploaded."
    out.say(Span(sent if outcome.arrived or left else "Nothing was left to send.", Tone.GOOD))
    if outcome.homeless:
        out.trouble(
            f"{counted(outcome.homeless, 'session')} held: no destination is set.",
            "`logferry destinations add NAME --dialect D --url URL` adds one.",
        )
    for reason in sorted({each.reason for each in held}):
        some = [each for each in held if each.reason == reason]
        where = ", ".join(sorted({each.destination for each in some}))
        out.trouble(
            f"{counted(len(some), 'delivery')} to {where} held: {reason or 'no reason given'}.",
            "`logferry resume` sends them." if outcome.paused else "What to do about it: logferry status",
        )
    if outcome.paused and moving:
        out.trouble(f"{counted(len(moving), 'delivery')} wait: uploads are paused.", "`logferry resume` sends them.")
    else:
        for place in outcome.closed:
            out.trouble(f"{place.name}: {place.reason or 'takes nothing now'}; next try at {clock(place.next_attempt)}")
        for where in sorted({each.destination for each in stuck}):
            some = [each for each in stuck if each.destination == where]
            why = some[0].last_error or "no answer"
            out.trouble(
                f"{counted(len(some), 'delivery')} to {where} could not be sent: {why}.",
                "Nothing is lost: they are tried again by themselves.",
            )
    for each in failed:
        out.trouble(f"{each.destination} refused {each.id}: {each.last_error}.", f"logferry retry {each.id}")
    if failed or (stuck and not outcome.paused):
        return Exit.FAILED
    return Exit.WAITING if held or outcome.homeless or moving else Exit.DONE
