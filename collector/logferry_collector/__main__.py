"""`python -m logferry_collector`: a collector with its settings from the environment."""

from __future__ import annotations

import asyncio
import sys

from logferry_collector.compose import serve
from logferry_collector.settings import CollectorSettings
from logferry_collector.speech import speak
from logferry_model.errors import LogferryError


def main() -> int:
    """Serve until stopped; 1 when that was not possible."""
    speak()
    try:
        asyncio.run(serve(CollectorSettings()))
    except LogferryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
