"""`login` and `logout`: secrets on their way to the daemon. Never takes one from the command line, never shows one."""

from __future__ import annotations

import sys
from argparse import Namespace

from logferry.daemon import daemon
from logferry.exits import Exit
from logferry.giving_up import agreed_loss
from logferry.output import Output
from logferry.parser import Verbs, verb
from logferry_ipc.messages import Login
from logferry_model.errors import LogferryError, Misconfigured

LONGEST = 64 * 1024
"""More letters than any token has."""


def add(verbs: Verbs) -> None:
    """Secrets in, secrets forgotten."""
    enter = verb(verbs, "login", "keep the secret for a destination", login)
    # A secret among the arguments would stand in the list of processes and in the shell's history.
    how = enter.add_mutually_exclusive_group()
    how.add_argument("--stdin", action="store_true", help="read the secret from standard input")
    how.add_argument("--anonymous", action="store_true", help="make one; for collectors that let anybody in")
    enter.add_argument("--join", action="store_true", help="the account takes over what was sent anonymously before")
    enter.add_argument(
        "--insecure-storage", action="store_true", help="allow a file of your own where the system has no keyring"
    )
    leave = verb(verbs, "logout", "forget the secret for a destination", logout)
    leave.add_argument("--yes", action="store_true", help="do it without being asked, whatever is lost with it")
    for each in (enter, leave):
        each.add_argument("destination", metavar="DEST", help="its name, as `logferry destinations list` shows it")


def login(args: Namespace, out: Output) -> Exit:
    """A secret from a hidden prompt or from standard input."""
    if args.anonymous:
        return _anonymous(args, out)
    if not args.stdin and not out.interactive:
        out.trouble(
            "Nobody is here to type the secret.",
            f"Run this in a terminal, or give it by a pipe: logferry login {args.destination} --stdin",
        )
        return Exit.WAITING
    secret = _from_stdin() if args.stdin else out.ask_secret(f"Secret for {args.destination}")
    if not secret:
        raise Misconfigured("secret-empty", "The secret is empty.", hint="Nothing was changed.")
    done = daemon().login(args.destination, _login(args, secret))
    out.say(f"The secret for {args.destination} is kept.")
    if done.note:
        out.say(done.note)
    return _said_of_it(args.destination, out)


def _anonymous(args: Namespace, out: Output) -> Exit:
    """A secret that the daemon makes and nobody sees."""
    done = daemon().login(args.destination, _login(args))
    out.say(done.note or f"A secret for {args.destination} is made and kept. No name goes with it.")
    return _said_of_it(args.destination, out)


def _said_of_it(destination: str, out: Output) -> Exit:
    """What the destination says of the key. It is kept whatever comes of that."""
    try:
        found = daemon().test_destination(destination)
    except LogferryError as error:
        out.say(f"It could not be checked: {error.message}")
        return Exit.DONE
    if found.key == "invalid":
        hint = found.key_hint or f"Give it another one: logferry login {destination}"
        out.trouble(f"{destination} does not take it: {found.key_reason}.", hint)
        return Exit.FAILED
    if found.key == "valid":
        out.say(f"{destination} takes it{f', as {found.account}' if found.account else ''}.")
    else:
        out.say(f"It was not checked: {found.key_reason}. Later: logferry destinations test {destination}")
    return Exit.DONE


def _login(args: Namespace, secret: str = "") -> Login:
    return Login(secret=secret, insecure_storage=args.insecure_storage, anonymous=args.anonymous, join=args.join)


def logout(args: Namespace, out: Output) -> Exit:
    """The secret forgotten."""
    name = args.destination
    wanted = agreed_loss(name, out, yes=args.yes, again=f"logferry logout {name} --yes")
    if wanted is None:
        return Exit.WAITING
    done = daemon().logout(name, wanted)
    out.say(f"The secret for {args.destination} is forgotten.")
    if done.note:
        out.say(done.note)
    return Exit.DONE


def _from_stdin() -> str:
    """The first line, without its line break."""
    return sys.stdin.readline(LONGEST).rstrip("\r\n")
