"""Sources, destinations and consents as blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from logferry.blocks import GAP, Block, Grid, Span, Tone, dim, heading, line
from logferry.views.words import counted, moment, state
from logferry_ipc.messages import Candidates, Consent, Destinations, DestinationTest, Sources


def sources(found: Sources) -> Iterator[Block]:
    """A line a source, and what a new one may be."""
    if found.sources:
        yield Grid(
            ("name", "tracker", "state", "files", "sessions", "path"),
            tuple(
                (each.name, each.tracker, state(each.state), f"{each.files:,}", f"{each.sessions:,}", each.path)
                for each in found.sources
            ),
            right=frozenset({"files", "sessions"}),
            whole=frozenset({"name", "tracker"}),
            indent=0,
        )
    else:
        yield line("No source yet. `logferry sources add TRACKER --path PATH` adds one; PATH may be left out.")
    if found.trackers:
        yield line(dim(f"trackers: {', '.join(found.trackers)}"))


def destinations(found: Destinations) -> Iterator[Block]:
    """A line a destination, and which dialects a new one may speak."""
    if found.destinations:
        yield Grid(
            ("name", "dialect", "account", "consent", "secret", "url"),
            tuple(
                (
                    each.name,
                    each.dialect,
                    each.account or dim("none"),
                    _yes_or_no(each.consent),
                    state(each.credential),
                    each.url,
                )
                for each in found.destinations
            ),
            whole=frozenset({"name", "dialect"}),
            indent=0,
        )
        for each in found.destinations:
            if each.pin:
                yield line(dim(f"{each.name} is pinned to {each.pin}"))
            if each.trackers:
                yield line(dim(f"{each.name} is sent sessions of {' and '.join(each.trackers)} only"))
            if each.token_url:
                yield line(dim(f"{each.name} has tokens made of its key at {each.token_url}"))
            if each.upload_hosts:
                yield line(dim(f"{each.name} may have uploads put to {' and '.join(each.upload_hosts)}"))
            if each.own_key:
                yield line(dim(f"{each.name} has a secret that Logferry made for itself: no account is behind it"))
    else:
        yield line("No destination yet. `logferry destinations add NAME --dialect D --url URL` adds one.")
    if found.dialects:
        yield line(dim(f"dialects: {', '.join(found.dialects)}"))


def tried_out(found: DestinationTest) -> Iterator[Block]:
    """The state, and what was said of the key."""
    yield line(f"{found.name}: ", state(found.state), f": {found.reason}" if found.reason else "")
    if found.hint:
        yield line(dim(found.hint), indent=2)
    yield from about_key(found)


def about_key(found: DestinationTest) -> Iterator[Block]:
    """What was said of it, and what to do where that was no."""
    if found.key == "valid":
        whose = f", as {found.account}" if found.account else ""
        yield line(Span("key taken", Tone.GOOD), f": {found.name} says that it is good{whose}.")
    elif found.key == "invalid":
        yield line(Span("key refused", Tone.BAD), f": {found.key_reason}.")
        yield line(dim(found.key_hint or f"Give it another one: logferry login {found.name}"), indent=2)
    else:
        yield line(dim(f"The key could not be checked: {found.key_reason}."))


def candidates(found: Candidates) -> Iterator[Block]:
    """Whoever says to be a collector, and how one of them is added."""
    if not found.candidates:
        yield line("Nobody answers. A collector is found when it runs with --tls --announce in the same network;")
        yield line(
            "without that, add it by its address: logferry destinations add NAME --dialect logferry --url URL --pin"
        )
        return
    yield Grid(
        ("name", "url", "says its key is"),
        tuple((each.name, each.url, each.fingerprint or "-") for each in found.candidates),
        whole=frozenset({"url"}),
        indent=0,
    )
    yield GAP
    yield line("Anybody can answer so. To add one, and compare its key with what the collector itself prints:")
    for each in found.candidates:
        yield line(f"logferry destinations add NAME --dialect logferry --url {each.url} --pin", indent=2)


def consent(found: Consent) -> Iterator[Block]:
    """The whole text, and whether it was agreed to."""
    yield heading(f"What {found.destination} will be sent")
    yield GAP
    for row in found.policy.removesuffix("\n").split("\n"):
        yield line(row, indent=2) if row else GAP
    yield GAP
    yield from _changes(found)
    yield from _players(found)
    if found.key_note:
        yield line(Span(found.key_note, Tone.WARN))
    if found.granted:
        yield line(Span("agreed", Tone.GOOD), f" on {moment(found.granted_at)}")
    else:
        waiting = f"; {counted(found.waiting, 'delivery')} would go at once" if found.waiting else ""
        yield line(Span("not agreed", Tone.WARN), f": nothing is sent{waiting}")


def terms(found: Consent) -> Iterator[Block]:
    """What of people and places a destination is sent."""
    yield heading(f"What {found.destination} is sent of people and places")
    for row in found.terms:
        treatment, _, what = row.partition(": ")
        yield line(row, indent=2) if row.startswith("of ") else line(f"{treatment:<6}", what, indent=2)


def _changes(found: Consent) -> Iterator[Block]:
    """What is another thing since it was agreed to."""
    if found.granted or not found.agreed_terms:
        return
    new = [row for row in found.terms if row not in found.agreed_terms]
    gone = [row for row in found.agreed_terms if row not in found.terms]
    if new or gone:
        yield line("What became another since you agreed:")
    for row in new:
        yield line("now     ", row, indent=2)
    for row in gone:
        yield line(dim(f"before  {row}"), indent=2)


def _players(found: Consent) -> Iterator[Block]:
    """Whose sessions there are: those who would be agreed to, and those who are not."""
    whose = ", ".join(f"{one.identity} ({one.sessions:,})" for one in found.identities if one.state != "denied")
    if whose:
        yield line(f"Sessions of: {whose}")
    others = ", ".join(f"{one.identity} ({one.sessions:,})" for one in found.identities if one.state == "denied")
    if others:
        yield line(dim(f"Left out, as you decided: {others}"))


def _yes_or_no(granted: bool) -> Span:  # noqa: FBT001 -- the one thing it is about
    return Span("yes", Tone.GOOD) if granted else Span("no", Tone.WARN)
