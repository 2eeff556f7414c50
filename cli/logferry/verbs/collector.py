"""`collector`: the self-hosted server and its keys."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from logferry.blocks import Block, Grid, Span, Tone, line
from logferry.exits import Exit
from logferry.output import Output
from logferry.parser import Parser, Verbs, group, verb
from logferry.views.words import moment

if TYPE_CHECKING:
    from logferry_collector.compose import Running
    from logferry_collector.settings import CollectorSettings

SAME = ("host", "port", "tls", "tls_certificate", "tls_key", "anonymous", "announce", "name")
"""Settings that are called so on the command line, too."""


class KeyInfo(Struct, frozen=True, kw_only=True):
    """A key as lists show it: what would be enough to use it is not among it."""

    id: str
    account: str
    note: str
    created_at: datetime
    revoked_at: datetime | None


class KeyList(Struct, frozen=True, kw_only=True):
    """Every key."""

    keys: tuple[KeyInfo, ...]


def add(verbs: Verbs) -> None:
    """The self-hosted server."""
    inner = group(verbs, "collector", "the self-hosted server")
    server = verb(inner, "serve", "run it in the foreground", serve)
    server.add_argument("--host", help="address to listen on; 0.0.0.0 lets the whole network in")
    server.add_argument("--port", type=int, help="port to listen on")
    server.add_argument("--tls", action="store_true", default=None, help="encrypt; a key of its own is made once")
    server.add_argument("--tls-certificate", metavar="FILE", help="a certificate of your own, in PEM")
    server.add_argument("--tls-key", metavar="FILE", help="its key, in PEM")
    server.add_argument(
        "--anonymous", action="store_true", default=None, help="let in whoever comes without a key that you made"
    )
    server.add_argument("--announce", action="store_true", default=None, help="be found on the local network")
    server.add_argument("--name", help="what it is called there")
    keys = group(inner, "keys", "what clients upload with")
    new = verb(keys, "create", "make a key for an account, and the account if it is new", create)
    new.add_argument("account", metavar="ACCOUNT", help="whose key it is; an account is made with its first key")
    new.add_argument("--note", default="", help="what it is for")
    every = verb(keys, "list", "show every key, without its secret", list_keys, reads=True)
    gone = verb(keys, "revoke", "make a key useless", revoke)
    gone.add_argument("id", metavar="ID", help="its id, as `logferry collector keys list` shows it")
    for each in (server, new, every, gone):
        _database(each)


def serve(args: Namespace, out: Output) -> Exit:
    """The server, until Ctrl-C."""
    import asyncio

    from logferry_collector.compose import serve as run_server
    from logferry_collector.speech import speak

    speak()
    settings = _settings(args)
    _name_database(settings, out)
    asyncio.run(run_server(settings, ready=lambda running: _tell(running, settings, out)))
    return Exit.DONE


def _tell(running: Running, settings: CollectorSettings, out: Output) -> None:
    """Where it is, and the key by which its clients know it."""
    out.say(f"The collector listens on {running.url} (Ctrl-C ends it).")
    if running.fingerprint:
        out.say("Its key, to compare where a destination is pinned to it:")
        out.say(f"  {running.fingerprint}")
    if settings.anonymous:
        out.say("Whoever reaches it may upload, by a key of his own making: logferry login DEST --anonymous")
    if running.announced:
        out.say(f'Found on the local network as "{settings.name}": logferry discover')
    elif settings.announce:
        out.note("It could not be announced on the local network; clients need its address.")


def create(args: Namespace, out: Output) -> Exit:
    """A key, shown this once: the key alone on the output, so that it can be piped."""
    from logferry_collector.keys import create_key

    settings = _settings(args)
    _name_database(settings, out)
    key = create_key(settings, args.account, args.note)
    out.note(f"The key {key.public_id} for {key.account}. It cannot be shown again:")
    out.say(key.text)
    return Exit.DONE


def list_keys(args: Namespace, out: Output) -> Exit:
    """Every key, without its secret."""
    from logferry_collector.keys import list_keys as all_keys

    settings = _settings(args)
    _name_database(settings, out)
    found = (
        KeyInfo(
            id=key.public_id,
            account=key.account,
            note=key.note,
            created_at=key.created_at,
            revoked_at=key.revoked_at,
        )
        for key in all_keys(settings)
    )
    out.show(KeyList(keys=tuple(found)), _view)
    return Exit.DONE


def revoke(args: Namespace, out: Output) -> Exit:
    """A key made useless."""
    from logferry_collector.keys import revoke_key

    settings = _settings(args)
    _name_database(settings, out)
    revoke_key(settings, args.id)
    out.say(f"The key {args.id} opens nothing any more.")
    return Exit.DONE


def _name_database(settings: CollectorSettings, out: Output) -> None:
    """Beside the answer: a key made in another database than the server's opens nothing."""
    from logferry_collector.keys import place

    out.note(f"Database: {place(settings)}")


def _database(parser: Parser) -> None:
    parser.add_argument("--database", metavar="URL", help="as sqlite:///games.sqlite3; a file is made")


def _settings(args: Namespace) -> CollectorSettings:
    """What was given on the command line; the rest comes from the environment and the defaults."""
    from pydantic import ValidationError

    from logferry_collector.settings import CollectorSettings
    from logferry_model.errors import Misconfigured

    names = {"database": "database_url"} | {name: name for name in SAME}
    given = {field: value for name, field in names.items() if (value := getattr(args, name, None)) is not None}
    try:
        return CollectorSettings(**given)
    except ValidationError as error:
        wrong = ", ".join(
            ": ".join([*map(str, each["loc"]), each["msg"].removeprefix("Value error, ")]) for each in error.errors()
        )
        raise Misconfigured("collector-settings", f"The collector cannot be set up so: {wrong}.") from error


def _view(found: KeyList) -> Iterable[Block]:
    if not found.keys:
        yield line("No key yet. `logferry collector keys create ACCOUNT` makes one.")
        return
    columns = ("id", "account", "made", "state", "note")
    yield Grid(columns, tuple(_rows(found)), whole=frozenset({"id"}), indent=0)


def _rows(found: KeyList) -> Iterator[tuple[str | Span, ...]]:
    for key in found.keys:
        revoked = key.revoked_at is not None
        state = Span("revoked", Tone.DIM) if revoked else Span("valid", Tone.GOOD)
        yield key.id, key.account, moment(key.created_at), state, key.note
