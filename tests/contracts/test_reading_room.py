"""Where documents are read and sessions prepared: in threads, in the workshop's process, and as a fake over its messages."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from msgspec.json import encode

from logferry_daemon.adapters.reading_process import LEAST, ProcessReadingRoom, prepare_task, read_task
from logferry_daemon.adapters.work_process import ProcessWorkshop, open_workshop
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.carried import Opaque, carried_reading
from logferry_daemon.core.detectors import Detectors, Surroundings
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.losses import WORKER_LOST
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.orders import Order, prepared
from logferry_daemon.core.patience import Patience
from logferry_daemon.core.policy import Group
from logferry_daemon.core.reading import About, Document, DocumentTracker, Found, Reading
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.intake.in_threads import InThreads
from logferry_daemon.ports import ReadingRoom
from logferry_daemon.workshop.messages import Held
from logferry_model.errors import Damaged
from logferry_model.session import End, EndRule
from tests import bad_letters
from tests.bad_letters import Deadly
from tests.conftest import only_on
from tests.contracts.test_workshop import DIALECT, ERRAND, made_here
from tests.factories import artemis_document, encode_document
from tests.fake_room import WiredRoom
from tests.planting import TRACKERS, WRITTEN, made, read
from tests.privacy import SLOTS

OWNER = Surroundings(user="oriana", host="quellmont", home="/home/oriana")
DETECTORS = Detectors(OWNER)
SECRET = "lf_s3cret_of_a_destination"
SHUTDOWN = end_by(EndRule.EXPLICIT, "line 9: Shutdown")
DOCUMENTS = sorted(name for name, tracker in TRACKERS.items() if isinstance(tracker, DocumentTracker))
NEVER = timedelta(days=1)
BRIEF = timedelta(milliseconds=50)


@asynccontextmanager
async def process(
    *, least: int = 0, patience: Patience | None = None
) -> AsyncIterator[tuple[ReadingRoom, ProcessWorkshop]]:
    waits = patience or Patience(computing=NEVER, still=NEVER)
    async with open_workshop(OWNER, command=bad_letters.COMMAND, patience=lambda _: waits) as workshop:
        yield ProcessReadingRoom(workshop, Nowhere(), least=least), workshop


class Nowhere:
    """Nothing is done in threads."""

    async def read(self, tracker: DocumentTracker, document: Document) -> Reading:
        raise AssertionError("read in a thread")

    async def prepare(self, order: Order) -> NewSession:
        raise AssertionError("prepared in a thread")


class Oddity(tzinfo):
    """A zone that no message knows."""

    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta()

    def dst(self, _: datetime | None) -> None:
        return None

    def tzname(self, _: datetime | None) -> str:
        return "odd"


@pytest.fixture(params=["threads", "process", "fake"])
async def room(request: pytest.FixtureRequest) -> AsyncIterator[ReadingRoom]:
    async with AsyncExitStack() as stack:
        if request.param == "process":
            yield (await stack.enter_async_context(process()))[0]
        else:
            yield InThreads() if request.param == "threads" else WiredRoom(DETECTORS)


def document(tracker: str, seed: int) -> Document:
    files = made(tracker, seed, str)
    path, data = next(iter(files.items()))
    about = About(path=path, folder="/games", size=len(data), modified=WRITTEN, zone=timezone(timedelta(hours=9)))
    return Document(data=data, about=about, beside={other: files[other] for other in files if other != path})


def of_documents(name: str) -> DocumentTracker:
    tracker = TRACKERS[name]
    assert isinstance(tracker, DocumentTracker)
    return tracker


def order(found: Found, tracker: str, end: End | None = SHUTDOWN) -> Order:
    privacy = Privacy(
        slots=SLOTS,
        detectors=DETECTORS,
        listing=TRACKERS[tracker].listing,
        keeps=frozenset({Group.SESSION_NAMES, Group.LOCATIONS}),
        secrets=Secrets((SECRET,)),
    )
    return Order(
        found=found,
        end=end,
        only_grows=False,
        privacy=privacy,
        names_player=TRACKERS[tracker].names_player,
        beside=frozenset({"Somebody Else"}),
    )


# All of them


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_holds_the_same_wherever_it_is_read(room: ReadingRoom, name: str) -> None:
    tracker = of_documents(name)
    for seed in (1, 2):
        one = document(name, seed)
        found, expected = await room.read(tracker, one), tracker.read(one)
        assert found == expected
        assert found.found
        for one_found, other in zip(found.found, expected.found, strict=True):
            assert encode(one_found.raw().session) == encode(other.raw().session)
            assert one_found.raw().names == other.raw().names
            assert encode(one_found.statistics()) == encode(other.statistics())
            assert one_found.names == other.names


@pytest.mark.parametrize("name", sorted(TRACKERS))
async def test_a_session_is_prepared_in_the_same_way_wherever_that_is_done(room: ReadingRoom, name: str) -> None:
    for found in read(name, made(name, 1, str)):
        for end in (found.end or SHUTDOWN, None):
            asked = order(found, name, end)
            assert await room.prepare(asked) == prepared(asked)


async def test_what_was_read_there_is_prepared_as_if_it_was_read_here(room: ReadingRoom) -> None:
    one = document("artemis", 3)
    (there,), (here,) = (await room.read(of_documents("artemis"), one)).found, of_documents("artemis").read(one).found
    assert await room.prepare(order(there, "artemis")) == prepared(order(here, "artemis"))


async def test_no_key_is_in_what_is_prepared(room: ReadingRoom) -> None:
    data = encode_document(artemis_document(1, events=5) | {"name": f"my {SECRET}"})
    (found,) = (await room.read(of_documents("artemis"), Document(data=data))).found
    new = await room.prepare(order(found, "artemis"))
    assert new.leaks
    assert SECRET.encode() not in new.document


async def test_what_is_none_of_the_trackers_is_damaged_wherever_it_is_read(room: ReadingRoom) -> None:
    with pytest.raises(Damaged, match="lost some bytes") as told:
        await room.read(Deadly(), Document(data=b"damaged"))
    assert told.value.code == "cut"
    assert told.value.hint == "Copy it again."


# The process


async def test_what_is_small_starts_no_worker() -> None:
    async with open_workshop(OWNER) as workshop:
        room = ProcessReadingRoom(workshop, InThreads())
        (found,) = (await room.read(of_documents("artemis"), document("artemis", 1))).found
        assert not isinstance(found.raw, Opaque)
        await room.prepare(order(found, "artemis"))
        assert workshop.pid is None


async def test_what_is_large_is_read_and_prepared_by_one_worker_and_not_taken_out_of_its_bytes() -> None:
    data = encode_document(artemis_document(1, events=1_000))
    assert len(data) > LEAST
    async with process(least=LEAST) as (room, workshop):
        (found,) = (await room.read(of_documents("artemis"), Document(data=data))).found
        assert isinstance(found.raw, Opaque)
        new = await room.prepare(order(found, "artemis"))
        assert (new.events, new.session.events) == (1_000, ())
        assert workshop.pid is not None


async def test_a_large_session_of_a_log_is_prepared_by_a_worker() -> None:
    (found,) = read("elite-dangerous", made("elite-dangerous", 1, str))
    async with process(least=LEAST) as (room, workshop):
        await room.prepare(order(replace(found, events=LEAST), "elite-dangerous"))
        assert workshop.pid is not None


async def test_what_cannot_be_told_is_done_here(caplog: pytest.LogCaptureFixture) -> None:
    one = document("artemis", 1)
    one = replace(one, about=replace(one.about, zone=Oddity()))
    async with open_workshop(OWNER) as workshop:
        room = ProcessReadingRoom(workshop, InThreads(), least=0)
        assert await room.read(of_documents("artemis"), one) == of_documents("artemis").read(one)
    assert [record.message for record in caplog.records] == ["a task is done again in the daemon"]


async def test_a_mistake_of_ours_is_seen_where_it_is_asked_for() -> None:
    async with open_workshop(OWNER, command=bad_letters.COMMAND) as workshop:
        room = ProcessReadingRoom(workshop, InThreads(), least=0)
        with pytest.raises(KeyError):
            await room.read(Deadly(), Document(data=b"mistaken"))


@pytest.mark.parametrize(
    ("data", "patience", "said"),
    [
        (b"deadly", Patience(computing=NEVER, still=NEVER), r"signal 9|code 1"),
        (b"endless", Patience(computing=BRIEF, still=NEVER), "came to no end"),
        (b"swelling", Patience(computing=NEVER, still=NEVER), "too little memory"),
    ],
)
async def test_a_document_that_costs_a_worker_says_how_and_the_next_has_another(
    data: bytes, patience: Patience, said: str
) -> None:
    async with process(patience=patience) as (room, workshop):
        with pytest.raises(Damaged, match=said) as told:
            await room.read(Deadly(), Document(data=data))
        assert told.value.code == WORKER_LOST
    async with process() as (room, workshop):
        assert (await room.read(of_documents("artemis"), document("artemis", 1))).found
        assert workshop.pid is not None


async def test_a_document_that_takes_long_holds_up_no_letter() -> None:
    waits = Patience(soon=timedelta(seconds=1), computing=NEVER, still=NEVER)
    async with process(patience=waits) as (room, workshop):
        reading = asyncio.create_task(room.read(Deadly(), Document(data=b"endless")))
        assert await workshop.write(ERRAND, DIALECT) == await made_here(ERRAND)
        assert not reading.done()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def test_where_no_process_can_be_started_all_of_it_is_done_in_threads() -> None:
    async with open_workshop(OWNER, command=("/nonexistent/python",)) as workshop:
        room = ProcessReadingRoom(workshop, InThreads(), least=0)
        one = document("putt", 1)
        reading = await room.read(of_documents("putt"), one)
        assert reading == of_documents("putt").read(one)
        asked = order(reading.found[0], "putt")
        assert await room.prepare(asked) == prepared(asked)


def test_none_of_it_shows_anything_of_itself() -> None:
    one = document("artemis", 1)
    reading = of_documents("artemis").read(one)
    (found,) = reading.found
    told = prepare_task(order(found, "artemis"))
    shown = [repr(read_task(of_documents("artemis"), one)), repr(told), repr(told.found), repr(order(found, "artemis"))]
    shown.append(repr(Held(reading=carried_reading(reading))))
    assert [text.partition("(")[2] for text in shown] == ["***)"] * 5


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This computer is in Tokyo."""
    with monkeypatch.context() as here:
        here.setenv("TZ", "JST-9")
        look_again()
        yield
    look_again()


def look_again() -> None:
    """At where this computer is."""
    if sys.platform != "win32":
        time.tzset()


@only_on("linux", "darwin")
@pytest.mark.usefixtures("elsewhere")
async def test_times_without_a_zone_are_this_computers_wherever_they_are_read() -> None:
    one = document("putt", 1)
    one, utc = (replace(one, about=replace(one.about, zone=zone)) for zone in (None, UTC))
    tracker = of_documents("putt")
    assert tracker.read(one).found[0].started_at != tracker.read(utc).found[0].started_at
    async with process() as (room, _):
        assert await room.read(tracker, one) == tracker.read(one)
