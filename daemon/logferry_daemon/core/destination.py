"""A place to send to, and the text that its owner agrees to. Pure: values in, words out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logferry_daemon.core.consent import policy_text, time_lines
from logferry_daemon.core.identity import content_mark
from logferry_daemon.core.places import is_folder
from logferry_daemon.core.policy import STANDARD, Policy
from logferry_daemon.core.sending import USUAL, Sending
from logferry_model.fingerprint import Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A configured place to send to."""

    name: str
    dialect: str
    url: str
    pin: Fingerprint | None = None
    """The key that whoever answers there must hold, in place of an authority's word."""
    privacy: Policy = STANDARD
    """What it is sent of people and places."""
    upload_hosts: tuple[str, ...] = ()
    """Whom else its owner lets it name: pieces are put there, its key never."""
    token_url: str = ""
    """Where tokens are made of its key, where its owner named such an address."""
    trackers: tuple[str, ...] = ()
    """Whose sessions it is sent; empty for all of them."""
    account: str = ""
    """What he is called there; empty where he is anonymous."""
    fields: Sequence[str] = ()
    """What trackers may tell besides what all do, as lines of the text."""
    sending: Sending = USUAL
    """When it is sent what."""
    takes_partials: bool = False
    """Whether it can have a session while that runs."""
    takes_summaries: bool = False
    """Whether it can have what a session adds up to before its events."""

    @property
    def keyless(self) -> bool:
        """Whether nobody asks for a key there: a folder of this computer."""
        return is_folder(self.url)

    @property
    def place(self) -> str:
        """Stands for where it really is: another address under the same name is another destination."""
        # The key was given for where it goes: another address for tokens is another destination, too.
        return content_mark(self.dialect, self.url, *filter(None, [self.token_url]))

    @property
    def while_it_runs(self) -> bool:
        """Whether it is sent a session before that is over."""
        return self.takes_partials and self.sending.while_it_runs

    @property
    def summary_from(self) -> int | None:
        """With so many events it is sent a summary first; None is never."""
        return self.sending.summary_from if self.takes_summaries else None

    @property
    def times(self) -> Sequence[str]:
        """When it is sent a session, as lines of the text."""
        return time_lines(running=self.while_it_runs, summary=self.summary_from is not None)

    @property
    def policy(self) -> str:
        """What its consent is about: pin, account, fields and when it is sent too, so another one voids it."""
        where = f"{self.url}, pinned to {self.pin}," if self.pin else self.url
        if self.upload_hosts:
            where += f", and to {' or '.join(self.upload_hosts)} where it says so"
        if self.token_url:
            where += f", and the key alone to {self.token_url} for tokens that last a while"
        return policy_text(
            name=self.name,
            dialect=self.dialect,
            url=where,
            policy=self.privacy,
            account=self.account,
            fields=self.fields,
            times=self.times,
        )

    @property
    def terms(self) -> tuple[str, ...]:
        """What of it is about times, people, places and fields, line by line."""
        return (*(f"sent {line}" for line in self.times), *self.privacy.lines(), *self.fields)
