"""Reads a request body within a size and a speed. Never holds more than the cap, never waits for a trickle."""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiohttp import ClientPayloadError
from aiohttp.web import RequestPayloadError

from logferry_collector.limits import Limits
from logferry_model.errors import Refused, Unreachable


class Chunks(Protocol):
    """Where a body comes from; aiohttp's StreamReader is one."""

    async def readany(self) -> bytes:
        """What has arrived, waiting for something; empty at the end."""
        ...


async def read_body(chunks: Chunks, limits: Limits) -> bytes:
    """The whole body, or Refused when it is too large, Unreachable when it comes too slowly or ends early."""
    body = bytearray()
    started = asyncio.get_running_loop().time()
    try:
        while True:
            # Each byte buys time: a slow line may take long, a trickle may not.
            earned = len(body) / limits.body_bytes_per_second
            async with asyncio.timeout_at(started + limits.body_grace_seconds + earned):
                chunk = await chunks.readany()
            if not chunk:
                return bytes(body)
            body += chunk
            if len(body) > limits.wire_bytes:
                raise Refused("body-too-large", f"A body has at most {limits.wire_bytes} bytes.")
    except TimeoutError:
        raise Unreachable("body-too-slow", "The body came too slowly.") from None
    except (ClientPayloadError, RequestPayloadError, ConnectionError) as error:
        raise Unreachable("body-incomplete", "The body ended before it was complete.") from error
