"""A small honest client: posts what it is given and keeps the whole answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from io import BytesIO

import msgspec
from aiohttp import ClientSession
from multidict import CIMultiDictProxy

from logferry_model.envelope import PROBLEM_MEDIA_TYPE, Problem, Receipt, decode_receipt
from logferry_model.session import Session

from .factories import KEY, document_of, headers_for, pack


@dataclass(frozen=True)
class Answer:
    """One whole answer."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def receipt(self) -> Receipt:
        return decode_receipt(self.body)

    @property
    def problem(self) -> Problem:
        assert self.headers["Content-Type"].startswith(PROBLEM_MEDIA_TYPE)
        problem = msgspec.json.decode(self.body, type=Problem, strict=True)
        assert problem.status == self.status
        return problem

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Client:
    """One client of one collector."""

    session: ClientSession
    url: str
    key: str

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expect100: bool = False,
    ) -> Answer:
        data = None if body is None else BytesIO(body)
        async with self.session.request(
            method, self.url + path, data=data, headers=headers, allow_redirects=False, expect100=expect100
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def post(self, wire: bytes, headers: Mapping[str, str], *, expect100: bool = False) -> Answer:
        return await self.ask(
            "POST", "/api/v1/ingest", body=wire, headers={"X-API-Key": self.key} | dict(headers), expect100=expect100
        )

    async def ask_chunked(self, wire: bytes, headers: Mapping[str, str]) -> Answer:
        """Posts without announcing a size."""

        async def pieces() -> AsyncIterator[bytes]:
            yield wire

        headers = {"X-API-Key": self.key} | dict(headers)
        async with self.session.post(f"{self.url}/api/v1/ingest", data=pieces(), headers=headers) as response:
            return Answer(response.status, response.headers, await response.read())

    async def upload(self, session: Session, *, key: str = KEY, **envelope: object) -> Answer:
        wire = pack(document_of(session, **envelope))
        return await self.post(wire, headers_for(wire, key=key))

    async def upload_settled(self, session: Session, *, key: str = KEY) -> Answer:
        """Like `upload`, waiting while a twin of the request is being worked on."""
        while (answer := await self.upload(session, key=key)).status == 409:
            await asyncio.sleep(0.01)
        return answer
