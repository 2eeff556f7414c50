"""What a setting may be: a name, an address, a time, a number of seconds; and what a group of them is."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from logferry_daemon.core.places import (
    is_folder,
    reason_against_folder_url,
    reason_against_name,
    reason_against_url,
)
from logferry_daemon.core.rate import parse_rate
from logferry_daemon.core.reaching import reason_against_host
from logferry_daemon.core.schedule import parse_time


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


Name = Annotated[str, AfterValidator(_name)]
Host = Annotated[str, AfterValidator(_host)]
ScheduleTime = Annotated[str, AfterValidator(_time)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Url = Annotated[str, AfterValidator(_url)]
Rate = Annotated[str, AfterValidator(_rate)]


class Part(BaseModel):
    """Some settings that belong together: frozen, and without a key that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def seconds(number: float) -> timedelta:
    """A setting as a duration."""
    return timedelta(seconds=number)
