"""`destinations`: the places that sessions are sent to."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.giving_up import agreed_loss
from logferry.output import Output
from logferry.parser import Verbs, group, verb
from logferry.views import places as views
from logferry_ipc.messages import (
    DestinationInfo,
    FingerprintRequest,
    NewAccount,
    NewDestination,
    NewPin,
    NewTrackers,
    PrivacyChange,
)
from logferry_model.errors import Misconfigured
from logferry_model.fingerprint import parse_fingerprint

ASKED = ""
"""`--pin` without a fingerprint: look at the key and ask."""


def add(verbs: Verbs) -> None:
    """The places that sessions are sent to."""
    inner = group(verbs, "destinations", "the places that sessions are sent to")
    verb(inner, "list", "show every destination", list_destinations, reads=True)
    new = verb(inner, "add", "add a destination; nothing is sent before you agree", add_destination)
    new.add_argument("name", metavar="NAME", help="what to call it")
    new.add_argument("--dialect", required=True, help="its contract: `logferry`, or another that `list` names")
    new.add_argument("--url", required=True, help="where it is")
    new.add_argument(
        "--pin",
        nargs="?",
        const=ASKED,
        metavar="FINGERPRINT",
        help="send only to the holder of this key; without a fingerprint the key is shown and you are asked",
    )
    new.add_argument("--account", default="", metavar="NAME", help="what you are called there; left out: nothing")
    new.add_argument(
        "--tracker",
        action="append",
        default=[],
        metavar="TRACKER",
        dest="trackers",
        help="send only this tracker's sessions there; may be given more than once",
    )
    new.add_argument(
        "--upload-host",
        action="append",
        default=[],
        metavar="HOST",
        dest="upload_hosts",
        help="a host that it may name for an upload, as that of an object store; may be given more than once",
    )
    new.add_argument(
        "--token-url",
        default="",
        metavar="URL",
        help="where tokens are made of the key, which then goes there and not to --url; for Firestore",
    )
    tried = verb(inner, "test", "ask a destination whether it takes the key; sends nothing else", tried_out, reads=True)
    tried.add_argument("name", metavar="NAME", help="its name, as `logferry destinations list` shows it")
    chosen = verb(inner, "trackers", "choose whose sessions a destination is sent", trackers)
    chosen.add_argument("name", metavar="NAME", help="its name, as `logferry destinations list` shows it")
    which = chosen.add_mutually_exclusive_group()
    which.add_argument("trackers", nargs="*", default=[], metavar="TRACKER", help="the only ones from now on")
    which.add_argument("--all", action="store_true", help="all trackers again")
    called = verb(inner, "account", "show or change what you are called at a destination", account)
    called.add_argument("name", metavar="NAME", help="its name, as `logferry destinations list` shows it")
    who = called.add_mutually_exclusive_group()
    who.add_argument("account", nargs="?", metavar="ACCOUNT", help="your name or e-mail over there")
    who.add_argument("--anonymous", action="store_true", help="no name any more: a random number stands for you")
    pinned = verb(inner, "pin", "compare a collector's key with the pinned one, or accept another", pin_destination)
    pinned.add_argument("name", metavar="NAME", help="its name, as `logferry destinations list` shows it")
    pinned.add_argument("--accept", metavar="FINGERPRINT", help="the key that counts from now on")
    terms = verb(inner, "privacy", "show or change what of people and places a destination is sent", privacy)
    terms.add_argument("name", metavar="NAME", help="its name, as `logferry destinations list` shows it")
    terms.add_argument("change", nargs="*", metavar="GROUP=keep|token|drop", help="as players=drop")
    old = verb(inner, "remove", "forget a destination, its consent and its secret", remove_destination)
    old.add_argument("name", metavar="NAME", help="its name, as `logferry destinations list` shows it")
    old.add_argument("--yes", action="store_true", help="do it without being asked, whatever is lost with its secret")


def list_destinations(_: Namespace, out: Output) -> Exit:
    """Every destination, without secrets."""
    out.show(daemon().destinations(), views.destinations)
    return Exit.DONE


def add_destination(args: Namespace, out: Output) -> Exit:
    """One more destination, and what it still needs."""
    pin = args.pin
    if pin == ASKED and (pin := _compared(args, out)) is None:
        return Exit.WAITING
    found = daemon().add_destination(
        NewDestination(
            name=args.name,
            dialect=args.dialect,
            url=args.url,
            pin=pin or "",
            account=args.account,
            trackers=tuple(args.trackers),
            upload_hosts=tuple(args.upload_hosts),
            token_url=args.token_url,
        )
    )
    takes = found.takes.get(args.dialect, ())
    if takes and not args.trackers:
        _propose(args, takes, out)
    has_key = any(one.name == args.name and one.credential == "available" for one in found.destinations)
    _tell_what_it_needs(args.name, out, keyless=has_key, anonymous=args.dialect == "logferry")
    return Exit.DONE


def _tell_what_it_needs(name: str, out: Output, *, keyless: bool, anonymous: bool) -> None:
    """A folder needs no key, and the key of another one may be there."""
    needs = "one thing" if keyless else "two things"
    out.say(f"Destination {name} is set. Before anything is sent it needs {needs} of you:")
    out.say(f"  logferry consent grant {name}")
    if not keyless:
        out.say(f"  logferry login {name}")
    if anonymous and not keyless:
        out.say(f"  or, where the collector lets anybody in: logferry login {name} --anonymous")


def _propose(args: Namespace, takes: Sequence[str], out: Output) -> None:
    """Leave out what would be refused anyway, where a person agrees; else say how."""
    out.say(
        f"{args.dialect} has fields for sessions of {' and '.join(takes)} only; those of other trackers fail there."
    )
    if out.interactive and out.ask("Leave the others out there?"):
        daemon().change_trackers(args.name, NewTrackers(trackers=tuple(takes)))
        out.say("They are left out, and not counted as failed.")
        return
    out.say(f"To leave the others out: logferry destinations trackers {args.name} {' '.join(takes)}")


def tried_out(args: Namespace, out: Output) -> Exit:
    """Whether it can be sent to now, and takes the key."""
    found = daemon().test_destination(args.name)
    out.show(found, views.tried_out)
    if found.key == "invalid":
        return Exit.FAILED
    return Exit.WAITING if found.state == "held" else Exit.DONE if found.state == "ready" else Exit.FAILED


def trackers(args: Namespace, out: Output) -> Exit:
    """Whose sessions go to a destination, changed where one is named."""
    if args.trackers or args.all:
        daemon().change_trackers(args.name, NewTrackers(trackers=tuple(args.trackers)))
    found = _found(args.name).trackers
    out.say(f"{args.name} is sent sessions of {' and '.join(found)} only." if found else f"{args.name} is sent all.")
    return Exit.DONE


def account(args: Namespace, out: Output) -> Exit:
    """Who the owner is at a destination, changed where a name is given or taken away."""
    if args.account is None and not args.anonymous:
        out.say(_who(_found(args.name), args.name))
        return Exit.DONE
    daemon().change_account(args.name, NewAccount(account=args.account or ""))
    found = _found(args.name)
    out.say(_who(found, args.name))
    if not found.consent:
        out.say(f"Nothing is sent to {args.name} before you agree to this: logferry consent grant {args.name}")
    return Exit.DONE


def _who(found: DestinationInfo, name: str) -> str:
    if found.account:
        return f"At {name} you are {found.account}. That goes along with every session."
    return f"At {name} you are nobody by name: a random number stands for you."


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


def pin_destination(args: Namespace, out: Output) -> Exit:
    """The pinned key beside the one that is shown now; or another one accepted."""
    if args.accept is not None:
        daemon().pin_destination(args.name, NewPin(pin=args.accept))
        out.say(f"Pinned: {args.name} is sent nothing but under this key. It is a new one, so agree again:")
        out.say(f"  logferry consent grant {args.name}")
        return Exit.DONE
    found = _found(args.name)
    shown = daemon().fingerprint(FingerprintRequest(url=found.url)).fingerprint
    out.say(f"pinned: {found.pin or 'none; authorities decide'}")
    out.say(f"now:    {shown}")
    if not found.pin or parse_fingerprint(found.pin) == parse_fingerprint(shown):
        return Exit.DONE
    out.trouble(
        f"{found.url} shows another key than the pinned one; nothing is sent there.",
        "Compare it with what the collector itself prints when it starts, and only if that is the one: "
        f"logferry destinations pin {args.name} --accept {shown}",
    )
    return Exit.FAILED


def _found(name: str) -> DestinationInfo:
    found = next((each for each in daemon().destinations().destinations if each.name == name), None)
    if found is None:
        raise Misconfigured(
            "destination-unknown", f'There is no destination "{name}".', hint="See: logferry destinations list"
        )
    return found


def _compared(args: Namespace, out: Output) -> str | None:
    """The key shown at the address, once a person has compared it; without a person, what to do instead."""
    shown = daemon().fingerprint(FingerprintRequest(url=args.url)).fingerprint
    out.note(f"{args.url} shows this key:")
    out.note(f"  {shown}")
    if not out.interactive:
        out.trouble(
            "Nobody is here to compare it with what the collector prints when it starts.",
            f"Compare it, then say: logferry destinations add {args.name} --dialect {args.dialect} --url {args.url} "
            f"--pin {shown}",
        )
        return None
    if out.ask("Does the collector itself print exactly this when it starts?"):
        return shown
    out.say("Not added. Somebody may answer in the collector's place: ask who runs it.")
    return None


def remove_destination(args: Namespace, out: Output) -> Exit:
    """One destination less."""
    wanted = agreed_loss(args.name, out, yes=args.yes, again=f"logferry destinations remove {args.name} --yes")
    if wanted is None:
        return Exit.WAITING
    daemon().remove_destination(args.name, wanted)
    out.say(f"Destination {args.name}, its consent and its secret are forgotten.")
    return Exit.DONE
