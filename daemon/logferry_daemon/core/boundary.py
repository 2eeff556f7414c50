"""When is a session over, and why. A table of rules, strongest first; reads no clock, opens no file.

A strong sign needs little quiet, a weak one more: a journal that is still being copied into the folder has weak signs
too, and half of it must not be sent as the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from logferry_daemon.core.reading import Found, Signals
from logferry_daemon.core.waiting import is_ahead
from logferry_model.session import End, EndRule

CONFIDENCE = {
    EndRule.EXPLICIT: 1.0,
    EndRule.DEMAND: 1.0,
    EndRule.PROCESS_GONE: 0.95,
    EndRule.APP_CLOSED: 0.95,
    EndRule.NEXT_START: 0.9,
    EndRule.SILENCE: 0.6,
}

CLOCKS_APART = timedelta(seconds=5)
"""A program may stamp its last line a little later than it tells that it closes."""

GONE = "its log does not hold it any more"
"""The evidence for the end of what was kept while it ran, and is all that is left."""

FRESH = timedelta(minutes=5)
"""A session may be noticed so long after its last line and still be meant by a word that came in between."""


def end_by(rule: EndRule, evidence: str) -> End:
    """An end with the confidence that its rule deserves."""
    return End(rule=rule, evidence=evidence, confidence=CONFIDENCE[rule])


@dataclass(frozen=True, slots=True)
class Rule:
    """A sign that a session is over, and how long the file must have been quiet for it to count."""

    rule: EndRule
    quiet: timedelta
    sign: Callable[[Found, Signals], str | None]
    """The evidence, or None when the sign is not there."""


def _last_at(found: Found, signals: Signals) -> datetime:
    """When it was last written; a time in the future says nothing, and then the file's own time counts."""
    return signals.quiet_since if is_ahead(found.last_at, signals.now) else found.last_at


def _explicit(found: Found, _: Signals) -> str | None:
    return found.end.evidence if found.end else None


def _process_gone(_: Found, signals: Signals) -> str | None:
    return f"{signals.process_gone} was running and is not any more" if signals.process_gone else None


def _app_closed(found: Found, signals: Signals) -> str | None:
    told = signals.app_closed
    last_at = _last_at(found, signals)
    if told is None or told < last_at - CLOCKS_APART:
        return None
    if (signals.noticed is None or signals.noticed > told) and told - last_at > FRESH:
        return None  # said of another one: what is noticed after a word is old unless it was being written then
    return f"told at {told:%Y-%m-%d %H:%M:%S} UTC that its program was closed"


def _demand(found: Found, signals: Signals) -> str | None:
    told = signals.demanded
    if told is None or told < _last_at(found, signals) - CLOCKS_APART:
        return None
    return f"its owner asked for it at {told:%Y-%m-%d %H:%M:%S} UTC"


def _next_start(found: Found, signals: Signals) -> str | None:
    later = signals.next_start
    if not signals.rules.next_start or later is None or later <= found.last_at:
        return None
    return f"a later file begins at {later:%Y-%m-%d %H:%M:%S} UTC"


def _silence(found: Found, signals: Signals) -> str | None:
    limit = signals.rules.silence
    if limit is None or signals.now - max(_last_at(found, signals), signals.quiet_since) < limit:
        return None
    return f"nothing written for {limit} after {found.last_at:%Y-%m-%d %H:%M:%S} UTC"


RULES = (
    Rule(EndRule.EXPLICIT, timedelta(), _explicit),
    Rule(EndRule.DEMAND, timedelta(seconds=1), _demand),
    Rule(EndRule.PROCESS_GONE, timedelta(seconds=2), _process_gone),
    Rule(EndRule.APP_CLOSED, timedelta(seconds=2), _app_closed),
    Rule(EndRule.NEXT_START, timedelta(seconds=10), _next_start),
    Rule(EndRule.SILENCE, timedelta(), _silence),
)


def end_of(found: Found, signals: Signals) -> End | None:
    """How `found` ended, by the strongest rule that applies; None while it may still go on."""
    if found.end is not None:
        return found.end
    quiet = signals.now - signals.quiet_since
    for rule in RULES:
        if quiet >= rule.quiet and (evidence := rule.sign(found, signals)):
            return end_by(rule.rule, evidence)
    return None
