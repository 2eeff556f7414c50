"""Carries requests to destinations by aiohttp. Follows nothing, keeps no cookie, believes no half answer."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from errno import errorcode

import aiohttp
from yarl import URL

from logferry_daemon.adapters.send_connections import CleanConnector
from logferry_daemon.adapters.send_progress import Lookout, Pace, Progress, WatchedBody
from logferry_daemon.adapters.send_socket import attentive_socket
from logferry_daemon.adapters.throttle import Throttle
from logferry_daemon.adapters.tls import PinnedContext, WrongKey, pinned, trusted
from logferry_daemon.core.exchange import Request, Response
from logferry_model.errors import Unreachable
from logferry_model.fingerprint import Fingerprint

MAX_ANSWER = 4 * 2**20
KEPT_ALIVE = timedelta(seconds=5)
"""How long an idle connection is used again. Less than any server waits: what is sent while it hangs up is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for the other side."""

    connect: timedelta = timedelta(seconds=10)
    answer: timedelta = timedelta(seconds=30)
    """Without a byte, in either direction; a letter has no limit on the whole, as long as it moves."""
    whole: timedelta = timedelta(minutes=2)
    """From the first byte of an answer to its last one: 1 MiB by the worst line, and an answer is some KiB."""

    @property
    def pace(self) -> Pace:
        """What each request has to keep to; the rate of what moves counts once it may be expected to move."""
        still = self.answer.total_seconds()
        first = self.connect.total_seconds() + 2 * still
        return Pace(still=still, allowance=first, longest=self.whole.total_seconds())


@asynccontextmanager
async def open_sender(
    user_agent: str,
    patience: Patience | None = None,
    authorities: ssl.SSLContext | None = None,
    *,
    kept_alive: timedelta = KEPT_ALIVE,
    limit: float | None = None,
) -> AsyncIterator[HttpSender]:
    """A sender with its connections, kept alive between requests; it trusts this computer's authorities, or these.

    `limit` is how many bytes of bodies may leave in a second, all requests together.
    """
    patience = patience or Patience()
    # Reading has no limit of aiohttp's own: it would run while our bytes still wait in the system's buffers.
    timeout = aiohttp.ClientTimeout(total=None, connect=patience.connect.total_seconds())
    async with aiohttp.ClientSession(
        connector=CleanConnector(keepalive_timeout=kept_alive.total_seconds(), socket_factory=attentive_socket),
        timeout=timeout,
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
    ) as session:
        with closing(Lookout(patience.pace)) as lookout:
            yield HttpSender(session, lookout, authorities or trusted(), Throttle(limit) if limit else None)


class HttpSender:
    """Requests over one pool of connections."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        lookout: Lookout,
        authorities: ssl.SSLContext,
        throttle: Throttle | None,
    ) -> None:
        self._session = session
        self._lookout = lookout
        self._authorities = authorities
        self._throttle = throttle
        self._pinned: dict[Fingerprint, PinnedContext] = {}
        """aiohttp keeps connections by their context: one for each pin, so none is used under another one."""

    async def send(
        self, url: str, request: Request, secret: Mapping[str, str], pin: Fingerprint | None = None
    ) -> Response:
        """The whole answer, or Unreachable: `refused`, `dns`, `tls`, `pin-changed`, `timeout`, `cut`, `too-long`."""
        target = url.rstrip("/") + request.path if request.to is None else request.to
        # A key is for the destination: whatever a caller gives along, it goes to nobody else.
        headers = {**request.headers, **(secret if request.to is None else {}), "Accept-Encoding": "identity"}
        if pin and not target.startswith("https:"):
            raise Unreachable("tls", "it is pinned, and without encryption there is no key to look at")
        # The limit is around all of it, so that whoever is given up leaves no connection behind.
        with _network_errors():
            async with asyncio.timeout(None) as limit:
                with Progress(limit, self._lookout) as progress:
                    async with self._session.request(
                        request.method,
                        # An address that is signed is sent to the letter, also where there are two ways to write it.
                        URL(target, encoded=request.to is not None),
                        headers=headers,
                        data=WatchedBody(request.body, progress, self._throttle) if request.body else None,
                        allow_redirects=False,
                        ssl=self._context(pin),
                    ) as answer:
                        progress.answering()
                        return await _whole(answer, progress)

    def _context(self, pin: Fingerprint | None) -> ssl.SSLContext:
        if pin is None:
            return self._authorities
        if pin not in self._pinned:
            self._pinned[pin] = pinned(pin)
        return self._pinned[pin]


async def _whole(answer: aiohttp.ClientResponse, progress: Progress) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(status=answer.status, headers=headers, body=await _bounded(answer, progress))


async def _bounded(answer: aiohttp.ClientResponse, progress: Progress) -> bytes:
    parts, size, content = [], 0, answer.content
    # What is there already costs one turn: most answers came with their head.
    while not content.at_eof():
        part = await content.readany()
        size += len(part)
        progress.received(len(part))
        if size > MAX_ANSWER:
            raise Unreachable("too-long", f"the answer is longer than {MAX_ANSWER} bytes")
        parts.append(part)
    return b"".join(parts)


@contextmanager
def _network_errors() -> Iterator[None]:
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        raise Unreachable("tls", f"its certificate is not trusted: {_why_not(error.certificate_error)}") from error
    except (aiohttp.ClientSSLError, ssl.SSLError) as error:
        if isinstance(cause := error.__cause__, WrongKey):
            raise cause.trouble from error
        raise Unreachable("tls", f"no secure connection: {error}") from error
    except aiohttp.ClientConnectorDNSError as error:
        raise Unreachable("dns", "its name cannot be resolved") from error
    except aiohttp.ClientConnectorError as error:
        raise Unreachable("refused", f"no connection: {_reason(error.os_error)}") from error
    except TimeoutError as error:
        raise Unreachable("timeout", "no answer in time") from error
    except aiohttp.ClientResponseError as error:
        raise Unreachable("cut", "what came back is no HTTP answer, or its head has no end") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Unreachable("cut", f"the connection broke: {_how(error)}") from error


def _how(error: Exception) -> str:
    """In words, as far as there are any."""
    match error:
        case aiohttp.ServerDisconnectedError():
            return "it hung up without an answer"
        case aiohttp.ClientPayloadError():
            return "it hung up in the middle of its answer"
        case OSError(strerror=str(reason)):
            return reason.lower()
    return type(error).__name__


def _why_not(error: Exception) -> str:
    """OpenSSL's reason without where in its own source it was found: it becomes a part of a sentence."""
    return str(getattr(error, "verify_message", "") or error).rstrip(".")


def _reason(error: OSError) -> str:
    """The system's words: asyncio has others, with an address that the destination's name says better."""
    number = error.errno or 0
    known = os.strerror(number) if number in errorcode else error.strerror
    return (known or type(error).__name__).lower()
