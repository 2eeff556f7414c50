"""What the tray shows for a status: a value, with commands instead of callbacks. Draws nothing, calls nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from enum import StrEnum

from logferry_ipc.messages import Attention, Counts, DaemonState, Identity, IdentityDecision, Status

TITLE_UNITS = 127
"""Windows has room for 128 UTF-16 units in a tooltip, the last of them a zero; longer ends the icon's thread."""
ENTRY_UNITS = 80
NOTICE_TITLE_UNITS = 63
NOTICE_UNITS = 255
MOST_ATTENTION = 8
"""Entries under "Needs attention"; a longer menu leaves the screen."""


MOST_QUESTIONS = 4
"""Players who are asked about at once."""
NAME_UNITS = 40
"""Of a player's name; the game's still fits beside it."""
QUESTION = "identity-unknown"
UNSURE = "?"
"""Who played where a log does not say it, or names two."""
"""The code under which a status says that there is one: it names nobody itself."""


class Look(StrEnum):
    """The shapes of the icon: what the daemon says, or that there is none."""

    IDLE = "idle"
    WORKING = "working"
    PAUSED = "paused"
    ATTENTION = "attention"
    OFFLINE = "offline"
    DISCONNECTED = "disconnected"


class Act(StrEnum):
    """What an entry asks for."""

    PAUSE = "pause"
    RESUME = "resume"
    UPLOAD_ALL = "upload-all"
    RETRY = "retry"
    OPEN_REPORT = "open-report"
    DECIDE = "decide"
    QUIT = "quit"
    """Ends the tray, never the daemon."""


@dataclass(frozen=True, slots=True)
class Command:
    """One press of an entry."""

    act: Act
    pause: timedelta | None = None
    """For `pause`; None is until resumed."""
    url: str = ""
    """For `open-report`."""
    decision: IdentityDecision | None = None
    """For `decide`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the menu; without a command it only says something."""

    text: str
    command: Command | None = None
    enabled: bool = True
    default: bool = False
    """What a click on the icon itself does, where a system has that; exactly one entry of a menu is it."""
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """The whole tray: shape, tooltip, and groups of entries with a line between them."""

    look: Look
    title: str
    groups: tuple[tuple[Entry, ...], ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries of the first level, top to bottom."""
        return tuple(entry for group in self.groups for entry in group)


def menu(status: Status | None, players: Sequence[Identity] = (), *, zone: tzinfo | None = None) -> Menu:
    """The tray for this status, None where no daemon runs; times are told in `zone`, None is the system's.

    Of `players`, those whom nobody has decided about yet are asked about.
    """
    line = _line(status, zone)
    title = clamp(f"Logferry: {line}", TITLE_UNITS)
    if status is None:
        return Menu(look=Look.DISCONNECTED, title=title, groups=((_said(line, default=True),), (_quit("Quit"),)))
    report = report_page(status)
    has_report = bool(report)
    groups = (
        (_said(line, default=not has_report), *_attention(status.attention), *_questions(players)),
        _pause(status),
        (*_uploads(status), _open_report(report, enabled=has_report)),
        (_quit(_farewell(status.counts)),),
    )
    return Menu(look=Look(status.state.value), title=title, groups=groups)


def clamp(text: str, units: int) -> str:
    """`text` on one line, in at most this many UTF-16 units, never with half a character at its end."""
    # Controls, direction marks and halves of characters break a menu or make it lie.
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if _units(plain) <= units:
        return plain
    kept = plain[:units]
    while _units(kept) > units - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _line(status: Status | None, zone: tzinfo | None) -> str:
    """The state in words, first thing in the tooltip and in the menu."""
    if status is None:
        return 'not running; start it with "logferry run"'
    waiting = status.counts.pending + status.counts.uploading
    match status.state:
        case DaemonState.WORKING:
            return f"uploading, {waiting:,} to go"
        case DaemonState.PAUSED if status.paused_until is not None:
            return f"paused until {status.paused_until.astimezone(zone):%Y-%m-%d %H:%M}"
        case DaemonState.PAUSED if not status.paused:
            return "paused while you play"
        case DaemonState.PAUSED:
            return "paused until you resume"
        case DaemonState.ATTENTION:
            return "needs your attention"
        case DaemonState.OFFLINE:
            return f"offline, {waiting:,} waiting"
        case DaemonState.IDLE:
            return f"idle, {_rest(status.counts)}"


def _rest(counts: Counts) -> str:
    """What is not uploaded, by reason; deliveries left out by the owner's rule are no news."""
    parts = (
        (counts.pending + counts.uploading, "waiting"),
        (counts.held, "held"),
        (counts.failed, "failed"),
    )
    return ", ".join(f"{count:,} {word}" for count, word in parts if count) or "all is uploaded"


def _said(text: str, *, default: bool = False) -> Entry:
    text = text[:1].upper() + text[1:]
    return Entry(text=clamp(text, ENTRY_UNITS), enabled=False, default=default)


def _attention(attention: tuple[Attention, ...]) -> tuple[Entry, ...]:
    if not attention:
        return ()
    said = [_said(line) for item in attention[:MOST_ATTENTION] for line in (item.message, item.hint) if line]
    if len(attention) > MOST_ATTENTION:
        said.append(_said(f'and {len(attention) - MOST_ATTENTION} more, see "logferry status"'))
    return (Entry(text=f"Needs attention ({len(attention)})", entries=tuple(said)),)


def asks(status: Status) -> bool:
    """Whether the menu needs the players too."""
    return any(one.code == QUESTION for one in status.attention)


def _questions(players: Sequence[Identity]) -> tuple[Entry, ...]:
    """A line a player, with two answers below it for each destination."""
    unknown = [one for one in players if one.state == "unknown"]
    who = list(dict.fromkeys((one.tracker, one.identity) for one in unknown))
    shown = [_who([one for one in unknown if (one.tracker, one.identity) == each]) for each in who[:MOST_QUESTIONS]]
    if len(who) > MOST_QUESTIONS:
        shown.append(_said(f'and {len(who) - MOST_QUESTIONS} more, see "logferry identities list"'))
    return tuple(shown)


def _who(asked: Sequence[Identity]) -> Entry:
    """One player, unknown to some destinations."""
    name = clamp(asked[0].identity, NAME_UNITS)
    who = f"Who played {asked[0].title}? No name" if name == UNSURE else f'Who is "{name}" ({asked[0].title})?'
    text = clamp(who, ENTRY_UNITS)
    return Entry(text=text, entries=tuple(_answer(one, allowed=yes) for one in asked for yes in (True, False)))


def _answer(one: Identity, *, allowed: bool) -> Entry:
    decision = IdentityDecision(
        destination=one.destination, tracker=one.tracker, identity=one.identity, allowed=allowed
    )
    text = f"Allow for {one.destination}" if allowed else f"Not for {one.destination}"
    return Entry(text=clamp(text, ENTRY_UNITS), command=Command(Act.DECIDE, decision=decision))


def _pause(status: Status) -> tuple[Entry, ...]:
    if status.paused:
        return (Entry(text="Resume", command=Command(Act.RESUME)),)
    return (
        Entry(text="Pause 30 minutes", command=Command(Act.PAUSE, timedelta(minutes=30))),
        Entry(text="Pause 1 hour", command=Command(Act.PAUSE, timedelta(hours=1))),
        Entry(text="Pause until resumed", command=Command(Act.PAUSE)),
    )


def _uploads(status: Status) -> tuple[Entry, ...]:
    upload = Entry(text="Upload all", command=Command(Act.UPLOAD_ALL), enabled=not status.paused)
    if not status.counts.failed:
        return (upload,)
    return (upload, Entry(text=f"Retry failed ({status.counts.failed:,})", command=Command(Act.RETRY)))


def _open_report(url: str, *, enabled: bool) -> Entry:
    """Only a web address: the system would open anything else just as willingly."""
    command = Command(Act.OPEN_REPORT, url=url) if enabled else None
    return Entry(text="Open last report", command=command, enabled=enabled, default=enabled)


def report_page(status: Status) -> str:
    """Where the last report is; empty for anything that is no web address."""
    report = status.last_report_url or ""
    return report if report.startswith(("https://", "http://")) else ""


def _farewell(counts: Counts) -> str:
    """What Quit says: how many wait, and that they go all the same."""
    number = counts.pending + counts.uploading
    waiting = f"{number:,} waiting; " if number else ""
    return f"Quit ({waiting}Logferry goes on in the background)"


def _quit(text: str) -> Entry:
    return Entry(text=text, command=Command(Act.QUIT))
