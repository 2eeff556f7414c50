"""Which folders are followed: listed, added, followed no more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from logferry_daemon.control.naming import check_name, unknown
from logferry_daemon.control.settings_store import SettingsStore
from logferry_daemon.fleet import Fleet
from logferry_daemon.fleet.places import check_folder
from logferry_daemon.ports import Spool
from logferry_daemon.settings import SourceSettings
from logferry_ipc.messages import NewSource, SourceInfo, Sources
from logferry_model.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class SourceDesk:
    """Changes the settings and the fleet."""

    fleet: Fleet
    spool: Spool
    settings: SettingsStore
    user_home: Path

    async def all(self) -> Sources:
        """Every source and its state."""
        sessions = Counter(row.source for row, _ in await self.spool.sessions())
        found = tuple(
            SourceInfo(
                name=name,
                tracker=runner.source.tracker.name,
                path=str(runner.source.root),
                state=runner.state,
                files=runner.number_of_files,
                sessions=sessions[name],
            )
            for name, runner in self.fleet.runners.items()
        )
        return Sources(sources=found, trackers=tuple(self.fleet.trackers))

    async def add(self, source: NewSource) -> None:
        """One more folder; it need not exist yet."""
        self.fleet.tracker(source.tracker)
        name = source.name or self._free_name(source.tracker)
        check_name(name, self.fleet.runners, "source")
        folder = _checked_folder(source, self.user_home)
        self.fleet.check_source(folder)
        settings = self.settings.add("sources", name, {"tracker": source.tracker, "path": str(folder)})
        await self.fleet.add_source(name, settings.sources[name])
        self.fleet.listeners.state_changed()

    async def remove(self, name: str) -> None:
        """Follow it no more; what was found stays."""
        if name not in self.fleet.runners:
            raise unknown("source", name, "logferry sources list")
        self.settings.remove("sources", name)
        await self.fleet.remove_source(name)
        self.fleet.listeners.state_changed()

    def _free_name(self, tracker: str) -> str:
        names = [tracker, *(f"{tracker}-{number}" for number in range(2, 1000))]
        return next(name for name in names if name not in self.fleet.runners)


def _checked_folder(source: NewSource, home: Path) -> Path:
    try:
        folder = SourceSettings(tracker=source.tracker, path=source.path).folder
        _check_folder(folder, home)
    except (OSError, ValueError, RuntimeError) as error:
        raise Misconfigured("folder-refused", f"{source.path!r} cannot be a source: {error}.") from error
    return folder


def _check_folder(folder: Path, home: Path) -> None:
    check_folder(folder, home)
    whole = folder.resolve()
    if whole != folder:
        said = f"{folder} is reached through a link."
        raise Misconfigured("folder-refused", said, hint=f"Name the folder itself: {whole}")
