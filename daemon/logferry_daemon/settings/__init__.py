"""The settings: one frozen tree, from the file and the environment. Each field says what it does.

`LOGFERRY_WATCH__SETTLE=2` in the environment is `settle = 2` under `[watch]` in the file, and wins over it.
"""

from logferry_daemon.settings.kinds import seconds
from logferry_daemon.settings.parts import IpcSettings, WatchSettings
from logferry_daemon.settings.places import DestinationSettings, SourceSettings
from logferry_daemon.settings.reading import load_settings, parse_settings
from logferry_daemon.settings.sending import UploadSettings
from logferry_daemon.settings.tree import Settings

__all__ = [
    "DestinationSettings",
    "IpcSettings",
    "Settings",
    "SourceSettings",
    "UploadSettings",
    "WatchSettings",
    "load_settings",
    "parse_settings",
    "seconds",
]
