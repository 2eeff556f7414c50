"""What the command's exit code says. Scripts rely on the numbers: they never change."""

from enum import IntEnum


class Exit(IntEnum):
    """How a verb ended."""

    DONE = 0
    FAILED = 1
    """It went wrong; the message says what to do."""
    USAGE = 2
    """The command line was not understood."""
    NO_DAEMON = 3
    """The daemon is not running."""
    WAITING = 4
    """A person has to decide first, or a destination takes nothing before a time."""
