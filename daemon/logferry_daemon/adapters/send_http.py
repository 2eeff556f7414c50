"""Carries requests to destinations by aiohttp. Follows nothing, keeps no cookie, believes no half answer."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import aiohttp

from logferry_daemon.core.exchange import Request, Response
from logferry_model.errors import Unreachable

MAX_ANSWER = 4 * 2**20
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
"""Without a single byte. There is no limit on the whole: a slow uplink that moves is a working one."""


@asynccontextmanager
async def open_sender(user_agent: str) -> AsyncIterator[HttpSender]:
    """A sender with its connections, kept alive between requests."""
    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    async with aiohttp.ClientSession(
        timeout=timeout,
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
    ) as session:
        yield HttpSender(session)


class HttpSender:
    """Requests over one pool of connections."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, url: str, request: Request, secret: Mapping[str, str]) -> Response:
        """The whole answer, or Unreachable with `refused`, `dns`, `tls`, `timeout`, `cut` or `too-long`."""
        target = url.rstrip("/") + request.path
        headers = {**request.headers, **secret, "Accept-Encoding": "identity"}
        with _network_errors():
            async with self._session.request(
                request.method, target, headers=headers, data=request.body or None, allow_redirects=False
            ) as answer:
                body = await _bounded(answer)
                return Response(
                    status=answer.status,
                    headers={name.lower(): value for name, value in answer.headers.items()},
                    body=body,
                )


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_chunked(2**16):
        size += len(part)
        if size > MAX_ANSWER:
            raise Unreachable("too-long", f"the answer is longer than {MAX_ANSWER} bytes")
        parts.append(part)
    return b"".join(parts)


@contextmanager
def _network_errors() -> Iterator[None]:
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        raise Unreachable("tls", f"its certificate is not trusted: {error.certificate_error}") from error
    except (aiohttp.ClientSSLError, ssl.SSLError) as error:
        raise Unreachable("tls", f"no secure connection: {error}") from error
    except aiohttp.ClientConnectorDNSError as error:
        raise Unreachable("dns", "its name cannot be resolved") from error
    except aiohttp.ClientConnectorError as error:
        raise Unreachable("refused", f"no connection: {_reason(error.os_error)}") from error
    except TimeoutError as error:
        raise Unreachable("timeout", "no answer in time") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Unreachable("cut", f"the connection broke: {type(error).__name__}") from error


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
