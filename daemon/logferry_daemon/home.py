"""Where this installation keeps its things. Computes paths; creates nothing, reads nothing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "LOGFERRY_HOME"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The three folders of one installation."""

    config: Path
    """Settings that its owner may edit."""
    state: Path
    """The spool: what must survive a restart."""
    runtime: Path
    """Discovery file and lock: what ends with the process."""

    @property
    def settings_file(self) -> Path:
        """The one settings file, which need not exist."""
        return self.config / "logferry.toml"

    @property
    def recipes_folder(self) -> Path:
        """The owner's own recipes, which need not exist."""
        return self.config / "recipes"

    @property
    def spool_file(self) -> Path:
        """The spool database."""
        return self.state / "spool.db"

    @property
    def secrets_file(self) -> Path:
        """Secrets kept without a keyring, only where their owner allowed it."""
        return self.state / "secrets.json"

    @property
    def log_file(self) -> Path:
        """The daemon's own log."""
        return self.state / "daemon.log"

    @property
    def lock_file(self) -> Path:
        """Held by the one daemon of this home."""
        return self.runtime / "daemon.lock"

    @classmethod
    def below(cls, root: Path) -> Home:
        """Everything under one folder, as LOGFERRY_HOME asks."""
        root = root.expanduser().absolute()
        return cls(config=root / "config", state=root / "state", runtime=root / "run")

    @classmethod
    def find(cls, environ: Mapping[str, str]) -> Home:
        """LOGFERRY_HOME when it is set, else where the system wants such files."""
        if root := environ.get(HOME_VARIABLE):
            return cls.below(Path(root))
        from platformdirs import PlatformDirs  # noqa: PLC0415 -- 10 ms that LOGFERRY_HOME users need not wait for

        dirs = PlatformDirs("logferry", appauthor=False)
        with warnings.catch_warnings():
            # Without a login session there is no folder for what ends with it; the one in its place will do.
            warnings.simplefilter("ignore", UserWarning)
            runtime = Path(dirs.user_runtime_dir)
        return cls(config=Path(dirs.user_config_dir), state=Path(dirs.user_state_dir), runtime=runtime)
