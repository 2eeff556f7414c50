"""What holds all uploads, whatever their destination: a pause, and a game that is played."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from logferry_daemon.core.pause import Pause, decode, encode
from logferry_daemon.core.waiting import as_written, on_the_wall
from logferry_daemon.ports import Choices, Clock

_UNTIL, _SINCE = "paused-until", "paused-since"


class Holds:
    """One for the daemon."""

    def __init__(self, clock: Clock, choices: Choices, changed: Callable[[], None]) -> None:
        self._clock = clock
        self._choices = choices
        self._changed = changed
        self._pause: Pause | None = None
        """As it is written down."""
        self._over_at: datetime | None = None
        """When it ends, by the steady clock."""
        self._playing, self._playing_hint = False, ""

    async def load(self) -> None:
        """Read what the owner decided before."""
        before = decode(await self._choices.note(_UNTIL), await self._choices.note(_SINCE))
        now = self._clock.now()
        self._begin(before and before.as_of(now), now)
        if self._pause != before:
            await self._write_down()

    @property
    def paused(self) -> bool:
        """Whether uploads are held by the owner right now."""
        return self._pause is not None and (self._over_at is None or self._over_at > self._clock.steady())

    @property
    def over_at(self) -> datetime | None:
        """The end of the pause by the steady clock; None without a pause or with an open end."""
        return self._over_at

    @property
    def paused_until(self) -> datetime | None:
        """The same by the clock on the wall: the same each time, and after a restart, unless that was set."""
        told = on_the_wall(self._over_at, steady=self._clock.steady(), now=self._clock.now())
        return as_written(self._pause.until if self._pause else None, told)

    async def pause(self, length: timedelta | None) -> None:
        """Hold everything, also over a restart."""
        now = self._clock.now()
        self._begin(Pause() if length is None else Pause(now, now + length), now)
        await self._write_down()
        self._changed()

    async def resume(self) -> None:
        """Go on."""
        self._begin(None, self._clock.now())
        await self._write_down()
        self._changed()

    def _begin(self, pause: Pause | None, now: datetime) -> None:
        until = None if pause is None else pause.until
        self._pause, self._over_at = pause, None if until is None else self._clock.steady() + (until - now)

    async def _write_down(self) -> None:
        until, since = encode(self._pause)
        # The end last: ended in between, the earlier end counts.
        await self._choices.set_note(_SINCE, since)
        await self._choices.set_note(_UNTIL, until)

    def played(self, playing: bool, unknown: str) -> None:  # noqa: FBT001 -- it is told by a callback
        """Whether a game is played that uploads wait for; `unknown` says what the system does not tell about that."""
        hint = ""
        if unknown:
            hint = f"{unknown[:1].upper()}{unknown[1:]}, so a game that runs counts. Uploads go on when it ends."
        if (playing, hint) != (self._playing, self._playing_hint):
            self._playing, self._playing_hint = playing, hint
            self._changed()

    @property
    def playing(self) -> bool:
        """Whether uploads wait for a game."""
        return self._playing

    @property
    def playing_hint(self) -> str:
        """What a person should know of how that was found out."""
        return self._playing_hint
