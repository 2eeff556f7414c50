"""`upload`, `retry`, `pause` and `resume`: when things are sent."""

from __future__ import annotations

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
from logferry.times import length, since
from logferry.views.words import clock, counted, duration
from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import Delivery, DeliveryState, PauseRequest, RetryRequest, UploadAll

SETTLED = frozenset({DeliveryState.UPLOADED, DeliveryState.EXCLUDED})
"""What no retry moves."""


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
