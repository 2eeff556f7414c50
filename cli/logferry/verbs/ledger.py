"""`ledger`, `receipts` and `verify`: what became of everything, and the proof of it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.ids import session_id
from logferry.output import Output
from logferry.parser import Verbs, group, verb
from logferry.times import since
from logferry.views import ledger as views
from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import ReceiptInfo, Verification, Verified, VerifyRequest

AT_ONCE = 10
"""Deliveries in one question to the daemon, which takes no more than twenty."""


def add(verbs: Verbs) -> None:
    """What became of everything."""
    book = verb(verbs, "ledger", "show what became of everything that was found", ledger, reads=True)
    book.add_argument("--since", type=since, metavar="TIME", help="only what was found since: 7d, 2026-01-01, today")
    book.add_argument("--until", type=since, metavar="TIME", help="and before that: 1d, 2026-02-01, yesterday")
    book.add_argument("--by", choices=("day", "source"), default="day", help="a line a day, or a line a source")
    inner = group(verbs, "receipts", "the proofs of what was uploaded")
    verb(inner, "list", "show every receipt", list_receipts, reads=True)
    proof = verb(verbs, "verify", "ask destinations whether they still have what was uploaded", verify, reads=True)
    proof.add_argument(
        "session", nargs="?", metavar="SESSION", help="only this one: its id, or the first letters of it"
    )


def ledger(args: Namespace, out: Output) -> Exit:
    """Every number and the reasons behind it."""
    found = daemon().ledger(*(each.isoformat() if each else "" for each in (args.since, args.until)))
    out.show(found, views.ledger(by_source=args.by == "source", ended=args.until is not None))
    return Exit.DONE


def list_receipts(_: Namespace, out: Output) -> Exit:
    """The latest first."""
    out.show(daemon().receipts(), views.receipts)
    return Exit.DONE


def verify(args: Namespace, out: Output) -> Exit:
    """Exit code 1 where something is missing or different, 4 where a destination did not say."""
    client = daemon()
    session = session_id(args.session, client.sessions()) if args.session else ""
    receipts = client.receipts(session).receipts
    if not receipts:
        out.trouble("There is no receipt to verify.", "One comes with every upload; see: logferry sessions list")
        return Exit.FAILED
    found = Verification(deliveries=tuple(_asked(client, out, receipts)))
    out.show(found, views.verification)
    states = {one.state for one in found.deliveries}
    if states & {"missing", "different"}:
        return Exit.FAILED
    return Exit.WAITING if "unclear" in states else Exit.DONE


def _asked(client: DaemonClient, out: Output, receipts: Sequence[ReceiptInfo]) -> Iterator[Verified]:
    with out.progress("verifying") as step:
        for start in range(0, len(receipts), AT_ONCE):
            step(start, len(receipts), receipts[start].destination)
            some = tuple(one.delivery for one in receipts[start : start + AT_ONCE])
            yield from client.verify(VerifyRequest(deliveries=some)).deliveries
