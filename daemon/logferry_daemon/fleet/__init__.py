"""Everything that runs: one file for what there is, one for the sources, one for the destinations, and the whole."""

from logferry_daemon.fleet.listeners import Listeners
from logferry_daemon.fleet.whole import Fleet

__all__ = ["Fleet", "Listeners"]
