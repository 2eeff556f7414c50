"""`identities`: who played, and whose sessions may go where."""

from __future__ import annotations

from argparse import Namespace

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, group, verb
from logferry.views import identities as views
from logferry.views.words import counted
from logferry_ipc.messages import Identities, IdentityDecision

ANY = "*"


def add(verbs: Verbs) -> None:
    """Who played."""
    inner = group(verbs, "identities", "who played, and whose sessions may go where")
    verb(inner, "list", "show who played, and what you said about them", list_identities, reads=True)
    allow = verb(inner, "allow", "let a player's sessions go to a destination", decide)
    allow.set_defaults(allowed=True)
    deny = verb(inner, "deny", "keep a player's sessions from a destination", decide)
    deny.set_defaults(allowed=False)
    forget = verb(inner, "forget", "take an answer back: you are asked again", decide)
    forget.set_defaults(allowed=None)
    for each in (allow, deny, forget):
        each.add_argument("destination", metavar="DEST", help="its name, as `logferry destinations list` shows it")
        each.add_argument("name", nargs="?", metavar="NAME", help="as `identities list` has it")
        each.add_argument("--all", action="store_true", help="everybody whom you said nothing else about")
        each.add_argument("--tracker", default=ANY, metavar="T", help="only in sessions of this tracker")


def list_identities(_: Namespace, out: Output) -> Exit:
    """Who played."""
    out.show(daemon().identities(), views.identities)
    return Exit.DONE


def decide(args: Namespace, out: Output) -> Exit:
    """One answer, or one less."""
    if bool(args.name) == args.all or args.name == ANY:
        out.trouble(
            "Say one name, or --all for everybody.", f'As in: logferry identities allow {args.destination} "NAME"'
        )
        return Exit.USAGE
    decision = IdentityDecision(
        destination=args.destination,
        identity=ANY if args.all else args.name,
        tracker=args.tracker,
        allowed=args.allowed,
    )
    now = daemon().decide_identity(decision)
    out.say(_done(decision))
    if not args.all:
        out.say(_concerned(decision, now))
    return Exit.DONE


def _done(decision: IdentityDecision) -> str:
    who = "everybody" if decision.identity == ANY else f'"{decision.identity}"'
    where = decision.destination
    if decision.allowed is None:
        return f"Forgotten: what you said about {who} and {where}."
    return f"Sessions of {who} {'may' if decision.allowed else 'do not'} go to {where}."


def _concerned(decision: IdentityDecision, now: Identities) -> str:
    """How many that is about; a name that was mistyped is about none."""
    sessions = sum(
        one.sessions
        for one in now.identities
        if (one.destination, one.identity) == (decision.destination, decision.identity)
        and decision.tracker in {ANY, one.tracker}
    )
    if not sessions:
        return "Nobody of that name has played yet; `logferry identities list` shows who did."
    return f"So far that is {counted(sessions, 'session')}."
