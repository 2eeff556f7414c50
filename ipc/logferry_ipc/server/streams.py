"""Event streams that are open: writes events and heartbeats, lets every stream go when the server ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import web

from logferry_ipc import sse
from logferry_ipc.messages import EventKind, StreamEvent
from logferry_ipc.server import answers

_FAREWELL = timedelta(milliseconds=500)
"""How long listeners that do not read may hold up the end of the server."""


class Streams:
    """All streams of one server; made inside its event loop."""

    def __init__(self, *, instance: str, heartbeat: timedelta) -> None:
        self._nowhere = f"{instance}.0"
        self._heartbeat = heartbeat
        self._ending: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open: set[asyncio.Task[Any]] = set()

    async def serve(
        self, request: web.Request, events: AsyncIterator[StreamEvent], headers: Mapping[str, str]
    ) -> web.StreamResponse:
        """Write `events` to the caller until either side ends."""
        with self._counted():
            async with _Pull(events) as pull:
                return await self._serve(request, pull, headers)

    async def _serve(self, request: web.Request, pull: _Pull, headers: Mapping[str, str]) -> web.StreamResponse:
        # One turn of the loop: a log that takes no more readers says so now, while that can be an answer.
        await asyncio.sleep(0)
        pull.raise_early()
        response = web.StreamResponse(headers={**headers, "Content-Type": sse.MEDIA_TYPE})
        await response.prepare(request)
        try:
            with suppress(ConnectionError):
                await self._write(request, response, pull)
        except Exception as error:  # noqa: BLE001 -- too late for an answer: the stream ends, the log says why
            answers.note_failure(error)
        return response

    async def end(self, _: web.Application) -> None:
        """Say `going-away` on every stream and close it, and before long also those that nobody reads."""
        self._ending.set_result(None)
        if self._open:
            await asyncio.wait(self._open, timeout=_FAREWELL.total_seconds())
        for deaf in self._open:
            deaf.cancel()

    async def _write(self, request: web.Request, response: web.StreamResponse, pull: _Pull) -> None:
        await response.write(sse.OPENING)
        cursor = self._nowhere
        while request.transport is not None:
            if (event := await pull.next(self._heartbeat, unless=self._ending)) is not None:
                await response.write(sse.frame(event))
                cursor = event.cursor
            elif pull.ended:
                return
            elif self._ending.done():
                event = StreamEvent(cursor=cursor, kind=EventKind.GOING_AWAY, at=datetime.now(UTC))
                await response.write(sse.frame(event))
            else:
                await response.write(sse.HEARTBEAT)
            if event is not None and event.kind is EventKind.GOING_AWAY:
                return

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if (task := asyncio.current_task()) is None:
            raise RuntimeError("a stream is served inside a task")
        self._open.add(task)
        try:
            yield
        finally:
            self._open.discard(task)


class _Pull:
    """Takes one event at a time from a source; a wait that ends early loses none."""

    def __init__(self, events: AsyncIterator[StreamEvent]) -> None:
        self._events = events
        self.ended = False

    async def __aenter__(self) -> Self:
        self._pending = asyncio.create_task(self._one())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pending.cancel()
        await asyncio.wait({self._pending})
        if isinstance(self._events, AsyncGenerator):
            await self._events.aclose()

    def raise_early(self) -> None:
        """Raise what the source raised at its very start, if it did."""
        if self._pending.done():
            self._pending.result()

    async def next(self, within: timedelta, *, unless: asyncio.Future[None]) -> StreamEvent | None:
        """The next event; None when the time is over, `unless` is done, or the source has `ended`."""
        either: set[asyncio.Future[Any]] = {self._pending, unless}
        await asyncio.wait(either, timeout=within.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        if not self._pending.done():
            return None
        event = self._pending.result()
        if event is None:
            self.ended = True
        else:
            self._pending = asyncio.create_task(self._one())
        return event

    async def _one(self) -> StreamEvent | None:
        return await anext(self._events, None)
