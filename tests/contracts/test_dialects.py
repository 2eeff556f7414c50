"""The dialects of the seeds over real HTTP, against servers that check what the seeds' own would check."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import msgspec
import pytest
from aiohttp import web

from logferry_daemon.adapters.send_http import open_sender
from logferry_daemon.conversing import converse, proofs
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Acked, Alone, Batching, Later, Letter, Outcome, Parked, Request, Stop
from logferry_daemon.road import Road
from logferry_model.envelope import ReceiptStatus
from tests.contracts.test_sender import site
from tests.daemon.dialects.seeds import NAMES, NOW, dialect_of, letter_for, session_for, several
from tests.fake_spool import MemorySpool
from tests.fakes import FixedChance, ManualClock, MemoryCredentials
from tests.privacy import scribe
from tests.seed_servers import SECRETS, SeedServer

BASE = "/v1"


class Ticking(ManualClock):
    """A second goes by with every look at it."""

    def now(self) -> datetime:
        self.move(timedelta(seconds=1))
        return super().now()


class Line:
    """A daemon's end of the line, and a seed's server at the other."""

    def __init__(self, name: str, server: SeedServer, url: str, road: Road) -> None:
        self.name = name
        self.server = server
        self.destination = Destination(name="seed", dialect=name, url=url)
        self._road = road

    async def deliver(self, letter: Letter, secret: str = "") -> Outcome:
        dialect = dialect_of(self.name)
        talk = dialect.deliver(letter, url=self.destination.url, now=NOW)
        headers = proofs(dialect, secret or SECRETS[self.name], self._road.clock)
        return await converse(self._road.sender, self.destination, headers, talk)

    async def together(self, letters: Sequence[Letter]) -> Sequence[Outcome | Alone]:
        dialect = dialect_of(self.name)
        assert isinstance(dialect, Batching)
        talk = dialect.together(letters, url=self.destination.url, now=NOW)
        headers = proofs(dialect, SECRETS[self.name], self._road.clock)
        found = await converse(self._road.sender, self.destination, headers, talk)
        assert not isinstance(found, Later | Stop), found
        return found


Dialling = Callable[[str], Awaitable[Line]]


def handler(server: SeedServer, heard: list[Mapping[str, str]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        headers = dict(request.headers)
        heard.append(headers)
        asked = Request(method=request.method, path=request.path_qs, headers=headers, body=await request.read())
        said = server.answer(asked, {})
        return web.Response(status=said.status, headers=dict(said.headers), body=said.body)

    return handle


@pytest.fixture
async def heard() -> list[Mapping[str, str]]:
    return []


@pytest.fixture
async def dial(heard: list[Mapping[str, str]]) -> AsyncIterator[Dialling]:
    async with AsyncExitStack() as stack:
        sender = await stack.enter_async_context(open_sender("logferry/0"))

        async def to(name: str) -> Line:
            server = SeedServer(name, base=BASE)
            place = await stack.enter_async_context(site(handler(server, heard)))
            clock, spool, credentials = Ticking(), MemorySpool(), MemoryCredentials()
            road = Road(
                clock=clock,
                chance=FixedChance(),
                outbox=spool,
                sender=sender,
                credentials=credentials,
                scribe=scribe(credentials, spool, clock),
            )
            return Line(name, server, place.url + BASE, road)

        yield to


@pytest.mark.parametrize("name", NAMES)
async def test_a_server_of_the_seed_takes_what_it_is_sent(dial: Dialling, name: str) -> None:
    line = await dial(name)
    letter = letter_for(name)
    outcome = await line.deliver(letter)
    assert isinstance(outcome, Acked), outcome
    assert list(line.server.stored) == [letter.headers["X-Session-Id"]]


@pytest.mark.parametrize("name", ["artemis", "swgdb"])
async def test_several_are_taken_in_one_request_as_each_would_be_alone(dial: Dialling, name: str) -> None:
    alone, together = await dial(name), await dial(name)
    letters = several(name)
    for letter in letters:
        await alone.deliver(letter)
    outcomes = await together.together(letters)
    assert all(isinstance(outcome, Acked) for outcome in outcomes), outcomes
    assert together.server.stored == alone.server.stored
    assert len(together.server.stored) == len(letters)
    assert sum(asked.startswith("POST") for asked in together.server.asked) == 1


@pytest.mark.parametrize("name", NAMES)
async def test_the_same_letter_again_is_stored_once(dial: Dialling, name: str) -> None:
    line = await dial(name)
    outcomes = [await line.deliver(letter_for(name)) for _ in range(2)]
    assert all(isinstance(outcome, Acked) for outcome in outcomes)
    assert len(line.server.stored) == 1


@pytest.mark.parametrize("name", NAMES)
async def test_a_wrong_key_holds_the_destination(dial: Dialling, name: str) -> None:
    line = await dial(name)
    outcome = await line.deliver(letter_for(name), secret="somebody:elses")
    assert isinstance(outcome, Stop)
    assert outcome.reason.startswith("key refused: ")
    assert line.server.stored == {}


@pytest.mark.parametrize("name", NAMES)
async def test_nameless_players_are_taken_too(dial: Dialling, name: str) -> None:
    line = await dial(name)
    people = tuple(msgspec.structs.replace(one, name=None) for one in session_for(name).participants)
    assert isinstance(await line.deliver(letter_for(name, participants=people)), Acked)


async def test_a_second_report_of_an_encounter_is_the_first_one(dial: Dialling) -> None:
    line = await dial("resonance")
    first, again = [await line.deliver(letter_for("resonance")) for _ in range(2)]
    assert isinstance(first, Acked)
    assert isinstance(again, Acked)
    assert first.receipt.report_url == again.receipt.report_url
    assert (first.receipt.status, again.receipt.status) == (ReceiptStatus.STORED, ReceiptStatus.DUPLICATE)


async def test_another_encounter_of_the_same_second_is_not_there_and_not_said_to_be(dial: Dialling) -> None:
    line = await dial("resonance")
    await line.deliver(letter_for("resonance"))
    start = session_for("resonance").started_at + timedelta(milliseconds=7)
    outcome = await line.deliver(letter_for("resonance", started_at=start))
    assert isinstance(outcome, Parked)
    assert "of the same second (report report-1772395200)" in outcome.reason
    assert line.server.asked[-1] == f"GET {BASE}/api/v1/encounters/report-1772395200"


async def test_a_newer_version_of_an_encounter_is_not_there_and_not_said_to_be(dial: Dialling) -> None:
    line = await dial("resonance")
    await line.deliver(letter_for("resonance"))
    assert isinstance(await line.deliver(letter_for("resonance", revision=2)), Parked)


async def test_the_report_of_a_round_of_putting_follows_its_figures(dial: Dialling) -> None:
    line = await dial("putt")
    await line.deliver(letter_for("putt"))
    assert line.server.asked == [f"POST {BASE}/api/sessions/upload"] * 2
    assert list(line.server.reports) == ["session_report_20260301_200000.csv"]


async def test_every_request_is_signed_with_its_own_time(dial: Dialling, heard: list[Mapping[str, str]]) -> None:
    line = await dial("swgdb")
    outcome = await line.deliver(letter_for("swgdb"))
    assert isinstance(outcome, Acked)
    name = letter_for("swgdb").headers["X-Session-Id"]
    assert line.server.asked == [f"POST {BASE}/sessions/upload", f"GET {BASE}/sessions/{name}/status"]
    assert outcome.receipt.report_url == f"{line.destination.url.removesuffix(BASE)}/sessions/{name}"
    assert len({one["X-Timestamp"] for one in heard}) == 2


async def test_a_page_of_a_captive_portal_is_no_success(dial: Dialling) -> None:
    line = await dial("artemis")
    line.server.portal = True
    outcome = await line.deliver(letter_for("artemis"))
    assert isinstance(outcome, Stop)
    assert outcome.offline
