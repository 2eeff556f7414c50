"""A whole daemon and the servers of the seeds: each tracker's session goes out in its dialect, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logferry_daemon.core.exchange import Response
from logferry_ipc.messages import DeleteRequest, Delivery, DeliveryState, Login, NewDestination, NewSource
from tests.daemon.shell.house import House
from tests.daemon.shell.stage import hunt
from tests.factories_putt import putt_round
from tests.factories_resonance import Book
from tests.factories_swg import swg_log
from tests.fakes import ScriptedSender, Sent
from tests.seed_servers import SECRETS, SeedServer

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
CLOCK = timedelta(seconds=10)


class Street(House):
    """A house with one of each server at its door."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.servers = {name: SeedServer(name) for name in SECRETS}
        self.sender = ScriptedSender(self._answer)

    def _answer(self, sent: Sent) -> Response:
        name = sent.url.removeprefix("https://").removesuffix(".example")
        return self.servers[name].answer(sent.request, sent.secret)

    async def move_in(self, tracker: str) -> None:
        """A source, and every server as a destination that may be sent to."""
        await self.control.add_source(NewSource(tracker=tracker, path=str(self.logs), name="play"))
        for name, secret in SECRETS.items():
            new = NewDestination(name=name, dialect=name, url=f"https://{name}.example")
            await self.control.add_destination(new)
            await self.control.login(name, Login(secret=secret))
            await self.agree(name)
            await self.decide("*", to=name)

    async def play(self, write: Callable[[House], None]) -> None:
        """A session is over, and the daemon has looked at it."""
        write(self)
        await self.fleet.rescan()
        await self.pass_time(CLOCK)
        await self.fleet.rescan()
        await self.quiet()

    async def deliveries(self) -> Mapping[str, Delivery]:
        """Destination -> what became of the one session there."""
        (session,) = (await self.control.sessions()).sessions
        return {one.destination: one for one in session.deliveries}


def artemis(house: House) -> None:
    house.files.write("session-1.json", hunt(1), mtime=LONG_AGO)


def resonance(house: House) -> None:
    book = Book()
    book.encounter()
    house.files.write("resonance-logs.db", b"SQLite format 3\0", mtime=LONG_AGO)
    house.databases.tables["resonance-logs.db"] = book.tables


def putt(house: House) -> None:
    made = putt_round(1)
    house.files.write(made.json_name, made.flat(), mtime=LONG_AGO)
    house.files.write(made.csv_name, made.report(), mtime=LONG_AGO)


def swg(house: House) -> None:
    house.files.write("session_1.json", json.dumps(swg_log(1)).encode(), mtime=LONG_AGO)


PLAYED: Mapping[str, tuple[str, Callable[[House], None]]] = {
    "artemis": ("artemis", artemis),
    "resonance": ("resonance", resonance),
    "putt": ("putt", putt),
    "swgdb": ("swg-bot", swg),
}


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    made = Street(tmp_path)
    async with made.open():
        yield made


@pytest.mark.parametrize("name", PLAYED)
async def test_a_session_goes_out_in_its_dialect_and_is_stored_there(street: Street, name: str) -> None:
    tracker, write = PLAYED[name]
    await street.move_in(tracker)
    await street.play(write)
    became = await street.deliveries()
    assert became[name].state is DeliveryState.UPLOADED, became[name].last_error
    assert len(street.servers[name].stored) == 1


async def test_a_hunt_is_stored_while_it_runs_and_whole_in_its_place_when_it_is_over(street: Street) -> None:
    await street.move_in("artemis")
    now = street.clock.now()
    running = json.loads(hunt(1, running=True))
    running["events"] = [{"timestamp": round(now.timestamp() * 1000), "raw": "", "type": "loot", "quantity": 1}]
    await street.play(lambda house: house.files.write("session-1.json", json.dumps(running).encode()))
    ((number, partial),) = street.servers["artemis"].stored.items()
    assert (partial["partial"], "endedAt" in partial, len(partial["events"])) == (True, False, 1)
    assert all(not server.stored for name, server in street.servers.items() if name != "artemis")
    await street.play(lambda house: house.files.write("session-1.json", hunt(1)))
    assert list(street.servers["artemis"].stored) == [number]
    assert street.servers["artemis"].stored[number]["partial"] is False
    (session,) = (await street.control.sessions()).sessions
    assert [(one.revision, one.state) for one in session.deliveries if one.destination == "artemis"] == [
        (1, DeliveryState.UPLOADED),
        (2, DeliveryState.UPLOADED),
    ]


@pytest.mark.parametrize("name", PLAYED)
async def test_a_session_is_parked_at_the_others_before_anything_is_sent(street: Street, name: str) -> None:
    tracker, write = PLAYED[name]
    await street.move_in(tracker)
    await street.play(write)
    became = await street.deliveries()
    for other in set(PLAYED) - {name}:
        assert became[other].state is DeliveryState.FAILED
        assert became[other].last_error.startswith(f"{other} takes ")
        assert street.servers[other].asked == []


async def test_of_a_round_of_putting_the_report_goes_out_too(street: Street) -> None:
    await street.move_in("putt")
    await street.play(putt)
    (report,) = street.servers["putt"].reports.values()
    assert b"Putt History" in report
    assert putt_round(1).player.encode() not in report


async def test_a_key_of_the_wrong_form_holds_the_destination_until_there_is_a_right_one(street: Street) -> None:
    await street.move_in("swg-bot")
    await street.control.login("swgdb", Login(secret="only-a-key"))
    await street.play(swg)
    gate = (await street.fleet.all_gates())["swgdb"]
    assert "USER-HASH:API-KEY" in gate.reason
    assert street.servers["swgdb"].asked == []
    await street.control.login("swgdb", Login(secret=SECRETS["swgdb"]))
    await street.pass_time(CLOCK)
    assert (await street.deliveries())["swgdb"].state is DeliveryState.UPLOADED


async def test_the_bridges_server_tells_whether_a_key_is_good(street: Street) -> None:
    await street.move_in("swg-bot")
    assert (await street.control.test_destination("swgdb")).key == "valid"
    await street.control.login("swgdb", Login(secret="user-hash-7:another-key"))
    told = await street.control.test_destination("swgdb")
    assert (told.key, told.key_reason) == ("invalid", "Invalid API key")
    assert {(await street.control.test_destination(name)).key for name in ("artemis", "resonance", "putt")} == {
        "unclear"
    }
    assert street.servers["swgdb"].stored == {}


async def test_a_key_that_a_server_repeats_is_not_kept(street: Street) -> None:
    _, key, _ = SECRETS["swgdb"].split(":")
    street.servers["swgdb"].grudge = f"Nobody may upload with {key}"
    await street.move_in("swg-bot")
    await street.play(swg)
    assert (await street.deliveries())["swgdb"].last_error == "Nobody may upload with *** (422)"


async def test_what_a_seed_server_cannot_delete_is_told_and_not_asked_for(street: Street) -> None:
    await street.move_in("artemis")
    await street.play(artemis)
    asked = list(street.servers["artemis"].asked)
    (session,) = (await street.control.sessions()).sessions
    await street.control.delete(session.id, DeleteRequest(remote=True))
    await street.pass_time(CLOCK)
    (gone,) = (await street.control.sessions()).deleted
    told = {copy.destination: copy for copy in gone.copies}
    assert "no way to delete" in told["artemis"].last_error
    assert street.servers["artemis"].asked == asked


async def test_every_dialect_may_be_named(street: Street) -> None:
    assert set((await street.control.destinations()).dialects) >= {"logferry", *SECRETS}
