"""Is every source there, and does it hold anything? A game whose logging is off leaves an empty folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from logferry_daemon.checks.check import Check
from logferry_daemon.checks.hints import logging_hint
from logferry_daemon.fleet import Fleet


@dataclass(frozen=True, slots=True)
class SourcesCheck:
    """Looks at the folders of all sources."""

    fleet: Fleet

    async def run(self) -> AsyncIterator[Check]:
        """One finding a source, or advice when there is none."""
        if not self.fleet.runners:
            hint = "Add one with: logferry sources add TRACKER"
            yield Check(name="sources", level="advice", message="No source is set up: nothing is watched.", hint=hint)
        for name, runner in self.fleet.runners.items():
            root, title = runner.source.root, runner.source.tracker.title
            if not root.is_dir():
                message, hint = f"{root} is not there.", "Check the path: logferry sources list"
                yield Check(name=f"source {name}", level="problem", message=message, hint=hint)
            elif not runner.number_of_files:
                message = f"{root} holds no file of {title}."
                hint = logging_hint(runner.source.tracker)
                yield Check(name=f"source {name}", level="advice", message=message, hint=hint)
            else:
                message = f"{runner.number_of_files} file(s) of {title} in {root}."
                yield Check(name=f"source {name}", level="ok", message=message)
            if runner.unwatched is not None:
                message = f"{runner.unwatched.message} It is looked through every few seconds instead."
                yield Check(name=f"source {name}", level="advice", message=message, hint=runner.unwatched.hint)
