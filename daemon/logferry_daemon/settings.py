"""The settings: one frozen tree, from the file and the environment. Each field says what it does.

`LOGFERRY_WATCH__SETTLE=2` in the environment is `settle = 2` under `[watch]` in the file, and wins over it.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from logferry_daemon.core.account import reason_against_account
from logferry_daemon.core.backoff import CAP
from logferry_daemon.core.budget import PER_MINUTE
from logferry_daemon.core.partials import Rhythm
from logferry_daemon.core.pins import reason_against_pin
from logferry_daemon.core.places import (
    is_folder,
    reason_against_folder_url,
    reason_against_name,
    reason_against_names,
    reason_against_url,
)
from logferry_daemon.core.playing import When
from logferry_daemon.core.policy import DEFAULT, Group, Policy, Treatment
from logferry_daemon.core.queue_bound import MEGABYTES, MIB, SESSIONS, Bound
from logferry_daemon.core.rate import parse_rate
from logferry_daemon.core.reaching import reason_against_host
from logferry_daemon.core.schedule import parse_time
from logferry_daemon.core.sending import Occasion, Sending
from logferry_daemon.core.services import reason_against_service, reason_against_tokens
from logferry_daemon.core.summaries import EVENTS
from logferry_model.errors import Misconfigured
from logferry_model.fingerprint import Fingerprint, parse_fingerprint


def _url(url: str) -> str:
    if reason := reason_against_folder_url(url) if is_folder(url) else reason_against_url(url):
        raise ValueError(reason)
    return url.rstrip("/")


def _host(host: str) -> str:
    if reason := reason_against_host(host):
        raise ValueError(reason)
    return host


def _rate(text: str) -> str:
    parse_rate(text)
    return text


def _name(name: str) -> str:
    if reason := reason_against_name(name):
        raise ValueError(reason)
    return name


def _time(text: str) -> str:
    parse_time(text)
    return text


def _apart(destinations: dict[str, DestinationSettings]) -> dict[str, DestinationSettings]:
    if reason := reason_against_names(destinations):
        raise ValueError(reason)
    return destinations


Name = Annotated[str, AfterValidator(_name)]
Host = Annotated[str, AfterValidator(_host)]
ScheduleTime = Annotated[str, AfterValidator(_time)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceSettings(_Part):
    """A place to read from."""

    tracker: str = Field(description="which tracker or recipe reads it")
    path: str = Field(description="the folder; `~` and environment variables are filled in")

    @property
    def folder(self) -> Path:
        """The path with everything filled in."""
        return Path(os.path.expandvars(self.path)).expanduser()


class DestinationSettings(_Part):
    """A place to send to."""

    dialect: str = Field(default="logferry", description="the contract it speaks")
    url: Annotated[str, AfterValidator(_url)] = Field(description="where it is; https, http on this computer, or file:")
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


class DiscoverSettings(_Part):
    """How collectors on the local network are found."""

    interfaces: tuple[IPv4Address, ...] = Field(
        default=(), description="own addresses to ask from; the one that the system prefers when left out"
    )


class WatchSettings(_Part):
    """How files are watched."""

    settle: Seconds = Field(default=1.0, description="seconds without a change before a file counts as written")
    patience: Seconds = Field(default=30.0, description="seconds before something unfinished is reported")
    rescan: Seconds = Field(default=60.0, description="seconds between two looks at everything")
    busy: Seconds = Field(default=2.0, description="seconds between two looks at a file that is being written")
    backfill: bool = Field(default=False, description="send what was there before without being asked")
    backfill_per_minute: int = Field(
        default=PER_MINUTE, ge=1, le=10_000, description="how many of those may go to one destination in a minute"
    )


class UploadSettings(_Part):
    """When and how things are sent."""

    limit: Annotated[str, AfterValidator(_rate)] = Field(
        default="off", description='how fast things are sent, all together: "500 KiB/s"; off: as fast as it goes'
    )
    pause_while_playing: When = Field(
        default=When.OFF,
        description="running: uploads wait while a followed game runs; foreground: while it has the focus",
    )
    longest_wait: Annotated[float, Field(ge=10, le=86_400)] = Field(
        default=CAP.total_seconds(), description="seconds at most between two tries at what cannot be reached"
    )
    when: Occasion = Field(
        default=Occasion.SESSION_END,
        description="when what is over goes: at session-end, app-close, by schedule, or on demand",
    )
    schedule: tuple[ScheduleTime, ...] = Field(
        default=(), description='times by the clock on the wall, as "03:00", "daily 22:30" or "sat,sun 10:00"'
    )
    partials: bool = Field(default=True, description="send long sessions while they run, where they can be replaced")
    partial_after: Seconds = Field(default=7_200.0, description="seconds after which a session that runs is long")
    partial_every: Seconds = Field(default=600.0, description="seconds between two times that it is sent")

    summary_first: bool = Field(
        default=False, description="send what a session adds up to before its events, where they can follow"
    )
    summary_from: int = Field(default=EVENTS, ge=1, description="events with which a session is worth a summary")

    @property
    def rhythm(self) -> Rhythm:
        """When a session that runs is due."""
        return Rhythm(after=seconds(self.partial_after), every=seconds(self.partial_every))

    @property
    def sending_to_all(self) -> Sending:
        """What holds where a destination has no word of its own."""
        return Sending(
            when=self.when,
            times=tuple(map(parse_time, self.schedule)),
            partials=self.partials,
            summary_from=self.summary_from if self.summary_first else None,
        )

    def sending(self, destination: DestinationSettings) -> Sending:
        """What holds for one destination: its own word, or else the one for all."""
        times = destination.schedule or self.schedule
        first = self.summary_first if destination.summary_first is None else destination.summary_first
        return Sending(
            when=destination.when or self.when,
            times=tuple(map(parse_time, times)),
            partials=self.partials if destination.partials is None else destination.partials,
            summary_from=self.summary_from if first else None,
        )

    @property
    def bytes_per_second(self) -> float | None:
        """The limit as a number."""
        return parse_rate(self.limit)


class QueueSettings(_Part):
    """How much may wait to be sent."""

    max_sessions: int = Field(default=SESSIONS, ge=1, description="sessions; with more, new ones stay in their files")
    max_megabytes: int = Field(default=MEGABYTES, ge=1, description="the same by their size on the disk")

    @property
    def bound(self) -> Bound:
        """Both together."""
        return Bound(sessions=self.max_sessions, bytes=self.max_megabytes * MIB)


class IpcSettings(_Part):
    """The local API."""

    port: int | None = Field(default=None, ge=0, le=65_535, description="its port; 0 takes any free one")


class TraySettings(_Part):
    """The tray icon."""

    copy_report_url: bool = Field(
        default=False, description="put the address of each new report on the clipboard while the tray runs"
    )


class LogSettings(_Part):
    """The daemon's own log."""

    level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="how much it says")


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="LOGFERRY_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    sources: dict[Name, SourceSettings] = Field(default_factory=dict, description="where sessions are found")
    destinations: Annotated[dict[Name, DestinationSettings], AfterValidator(_apart)] = Field(
        default_factory=dict, description="where sessions go"
    )
    discover: DiscoverSettings = DiscoverSettings()
    watch: WatchSettings = WatchSettings()
    upload: UploadSettings = UploadSettings()
    queue: QueueSettings = QueueSettings()
    ipc: IpcSettings = IpcSettings()
    log: LogSettings = LogSettings()
    tray: TraySettings = TraySettings()

    @model_validator(mode="after")
    def _scheduled(self) -> Settings:
        """Whoever waits for a time has one."""
        wanting = [name for name, one in self.destinations.items() if _lacks_times(self.upload.sending(one))]
        if wanting or _lacks_times(self.upload.sending_to_all):
            where = f"[destinations.{wanting[0]}]" if wanting else "[upload]"
            raise ValueError(f'when = "schedule" needs times in {where}, as in: schedule = ["03:00"]')
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 -- the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, which comes in as arguments."""
        return env_settings, init_settings


def load_settings(file: Path) -> Settings:
    """The tree; a missing file is an empty one. Misconfigured names the file, the key and the likely one."""
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(file, f"cannot be read: {error}") from error
    return parse_settings(text, file)


def parse_settings(text: str, file: Path) -> Settings:
    """The tree in `text`."""
    try:
        return Settings(**tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _bad(file, f"is not TOML: {error}") from error
    except ValidationError as error:
        raise _bad(file, _first(error)) from error
    except SettingsError as error:
        raise Misconfigured(
            "settings-unreadable",
            f"A variable LOGFERRY_... of the environment is not readable: {error}.",
            hint="Correct or remove it and start again.",
        ) from error


def _bad(file: Path, what: str) -> Misconfigured:
    hint = f"Mend {file} and start again."
    return Misconfigured("settings-unreadable", f"The settings file {what.rstrip('.')}.", hint=hint)


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    if not first["loc"]:
        return f"does not fit together: {first['msg'].removeprefix('Value error, ')}"
    *place, key = [str(part) for part in first["loc"]]
    where = f"[{'.'.join(place)}]" if place else "the top"
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, _fields(Settings, place), n=1)
        guess = f'; did you mean "{near[0]}"?' if near else ""
        return f'has an unknown key "{key}" in {where}{guess}'
    return f'has a wrong "{key}" in {where}: {first["msg"].removeprefix("Value error, ")}'


def _fields(model: type[BaseModel], place: list[str]) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = model.model_fields
    for part in place:
        inner = getattr(fields.get(part), "annotation", None)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            fields = inner.model_fields
    if place and place[0] == "sources":
        return SourceSettings.model_fields
    return DestinationSettings.model_fields if place and place[0] == "destinations" else fields


def _lacks_times(sending: Sending) -> bool:
    return sending.when is Occasion.SCHEDULE and not sending.times


def seconds(number: float) -> timedelta:
    """A setting as a duration."""
    return timedelta(seconds=number)
