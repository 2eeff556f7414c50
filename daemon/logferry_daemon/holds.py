"""What holds all uploads, whatever their destination: a pause, and a game that is played."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from logferry_daemon.ports import Choices, Clock

_PAUSE = "paused-until"
_FOREVER = "resumed"


class Holds:
    """One for the daemon."""

    def __init__(self, clock: Clock, choices: Choices, changed: Callable[[], None]) -> None:
        self._clock = clock
        self._choices = choices
        self._changed = changed
        self._pause: str | None = None
        self._playing, self._playing_hint = False, ""

    async def load(self) -> None:
        """Read what the owner decided before."""
        self._pause = await self._choices.note(_PAUSE)

    @property
    def paused(self) -> bool:
        """Whether uploads are held by the owner right now."""
        until = self.paused_until
        return self._pause is not None and (until is None or until > self._clock.now())

    @property
    def paused_until(self) -> datetime | None:
        """The end of the pause; None without a pause or with an open end."""
        if self._pause is None or self._pause == _FOREVER:
            return None
        return datetime.fromisoformat(self._pause)

    async def pause(self, length: timedelta | None) -> None:
        """Hold everything, also over a restart."""
        self._pause = _FOREVER if length is None else (self._clock.now() + length).isoformat()
        await self._choices.set_note(_PAUSE, self._pause)
        self._changed()

    async def resume(self) -> None:
        """Go on."""
        self._pause = None
        await self._choices.set_note(_PAUSE, None)
        self._changed()

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
