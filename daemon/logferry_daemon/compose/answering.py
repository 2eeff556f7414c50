"""Who answers the local API, what it looks at, and where it says that it can be asked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from logferry_daemon.adapters.discover_zeroconf import ZeroconfDiscovery
from logferry_daemon.adapters.processes_psutil import SystemProcesses
from logferry_daemon.adapters.settings_file import SettingsFile
from logferry_daemon.adapters.spool_aside import aside_of
from logferry_daemon.adapters.tls import TlsFingerprints
from logferry_daemon.adapters.usual_folders import UsualFolders
from logferry_daemon.checks.aside import AsideCheck
from logferry_daemon.checks.check import Check, Checker
from logferry_daemon.checks.destinations import DestinationsCheck
from logferry_daemon.checks.game_logging import GameLoggingCheck
from logferry_daemon.checks.keys import KeysCheck
from logferry_daemon.checks.places import PlacesCheck
from logferry_daemon.checks.recipes import RecipesCheck
from logferry_daemon.checks.sources import SourcesCheck
from logferry_daemon.checks.storage import StorageCheck
from logferry_daemon.checks.usual_folders import UsualFoldersCheck
from logferry_daemon.checks.validity import ValidityCheck
from logferry_daemon.compose.base import Base
from logferry_daemon.compose.watching import Watch
from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.control.parts import Parts
from logferry_daemon.fleet import Fleet
from logferry_daemon.home import Home
from logferry_daemon.key_trial import KeyTrial
from logferry_daemon.settings import IpcSettings, Settings
from logferry_ipc.endpoint import Endpoint, Keys, announced
from logferry_ipc.server import PORTS, open_server


def made_control(  # noqa: PLR0917 -- the parts of the one thing that is made of all of them
    base: Base, fleet: Fleet, home: Home, settings: Settings, stop: asyncio.Event, watch: Watch
) -> DaemonControl:
    """What a running daemon offers."""
    checkers = (
        SourcesCheck(fleet),
        GameLoggingCheck(fleet, SystemProcesses(), base.clock),
        UsualFoldersCheck(fleet, UsualFolders(os.environ, Path.home()).there),
        RecipesCheck(base.own_recipes.troubles),
        DestinationsCheck(fleet),
        ValidityCheck(fleet, KeyTrial(fleet)),
        PlacesCheck(home),
        StorageCheck(home.spool_file),
        AsideCheck(lambda: aside_of(home.spool_file)),
        KeysCheck(fleet, base.credentials, lambda: watch.vigil.out_of_sight),
    )
    return DaemonControl(
        Parts(
            version=base.app_version,
            clock=base.clock,
            spool=base.spool,
            fleet=fleet,
            credentials=base.credentials,
            settings=SettingsFile(home.settings_file),
            discovery=ZeroconfDiscovery([str(one) for one in settings.discover.interfaces]),
            fingerprints=TlsFingerprints(),
            log=base.log,
            checks=lambda: _all_checks(checkers),
            stop=stop,
            user_home=Path.home(),
            live=watch.live,
            scrub=watch.scrubber.soon,
            key_given=watch.vigil.key_given,
            recipe_troubles=base.own_recipes.troubles,
            copy_report_url=settings.tray.copy_report_url,
        )
    )


async def announce(
    stack: AsyncExitStack, control: DaemonControl, base: Base, home: Home, settings: IpcSettings
) -> None:
    """Answer, and only then say where."""
    keys = Keys.fresh()
    server = await stack.enter_async_context(
        open_server(control, instance=base.instance, version=base.app_version, keys=keys, ports=_ports(settings))
    )
    endpoint = Endpoint.of_this_process(instance=base.instance, port=server.port, keys=keys)
    stack.enter_context(announced(home.runtime, endpoint))


async def _all_checks(checkers: Sequence[Checker]) -> AsyncIterator[Check]:
    for checker in checkers:
        async for check in checker.run():
            yield check


def _ports(ipc: IpcSettings) -> Sequence[int]:
    return PORTS if ipc.port is None else (ipc.port,)
