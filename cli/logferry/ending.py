"""Ends the sessions that somebody wants to upload while they still run. The daemon does it; this asks and says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from logferry.exits import Exit
from logferry.output import Output
from logferry.views.words import short
from logferry_ipc.client import DaemonClient
from logferry_ipc.messages import SessionList


class Ending:
    """The end of those of the chosen sessions that still run."""

    def __init__(self, chosen: Sequence[str], known: SessionList, client: DaemonClient, out: Output) -> None:
        self._chosen = chosen
        self._running = {each.id: each for each in known.running}
        self._there = {each.id for each in known.sessions if each.ended_at is not None}
        self._client = client
        self._out = out
        self._later: list[str] = []

    def announce(self) -> None:
        """What will happen, before it does."""
        for session in self._chosen:
            if session in self._running:
                tracker = self._running[session].tracker
                self._out.note(f"Session {short(session)} of {tracker} still runs. It is ended here and sent.")
                self._out.note("  Should its log go on, the rest follows as a newer version of it.")

    def over(self) -> Iterator[str]:
        """The chosen ones that can be sent, each when it is over."""
        for session in self._chosen:
            if session in self._running and self._client.end(session).waiting and session not in self._there:
                self._later.append(session)
            else:
                yield session

    def report(self, code: Exit) -> Exit:
        """What could not be ended yet, and the exit code for it."""
        for session in self._later:
            hint = "It ends as soon as nothing more is written, and is sent then."
            self._out.trouble(f"Session {short(session)} is being written right now.", hint)
        return Exit.WAITING if self._later and code is Exit.DONE else code
