"""An upload that was begun and that nobody goes on with is taken back where its destination offers that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from logferry_daemon.core.exchange import Letter, Response, Upload
from logferry_daemon.core.gate import Access
from logferry_daemon.core.tus import PATH
from logferry_daemon.ports import Claimed, trackers_note, trackers_text
from logferry_ipc.messages import Copy, DeleteRequest, NewTrackers, PauseRequest
from logferry_model.errors import LogferryError, Unreachable
from tests.contracts.spooling import admit, found
from tests.daemon.dialects.talking import says
from tests.daemon.shell.house import House
from tests.daemon.shell.office import problem, stored
from tests.daemon.shell.stage import hunt
from tests.fakes import Sent

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
UPLOAD = f"{PATH}/u7"
LETTER = Letter(body=b"the letter", headers={"Idempotency-Key": '"k"'}, payload_digest="ab" * 32)
WHOLE = len(LETTER.body)


class Collector:
    """Has the pieces of one upload until it is asked to delete them."""

    def __init__(self) -> None:
        self.has = {UPLOAD}
        self.arrived = 4
        """How much it has of it."""
        self.extensions = ["creation", "expiration", "termination"]
        self.trouble: Response | LogferryError | None = None
        """The answer to every such request while it is set."""

    def __call__(self, sent: Sent) -> Response:
        method, path = sent.request.method, sent.request.path
        if path == "/info":
            return says(200, {"encodings": ["gzip"], "tus": {"version": "1.0.0", "extensions": self.extensions}})
        if path.startswith(PATH):
            return self._told(path) or (self._head() if method == "HEAD" else self._delete(path))
        return stored(sent) if method == "POST" else problem(404, code="not-found")

    def _told(self, path: str) -> Response | None:
        if isinstance(self.trouble, LogferryError):
            raise self.trouble
        return self.trouble or (None if path in self.has else says(404))

    def _head(self) -> Response:
        counts = {"upload-offset": str(self.arrived), "upload-length": str(len(LETTER.body))}
        return Response(status=200, headers=counts, body=b"")

    def _delete(self, path: str) -> Response:
        self.has.remove(path)
        return says(204)


class Town(House):
    """A house and the collector that its deliveries go to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.collector = Collector()
        self.sender.script = [self.collector]

    async def begin(self, until: datetime | None = None, *, known: int = 4) -> Claimed:
        """A session is found, and some of it is `known` to be over there; nobody may go on with that for now."""
        await self.set_up()
        await self.control.pause(PauseRequest())
        await self.hunt()
        return await self.some_arrives(until, known=known)

    async def some_arrives(self, until: datetime | None = None, *, known: int = 4) -> Claimed:
        """Of the one session there is."""
        (one,) = await self.spool.claim("home", self.clock.now(), 1, backfill=1)
        await self.spool.keep_letter(one.row.id, LETTER)
        await self.spool.keep_upload(one.row.id, Upload(path=UPLOAD, offset=known, expires=until))
        await self.spool.released([one.row.id])
        return one

    async def delete(self, *, remote: bool = False) -> str:
        """The one session there is, also when it is deleted already; what its owner is told."""
        listed = await self.control.sessions()
        name = listed.sessions[0].id if listed.sessions else listed.deleted[0].id
        done = await self.control.delete(name, DeleteRequest(remote=remote))
        await self.quiet()
        return done.note

    async def pieces(self) -> list[Copy]:
        return [one for gone in (await self.control.sessions()).deleted for one in gone.copies if one.pieces]

    async def codes(self) -> set[str]:
        return {one.code for one in (await self.control.status()).attention if one.code.startswith("deletion")}

    def asked(self) -> list[str]:
        """Each upload that was asked about, in the order in which that was done."""
        return [one.request.path for one in self.sender.sent if one.request.method == "HEAD"]

    def deleted(self) -> list[str]:
        return [one.request.path for one in self.sender.sent if one.request.method == "DELETE"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    assert all(one.url == "https://collector.example" for one in town.sender.sent)


@pytest.mark.parametrize("remote", [False, True])
async def test_a_deletion_takes_back_what_arrived_of_an_upload_and_leaves_nothing_to_tell(
    house: Town, *, remote: bool
) -> None:
    async with house.open():
        await house.begin()
        assert (
            "An upload was begun at home: what arrived of it is taken back, unless it is whole."
            in await house.delete(remote=remote)
        )
        assert (house.collector.has, house.deleted()) == (set(), [UPLOAD])
        assert (await house.pieces(), await house.codes() & {"deletion-failed"}) == ([], set())
        assert all(one.secret for one in house.sender.sent)


async def test_a_newer_version_takes_it_back_and_goes_by_itself(house: Town) -> None:
    async with house.open():
        await house.begin()
        house.files.write("session-1.json", hunt(1, events=9), mtime=house.clock.now() - 24 * HOUR)
        await house.pass_time(HOUR)
        assert (house.collector.has, house.deleted()) == (set(), [UPLOAD])
        await house.control.resume()
        await house.pass_time(HOUR)
        (session,) = (await house.control.sessions()).sessions
        assert sorted(one.state for one in session.deliveries) == ["excluded", "uploaded"]


async def test_a_letter_that_is_written_anew_takes_it_back(house: Town) -> None:
    async with house.open():
        one = await house.begin()
        await house.spool.forget_letters([one.row.id])
        house.fleet.wake_couriers()
        await house.pass_time(SECOND)
        assert (house.collector.has, house.deleted()) == (set(), [UPLOAD])


async def test_what_its_owner_keeps_from_there_by_a_word_about_the_player_is_taken_back(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.control.pause(PauseRequest())
        await admit(house.spool, found("aa", player="Mia"))
        await house.some_arrives()
        await house.decide("Mia", allowed=False)
        await house.quiet()
        assert (house.collector.has, house.deleted()) == (set(), [UPLOAD])


async def test_what_its_owner_keeps_from_there_by_a_choice_of_trackers_is_taken_back(house: Town) -> None:
    async with house.open():
        await house.begin()
        await house.control.change_trackers("home", NewTrackers(trackers=("putt",)))
        await house.quiet()
        assert (house.collector.has, house.deleted()) == (set(), [UPLOAD])


async def test_that_is_made_up_for_at_the_next_start(house: Town) -> None:
    async with house.open():
        await house.begin()
        await house.spool.set_note(trackers_note("home"), trackers_text(["putt"]))
        file = house.settings_file
        file.write_text(file.read_text().replace("[destinations.home]", '[destinations.home]\ntrackers = ["putt"]'))
    async with house.open():
        await house.quiet()
        assert (house.collector.has, house.deleted()) == (set(), [UPLOAD])


async def test_neither_pause_nor_revoked_consent_holds_it(house: Town) -> None:
    async with house.open():
        await house.begin()
        await house.control.revoke("home")
        await house.delete()
        assert house.collector.has == set()


async def test_what_is_not_there_any_more_is_gone(house: Town) -> None:
    async with house.open():
        await house.begin()
        house.collector.has.clear()
        await house.delete()
        assert (len(house.asked()), await house.pieces()) == (1, [])


@pytest.mark.parametrize("trouble", [Unreachable("refused", "nobody there"), problem(503), problem(423)])
async def test_it_is_asked_for_until_it_is_answered_also_after_a_restart(
    house: Town, trouble: Response | LogferryError
) -> None:
    async with house.open():
        await house.begin()
        house.collector.trouble = trouble
        await house.delete()
        await house.pass_time(HOUR)
        (left,) = await house.pieces()
        assert (left.state, await house.codes()) == ("pending", {"deletion-waiting"})
    house.collector.trouble = None
    async with house.open():
        await house.pass_time(HOUR)
        assert (house.collector.has, await house.pieces(), await house.codes()) == (set(), [], set())
    assert 3 < len(house.asked()) < 40


async def test_it_wakes_with_the_network(house: Town) -> None:
    async with house.open():
        await house.begin()
        house.collector.trouble = Unreachable("refused", "nobody there")
        await house.delete()
        await house.pass_time(HOUR)
        house.collector.trouble = None
        before = house.clock.now()
        await house.fleet.network_changed()
        await house.quiet()
        assert (house.collector.has, house.clock.now()) == (set(), before)


async def test_without_a_key_it_waits(house: Town) -> None:
    async with house.open():
        await house.begin()
        house.credentials.state = Access.LOCKED
        await house.pass_time(timedelta(minutes=2))
        await house.delete()
        assert (house.asked(), len(await house.pieces())) == ([], 1)
        house.credentials.state = None
        await house.pass_time(timedelta(minutes=2))
        assert house.collector.has == set()


async def test_where_it_is_not_offered_it_is_told_until_when_it_lies_there_and_then_no_more(house: Town) -> None:
    async with house.open():
        until = house.clock.now() + 7 * 24 * HOUR
        await house.begin(until)
        house.collector.extensions.remove("termination")
        await house.delete()
        (left,) = await house.pieces()
        assert (left.state, left.until, left.certain) == ("failed", until, False)
        assert (left.last_error, house.asked()) == ("it takes no upload back", [])
        assert await house.codes() == set()
        house.clock.move(7 * 24 * HOUR)
        assert await house.pieces() == []


async def test_what_expired_meanwhile_is_not_asked_for(house: Town) -> None:
    async with house.open():
        await house.begin(house.clock.now() + HOUR)
        house.collector.trouble = Unreachable("refused", "nobody there")
        await house.delete()
        house.collector.trouble = None
        before = len(house.asked())
        house.clock.move(2 * HOUR)
        await house.quiet()
        assert (len(house.asked()), house.collector.has) == (before, {UPLOAD})
        assert await house.spool.next_remnant("home", house.clock.now()) is None


async def test_a_refusal_stays_and_its_owner_can_ask_again(house: Town) -> None:
    async with house.open():
        await house.begin()
        house.collector.trouble = problem(403)
        await house.delete()
        (left,) = await house.pieces()
        assert (left.state, "does not let this key" in left.last_error) == ("failed", True)
        # The destination as a whole is none the worse for it.
        assert [one.state for one in (await house.control.status()).destinations] == ["paused"]
        house.collector.trouble = None
        await house.delete(remote=True)
        assert (house.collector.has, await house.pieces()) == (set(), [])


# What is whole over there


@pytest.mark.parametrize("known", [4, WHOLE], ids=["the last answer was lost", "the receipt was lost"])
async def test_a_report_whose_receipt_was_not_heard_outlives_its_session(house: Town, known: int) -> None:
    async with house.open():
        await house.begin(known=known)
        house.collector.arrived = WHOLE
        told = await house.delete()
        assert ("what arrived of it is taken back" in told) == (known < WHOLE)
        assert (house.collector.has, house.deleted(), await house.pieces()) == ({UPLOAD}, [], [])
        # It may be over there, and its owner may want it gone.
        ((copy,),) = [one.copies for one in (await house.control.sessions()).deleted]
        assert (copy.state, copy.pieces, copy.certain) == ("kept", False, False)


@pytest.mark.parametrize("known", [4, WHOLE], ids=["the last answer was lost", "the receipt was lost"])
async def test_it_outlives_a_newer_version_too(house: Town, known: int) -> None:
    async with house.open():
        await house.begin(known=known)
        house.collector.arrived = WHOLE
        house.files.write("session-1.json", hunt(1, events=9), mtime=house.clock.now() - 24 * HOUR)
        await house.pass_time(HOUR)
        assert (house.collector.has, house.deleted()) == ({UPLOAD}, [])
        assert await house.spool.next_remnant("home", house.clock.now()) is None


async def test_where_nobody_says_how_much_is_there_nothing_is_deleted_until_somebody_does(house: Town) -> None:
    async with house.open():
        await house.begin()
        house.collector.trouble = says(200)
        await house.delete()
        await house.pass_time(HOUR)
        assert (house.collector.has, house.deleted()) == ({UPLOAD}, [])
        assert [one.last_error for one in await house.pieces()] == ["it does not say how much of the upload it has"]
        house.collector.trouble = None
        await house.pass_time(HOUR)
        assert (house.collector.has, house.deleted()) == (set(), [UPLOAD])


async def test_what_expired_by_a_clock_that_is_ahead_is_asked_for_all_the_same(house: Town) -> None:
    async with house.open():
        await house.begin(house.clock.now() - HOUR)
        house.collector.trouble = Unreachable("refused", "nobody there")
        await house.delete()
        await house.pass_time(HOUR)
        assert [one.state for one in await house.pieces()] == ["pending"]
        house.collector.trouble = None
        await house.pass_time(HOUR)
        assert (house.collector.has, await house.pieces()) == (set(), [])
