"""What is set for a place to read from, and for one to send to."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, model_validator

from logferry_daemon.core.account import reason_against_account
from logferry_daemon.core.pins import reason_against_pin
from logferry_daemon.core.policy import DEFAULT, Group, Policy, Treatment
from logferry_daemon.core.sending import Occasion
from logferry_daemon.core.services import reason_against_service, reason_against_tokens
from logferry_daemon.settings.kinds import Host, Part, ScheduleTime, Url
from logferry_model.fingerprint import Fingerprint, parse_fingerprint


class SourceSettings(Part):
    """A place to read from."""

    tracker: str = Field(description="which tracker or recipe reads it")
    path: str = Field(description="the folder; `~` and environment variables are filled in")

    @property
    def folder(self) -> Path:
        """The path with everything filled in."""
        return Path(os.path.expandvars(self.path)).expanduser()


class DestinationSettings(Part):
    """A place to send to."""

    dialect: str = Field(default="logferry", description="the contract it speaks")
    url: Url = Field(description="where it is; https, http on this computer, or file:")
    upload_hosts: tuple[Host, ...] = Field(
        default=(), description="hosts that it may name for an upload; they are sent pieces, and never its key"
    )
    token_url: str = Field(
        default="", description="where tokens are made of the key, which then goes there and not to the url"
    )
    trackers: tuple[str, ...] = Field(
        default=(), description="the only ones whose sessions go there; all of them when left out"
    )
    privacy: dict[Group, Treatment] = Field(
        default_factory=dict, description="group = keep, token or drop, where it is not as usual"
    )
    only: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="tracker = the only ones of its fields that may go"
    )

    account: str = Field(
        default="", description="what you are called there; left out, you are anonymous: a random number stands for you"
    )
    pin: str | None = Field(
        default=None, description="the fingerprint of its key, which then counts in place of an authority"
    )

    when: Occasion | None = Field(
        default=None, description="when what is over goes there; as under [upload] when left out"
    )
    schedule: tuple[ScheduleTime, ...] = Field(
        default=(), description='its times, as "03:00" or "sat,sun 10:00"; as under [upload] when left out'
    )
    summary_first: bool | None = Field(
        default=None, description="send it what a session adds up to first; as under [upload] when left out"
    )
    partials: bool | None = Field(
        default=None, description="send it long sessions while they run; as under [upload] when left out"
    )

    @model_validator(mode="after")
    def _pinnable(self) -> DestinationSettings:
        if self.pin is not None and (reason := reason_against_pin(self.pin, self.url)):
            raise ValueError(f"pin: {reason}")
        return self

    @model_validator(mode="after")
    def _fits(self) -> DestinationSettings:
        if reason := reason_against_service(self.dialect, self.url, self.upload_hosts):
            raise ValueError(reason)
        return self

    @model_validator(mode="after")
    def _renewable(self) -> DestinationSettings:
        if reason := reason_against_tokens(self.dialect, self.token_url):
            raise ValueError(f"token_url: {reason}")
        return self

    @model_validator(mode="after")
    def _callable_so(self) -> DestinationSettings:
        if reason := reason_against_account(self.dialect, self.account):
            raise ValueError(f"account: {reason}")
        return self

    @property
    def fingerprint(self) -> Fingerprint | None:
        """The pin as a value."""
        return None if self.pin is None else parse_fingerprint(self.pin)

    @property
    def policy(self) -> Policy:
        """What it is sent of people and places."""
        only = {tracker: frozenset(fields) for tracker, fields in self.only.items()}
        return Policy(treatments={**DEFAULT, **self.privacy}, only=only)
