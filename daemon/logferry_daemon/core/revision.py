"""Is another version of a known session a new revision of it? Pure: what is known and what comes in, one answer out."""

from __future__ import annotations

from dataclasses import dataclass

from logferry_model.session import EndRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What tells one version of a session from another."""

    fingerprint: str
    events: int
    end_rule: str
    only_grows: bool = False
    """It comes from a log that is appended to."""

    @property
    def partial(self) -> bool:
        """Whether the session still ran: nothing has ended it."""
        return not self.end_rule


def is_news(known: Version, new: Version) -> bool:
    """Whether `new` says something that `known` does not.

    A session that its tracker has ended is whole. A version of it that was only given up for silent is an older copy: a
    backup beside the original, a file that a cloud service put back. So is a shorter version of a log that only grows.

    A partial version never takes the place of a complete one, and a complete one always that of a partial one.
    """
    if new.partial and not known.partial:
        return False
    if known.partial and not new.partial:
        return True
    if new.fingerprint == known.fingerprint:
        return False
    if known.end_rule == EndRule.EXPLICIT and new.end_rule != EndRule.EXPLICIT and new.events <= known.events:
        return False
    return not (new.only_grows and new.events < known.events)
