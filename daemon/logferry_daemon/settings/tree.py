"""Everything that can be set, as one tree; and what in it has to fit together."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from logferry_daemon.core.places import (
    reason_against_names,
)
from logferry_daemon.core.sending import Occasion, Sending
from logferry_daemon.settings.kinds import Name
from logferry_daemon.settings.parts import (
    DiscoverSettings,
    IpcSettings,
    LogSettings,
    QueueSettings,
    TraySettings,
    WatchSettings,
)
from logferry_daemon.settings.places import DestinationSettings, SourceSettings
from logferry_daemon.settings.sending import UploadSettings


def _apart(destinations: dict[str, DestinationSettings]) -> dict[str, DestinationSettings]:
    if reason := reason_against_names(destinations):
        raise ValueError(reason)
    return destinations


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


def _lacks_times(sending: Sending) -> bool:
    return sending.when is Occasion.SCHEDULE and not sending.times
