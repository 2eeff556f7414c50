"""The collector over HTTP: each handler decodes, makes one call and encodes. Decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from typing import Protocol

import msgspec
from aiohttp import web
from msgspec import Struct

from logferry_collector import API_VERSION
from logferry_collector.access import Account
from logferry_collector.answers import REQUEST_ID, VALIDATE, Frame, add_headers, json_answer, page_answer
from logferry_collector.batch import Batches
from logferry_collector.body import read_body
from logferry_collector.encounters import Encounter
from logferry_collector.headers import check_announced_size, read_head
from logferry_collector.inflate import ENCODINGS
from logferry_collector.ingest import CREATED, Decision
from logferry_collector.intake import Intake
from logferry_collector.limits import KIB, Limits
from logferry_collector.newcomers import address_of
from logferry_collector.render import Asset
from logferry_collector.stored import Shown
from logferry_model.batch import ReceiptsAnswer, ReceiptsRequest
from logferry_model.envelope import SCHEMA_VERSION, Deletion, JoinRequest
from logferry_model.errors import Misconfigured, Refused


class Library(Protocol):
    """Where reports come from."""

    async def shown(self, report_id: str) -> Shown | None:
        """The revision of a report that is to be shown."""
        ...

    async def encounter(self, account: Account, report_id: str) -> Encounter:
        """What this account's report is about, or Refused."""
        ...

    async def delete(self, account: Account, report_id: str, now: datetime) -> Deletion:
        """Delete a report of this account, or Refused."""
        ...

    async def check(self) -> None:
        """Return if the library answers, or raise Unreachable."""
        ...


class Health(Struct, frozen=True, kw_only=True):
    """Whether uploads are possible now; when they are not, the answer is a problem instead."""

    status: str
    version: str
    database: str


class KeyIsValid(Struct, frozen=True, kw_only=True):
    """That a key is good, and whose it is; of one that is not, a problem says so."""

    valid: bool
    account: str
    """Empty for whoever made his key himself."""


class Info(Struct, frozen=True, kw_only=True):
    """What a client may rely on before it sends anything."""

    name: str
    version: str
    api_version: str
    schema_versions: tuple[int, ...]
    encodings: tuple[str, ...]
    anonymous: bool
    """Whether it takes uploads by a key that an installation made for itself."""
    limits: Limits


class Handlers:
    """One method a route."""

    def __init__(
        self,
        *,
        intake: Intake,
        library: Library,
        limits: Limits,
        workers: Executor,
        page: Callable[[Shown], str],
        assets: dict[str, Asset],
        version: str,
        anonymous: bool,
        now: Callable[[], datetime],
    ) -> None:
        self._intake = intake
        self._batches = Batches(intake=intake, limits=limits, now=now)
        self._library = library
        self._limits = limits
        self._workers = workers
        self._page = page
        self._assets = assets
        self._version = version
        self._anonymous = anonymous
        self._now = now

    async def ingest(self, request: web.Request) -> web.Response:
        """POST /api/v1/ingest"""
        sender = await self._intake.sender(request.headers, address_of(request.remote))
        head = read_head(request.headers, self._limits)
        await _invite(request)
        taken = await self._intake.take(sender, head, await read_body(request.content, self._limits))
        headers = {"Idempotency-Replayed": "true"} if taken.decision is Decision.REPLAY else {}
        return json_answer(taken.receipt, status=201 if taken.decision in CREATED else 200, headers=headers)

    async def batch(self, request: web.Request) -> web.Response:
        """POST /api/v1/ingest/batch"""
        sender = await self._intake.sender(request.headers, address_of(request.remote))
        check_announced_size(request.headers, self._limits)
        await _invite(request)
        body = await read_body(request.content, self._limits)
        kind = request.headers.get("Content-Type", "")
        return json_answer(await self._batches.take(sender, kind, body, request[REQUEST_ID]))

    async def join(self, request: web.Request) -> web.Response:
        """POST /api/v1/me/join"""
        account = await self._intake.named(request.headers)
        body = await read_body(request.content, msgspec.structs.replace(self._limits, wire_bytes=KIB))
        try:
            wanted = msgspec.json.decode(body, type=JoinRequest)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Misconfigured("request-invalid", 'The body is no {"key": "lfa_..."}.') from error
        return json_answer(await self._intake.join(account, wanted.key))

    async def validate(self, request: web.Request) -> web.Response:
        """GET or POST /auth/validate"""
        account = await self._intake.account(request.headers)
        return json_answer(KeyIsValid(valid=True, account=account.name))

    async def receipts(self, request: web.Request) -> web.Response:
        """POST /api/v1/receipts"""
        account = await self._intake.account(request.headers)
        body = await read_body(request.content, msgspec.structs.replace(self._limits, wire_bytes=64 * KIB))
        try:
            keys = msgspec.json.decode(body, type=ReceiptsRequest).keys[: self._limits.batch_parts]
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Misconfigured("request-invalid", 'The body is no {"keys": ["..."]}.') from error
        return json_answer(ReceiptsAnswer(receipts=await self._intake.receipts(account, keys)))

    async def receipt(self, request: web.Request) -> web.Response:
        """GET /api/v1/receipts/{key}"""
        account = await self._intake.account(request.headers)
        return json_answer(await self._intake.receipt(account, request.match_info["key"]))

    async def encounter(self, request: web.Request) -> web.Response:
        """GET /api/v1/encounters/{report_id}"""
        account = await self._intake.account(request.headers)
        return json_answer(await self._library.encounter(account, request.match_info["report_id"]))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /api/v1/encounters/{report_id}"""
        account = await self._intake.account(request.headers)
        return json_answer(await self._library.delete(account, request.match_info["report_id"], self._now()))

    async def report(self, request: web.Request) -> web.Response:
        """GET /r/{report_id}"""
        shown = await self._shown(request)
        html = await asyncio.get_running_loop().run_in_executor(self._workers, self._page, shown)
        return page_answer(html)

    async def document(self, request: web.Request) -> web.Response:
        """GET /r/{report_id}.json"""
        shown = await self._shown(request)
        payload = await asyncio.get_running_loop().run_in_executor(self._workers, shown.payload)
        return web.Response(body=payload, content_type="application/json", headers={"Cache-Control": "no-store"})

    async def health(self, _request: web.Request) -> web.Response:
        """GET /health"""
        await self._library.check()
        return json_answer(Health(status="ok", version=self._version, database="ok"))

    async def info(self, _request: web.Request) -> web.Response:
        """GET /info"""
        return json_answer(
            Info(
                name="logferry-collector",
                version=self._version,
                api_version=API_VERSION,
                schema_versions=(SCHEMA_VERSION,),
                encodings=ENCODINGS,
                anonymous=self._anonymous,
                limits=self._limits,
            )
        )

    async def asset(self, request: web.Request) -> web.Response:
        """GET /static/{name}: only names that were loaded at start, so no path reaches the disk."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise Refused("not-found", "There is no such file.")
        headers = {"Cache-Control": "public, max-age=3600"}
        return web.Response(body=asset.content, content_type=asset.media_type, headers=headers)

    async def _shown(self, request: web.Request) -> Shown:
        shown = await self._library.shown(request.match_info["report_id"])
        if shown is None:
            raise Refused("not-found", "There is no report at this address, or it was deleted.")
        return shown


def build_app(handlers: Handlers, frame: Frame) -> web.Application:
    """The routes and the frame round them."""
    app = web.Application(middlewares=[frame.middleware()])
    app.on_response_prepare.append(add_headers)
    app.router.add_post("/api/v1/ingest", handlers.ingest, expect_handler=_not_yet)
    app.router.add_post("/api/v1/me/join", handlers.join)
    app.router.add_post("/api/v1/ingest/batch", handlers.batch, expect_handler=_not_yet)
    app.router.add_post("/api/v1/receipts", handlers.receipts)
    app.router.add_get("/api/v1/receipts/{key}", handlers.receipt)
    app.router.add_get("/api/v1/encounters/{report_id}", handlers.encounter)
    app.router.add_delete("/api/v1/encounters/{report_id}", handlers.delete)
    app.router.add_get(VALIDATE, handlers.validate)
    app.router.add_post(VALIDATE, handlers.validate)
    app.router.add_get("/health", handlers.health)
    app.router.add_get("/info", handlers.info)
    app.router.add_get(r"/r/{report_id:[A-Za-z0-9_-]{1,32}}.json", handlers.document)
    app.router.add_get(r"/r/{report_id:[A-Za-z0-9_-]{1,32}}", handlers.report)
    app.router.add_get("/static/{name}", handlers.asset)
    return app


async def _not_yet(_request: web.Request) -> None:
    """Leave `Expect: 100-continue` to the handler: a body is invited once its sender is known."""


async def _invite(request: web.Request) -> None:
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # aiohttp takes bytes written for the beginning of the answer; these come before it.
        request.writer.output_size = 0
