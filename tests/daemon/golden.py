"""Compares what is made of a stored file with what was made of it when somebody last looked and found it right.

After a change that is meant: `LOGFERRY_WRITE_GOLDEN=1 pytest tests/daemon`, then read the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "golden"


def stored(name: str) -> bytes:
    """The bytes of a stored file."""
    return (FOLDER / name).read_bytes()


def expected(name: str, made: Any) -> Any:  # noqa: ANN401 -- any JSON value
    """The stored value; `made` takes its place when the environment says so."""
    path = FOLDER / name
    if os.environ.get("LOGFERRY_WRITE_GOLDEN") == "1":
        path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return json.loads(path.read_text("utf-8"))
