"""What an operator may set, each with its default and a sentence. Reads the environment; opens nothing."""

from __future__ import annotations

import os

from pydantic import Field, field_validator
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
        "stands before it. Links in receipts begin with it. Default: http://host:port.",
    )

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/") if url else None
