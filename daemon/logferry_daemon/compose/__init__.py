"""The composition root of the daemon: the only room where its adapters are named together, one file a part."""

from logferry_daemon.compose.daemon import TURN, Starter, open_daemon, run

__all__ = ["TURN", "Starter", "open_daemon", "run"]
