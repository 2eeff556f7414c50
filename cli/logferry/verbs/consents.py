"""`consent`: what may be sent, in the owner's own hand. Never agrees to a text that was not shown."""

from __future__ import annotations

from argparse import Namespace

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Verbs, group, verb
from logferry.views.places import consent as view
from logferry.views.words import counted
from logferry_ipc.messages import Consent, ConsentGrant, Player


def add(verbs: Verbs) -> None:
    """What may be sent."""
    inner = group(verbs, "consent", "what may be sent, and whether you agree")
    shown = verb(inner, "show", "show the whole text", show, reads=True)
    granted = verb(inner, "grant", "read the text and agree to it", grant)
    granted.add_argument("--yes", action="store_true", help="agree without being asked; the text is still shown")
    revoked = verb(inner, "revoke", "take the agreement back: nothing more is sent", revoke)
    for each in (shown, granted, revoked):
        each.add_argument("destination", metavar="DEST", help="its name, as `logferry destinations list` shows it")


def show(args: Namespace, out: Output) -> Exit:
    """The text and whether it was agreed to."""
    out.show(daemon().consent(args.destination), view)
    return Exit.DONE


def grant(args: Namespace, out: Output) -> Exit:
    """Agreement to exactly what was shown: the text's digest and the players go with it."""
    found = daemon().consent(args.destination)
    out.blocks(view(found))
    if found.granted and not found.key_note:
        return Exit.DONE
    if not (args.yes or _agreed(found, out)):
        return Exit.WAITING
    players = tuple(Player(tracker=one.tracker, identity=one.identity) for one in found.identities)
    daemon().grant(args.destination, ConsentGrant(policy_digest=found.policy_digest, identities=players))
    released = f"; {counted(found.waiting, 'delivery')} may go" if found.waiting else ""
    out.say(f"Agreed: {args.destination} may be sent sessions{released}.")
    return Exit.DONE


def revoke(args: Namespace, out: Output) -> Exit:
    """The agreement taken back."""
    daemon().revoke(args.destination)
    out.say(f"Taken back: nothing more is sent to {args.destination}.")
    return Exit.DONE


def _agreed(found: Consent, out: Output) -> bool:
    """A person's yes; without a person, what to do instead."""
    if not out.interactive:
        out.trouble(
            f"Nobody is here to agree to what {found.destination} will be sent.",
            f"Read the text above, then say: logferry consent grant {found.destination} --yes",
        )
        return False
    if out.ask(f"Send sessions to {found.destination} on these terms?"):
        return True
    out.say("Not agreed: nothing is sent.")
    return False
