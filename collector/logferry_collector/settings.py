"""What an operator may set, each with its default and a sentence. Reads the environment; opens nothing."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from logferry_collector.place import default_database


class CollectorSettings(BaseSettings):
    """Settings of one collector, from arguments or from LOGFERRY_COLLECTOR_* variables."""

    model_config = SettingsConfigDict(env_prefix="LOGFERRY_COLLECTOR_", frozen=True, extra="forbid")

    database_url: str = Field(
        default_factory=lambda: f"sqlite:///{default_database(os.environ).as_posix()}",
        description="Where sessions are kept, as a SQLAlchemy URL. The file is made when it is not there, for its "
        "owner alone. Default: collector/collector.sqlite3 below LOGFERRY_HOME or the user's data folder.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on. 0.0.0.0 lets the whole network in.")
    port: int = Field(default=8765, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    public_url: str | None = Field(
        default=None,
        description="How the collector is reached from outside, as https://games.example.org, when a proxy "
        "stands before it. Links in receipts begin with it. Default: its own address.",
    )

    tls: bool = Field(
        default=False,
        description="Whether to encrypt by itself. Without a certificate of your own it makes one, once, that its "
        "clients pin by the fingerprint which it prints when it starts.",
    )
    tls_certificate: Path | None = Field(
        default=None, description="A certificate of your own, in PEM, with those that vouch for it."
    )
    tls_key: Path | None = Field(default=None, description="Its key, in PEM, without a password.")
    anonymous: bool = Field(
        default=False,
        description="Whether installations may upload without being registered, by keys that they make for themselves. "
        "Then everybody who reaches it may.",
    )
    announce: bool = Field(
        default=False, description="Whether to be found on the local network by zeroconf; only together with tls."
    )
    name: str = Field(
        default="Logferry collector", min_length=1, max_length=40, description="What it is called on the network."
    )

    @model_validator(mode="after")
    def _agreeing(self) -> CollectorSettings:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key are given both or not at all")
        if not self.tls and (self.announce or self.tls_certificate):
            raise ValueError("announce and tls_certificate need tls: nobody sends sessions there unencrypted")
        return self

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/") if url else None
