"""The four kinds of trouble, named by what the caller does next. Raises nothing by itself."""

from __future__ import annotations

from typing import ClassVar


class LogferryError(Exception):
    """Something went wrong in a way that a person can read; never raised itself, only its four kinds are.

    `code` is stable and machine readable, `message` says what happened and to which file or
    destination, `hint` says what to do next.
    """

    http_status: ClassVar[int] = 500
    """What the local API answers when this error ends a request."""

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        if type(self) is LogferryError:
            raise TypeError("raise one of the four kinds, not LogferryError")
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class Unreachable(LogferryError):
    """Not there at the moment: keep the thing and try again later."""

    http_status = 503


class Refused(LogferryError):
    """The other side said no for good: park the thing, show it, never resend unasked."""

    http_status = 409


class Misconfigured(LogferryError):
    """A person has to change something first."""

    http_status = 400


class Damaged(LogferryError):
    """A file or row cannot be used: set it aside and go on with the rest."""

    http_status = 500
