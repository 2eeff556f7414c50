"""A session is deleted: nothing of it is sent after the answer, and what is elsewhere goes as soon as it can."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from logferry_daemon.core.blame import ALONE
from logferry_daemon.core.exchange import Response
from logferry_daemon.core.gate import Access
from logferry_daemon.core.salvage import REBUILT_NOTE, Rebuilt, encode_rebuilt
from logferry_daemon.ports import Claimed
from logferry_ipc.messages import Deleted, DeleteRequest, EventKind, Login, NewSource, PauseRequest, RetryRequest
from logferry_model.envelope import Deletion, sha256_hex
from logferry_model.errors import LogferryError, Unreachable
from tests.daemon.shell.house import House
from tests.daemon.shell.office import Office, answer, name_of, problem, stored
from tests.daemon.shell.rushed import rushed
from tests.daemon.shell.stage import JOURNAL, begin, hunt, jump, shutdown
from tests.fakes import NOON, Sent

REMOTE, HERE = DeleteRequest(remote=True), DeleteRequest()
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


class Collector:
    """Keeps what it is sent, and deletes."""

    def __init__(self) -> None:
        self.trouble: Response | LogferryError | None = None
        """The answer to every deletion while it is set."""
        self.gone: list[str] = []

    def __call__(self, sent: Sent) -> Response:
        if sent.request.method == "POST":
            return stored(sent, report_id=sha256_hex(sent.request.body)[:8])
        if isinstance(self.trouble, LogferryError):
            raise self.trouble
        if self.trouble:
            return self.trouble
        report = sent.request.path.rpartition("/")[2]
        self.gone.append(report)
        return answer(200, msgspec.json.encode(Deletion(report_id=report, deleted_at=NOON)))


class Town(House):
    """A house and the collector that its deliveries go to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.collector = Collector()
        self.sender.script = [self.collector]


@pytest.fixture
def house(tmp_path: Path) -> Town:
    return Town(tmp_path)


async def delete(house: Town, request: DeleteRequest = HERE, *, session: str = "") -> Deleted:
    listed = await house.control.sessions()
    meant = session or (listed.sessions[0].id if listed.sessions else listed.deleted[0].id)
    done = await house.control.delete(meant, request)
    await house.quiet()
    return done


async def copies(house: Town) -> list[tuple[str, str]]:
    return [(one.state, one.last_error) for gone in (await house.control.sessions()).deleted for one in gone.copies]


async def codes(house: Town) -> set[str]:
    return {one.code for one in (await house.control.status()).attention if one.code.startswith("deletion")}


async def test_one_that_was_not_sent_is_gone_and_its_file_does_not_bring_it_back(house: Town) -> None:
    async with house.open():
        await house.add_source()
        await house.hunt(1, 2)
        done = await delete(house)
        assert (len(done.sessions), done.copies, done.running) == (1, (), False)
        await house.set_up_destination()
        await house.fleet.rescan()
        await house.pass_time(HOUR)
        counts = (await house.control.status()).counts
        assert (counts.found, counts.uploaded) == (1, 1)
    async with house.open():
        house.files.touch("session-1.json")
        house.files.touch("session-2.json")
        await house.pass_time(HOUR)
        assert len((await house.control.sessions()).sessions) == 1
        assert len(house.sender.sent) == 1


async def test_the_answer_names_the_damaged_file_that_goes_with_it(house: Town) -> None:
    rebuilt = Rebuilt(at=house.clock.now(), aside="spool.db.damaged-1", sessions=1, receipts=0)
    async with house.open() as control:
        await house.set_up()
        await house.hunt()
        await house.spool.set_note(REBUILT_NOTE, encode_rebuilt(rebuilt))
        assert "spool.db.damaged-1" in "".join(one.hint for one in (await control.status()).attention)
        assert "spool.db.damaged-1 goes with it" in (await delete(house)).note
        gone = msgspec.structs.replace(rebuilt, aside="")
        await house.spool.set_note(REBUILT_NOTE, encode_rebuilt(gone))
        assert "The damaged file is removed" in "".join(one.hint for one in (await control.status()).attention)


async def test_listeners_hear_of_it_and_its_owner_of_the_copy(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        done = await delete(house)
        assert done.note == f"A copy stays at home: logferry sessions delete {done.sessions[0]} --remote"
        heard = house.control.events("boot.0")
        while (event := await anext(heard)).kind is not EventKind.SESSION_DELETED:
            pass
        assert (event.session, event.tracker) == (done.sessions[0], "artemis")


async def test_one_that_runs_is_not_kept_when_it_is_over(house: Town) -> None:
    async with house.open():
        await house.control.add_source(NewSource(tracker="elite-dangerous", path=str(house.logs), name="flights"))
        await house.set_up_destination()
        now = house.clock.now()
        house.files.append(JOURNAL, begin(now) + jump(now))
        await house.fleet.rescan()
        await house.pass_time(timedelta(seconds=3))
        (running,) = (await house.control.running()).sessions
        done = await house.control.delete(running.id[:8], HERE)
        assert (done.running, done.note) == (True, "It still runs; when it is over, it is not kept and not sent.")
        house.files.append(JOURNAL, shutdown(house.clock.now()))
        await house.pass_time(HOUR)
        assert (await house.control.running()).sessions == ()
        assert ((await house.control.sessions()).sessions, house.sender.sent) == ((), [])


async def test_a_copy_elsewhere_stays_until_it_is_asked_for(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        await delete(house)
        assert (await copies(house), house.collector.gone) == ([("kept", "")], [])
        await delete(house, REMOTE)
        assert (await copies(house), len(house.collector.gone)) == ([("deleted", "")], 1)
        assert await codes(house) == set()


async def test_neither_pause_nor_revoked_consent_holds_a_deletion(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        await house.control.revoke("home")
        await house.control.pause(PauseRequest())
        await delete(house, REMOTE)
        assert await copies(house) == [("deleted", "")]


async def test_without_a_key_it_waits_and_goes_on_by_itself(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.credentials.state = Access.LOCKED
        await house.pass_time(timedelta(minutes=2))
        await delete(house, REMOTE)
        assert (await copies(house), await codes(house)) == ([("pending", "")], {"deletion-waiting"})
        house.credentials.state = None
        await house.pass_time(timedelta(minutes=2))
        assert await copies(house) == [("deleted", "")]


@pytest.mark.parametrize("trouble", [Unreachable("refused", "nobody there"), problem(503)])
async def test_a_destination_that_is_away_is_asked_again_also_after_a_restart(
    house: Town, trouble: Response | LogferryError
) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.collector.trouble = trouble
        await delete(house, REMOTE)
        await house.pass_time(HOUR)
        assert await codes(house) == {"deletion-waiting"}
    house.collector.trouble = None
    async with house.open():
        await house.pass_time(HOUR)
        assert await copies(house) == [("deleted", "")]
    tries = [one for one in house.sender.sent if one.request.method == "DELETE"]
    assert 3 < len(tries) < 40


AWAY = Unreachable("refused", "nobody there")


async def put_off(house: Town) -> None:
    """A deletion waits for its next try, which is minutes away; whatever kept it is over since."""
    await delete(house, REMOTE)
    while True:
        ((gone,),) = [one.copies for one in (await house.control.sessions()).deleted]
        if gone.next_attempt and gone.next_attempt - house.clock.now() > MINUTE:
            house.collector.trouble = None
            return
        await house.pass_time(10 * SECOND)


async def test_a_deletion_wakes_with_the_network(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.collector.trouble = AWAY
        await put_off(house)
        await house.pass_time(SECOND)
        assert [state for state, _ in await copies(house)] == ["pending"]
        await house.fleet.network_changed()
        await house.quiet()
        assert await copies(house) == [("deleted", "")]


async def test_it_does_also_after_a_restart_in_between(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.collector.trouble = AWAY
        await put_off(house)
    async with house.open():
        await house.quiet()
        assert [state for state, _ in await copies(house)] == ["pending"]
        await house.fleet.network_changed()
        await house.quiet()
        assert await copies(house) == [("deleted", "")]


@pytest.mark.parametrize("trouble", [problem(503, retry_after="900"), problem(429, retry_after="900")])
async def test_what_the_destination_asked_for_holds_in_every_network_and_after_a_resume(
    house: Town, trouble: Response
) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.collector.trouble = trouble
        await put_off(house)
        await house.fleet.network_changed()
        await house.control.resume()
        await house.pass_time(MINUTE)
        assert [state for state, _ in await copies(house)] == ["pending"]
        await house.pass_time(15 * MINUTE)
        assert await copies(house) == [("deleted", "")]


@pytest.mark.parametrize("trouble", [problem(409, retry_after="900"), problem(423, retry_after="900")])
@pytest.mark.parametrize("ahead", [timedelta(), HOUR], ids=["clock left alone", "clock set forward"])
async def test_one_deletion_is_not_asked_for_before_its_time_whatever_the_clock_is_set_to(
    house: Town, trouble: Response, ahead: timedelta
) -> None:
    """R-D23. Nor by a resume: the destination said when."""
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.collector.trouble = trouble
        await delete(house, REMOTE)
        house.collector.trouble = None
        house.clock.set(house.clock.now() + ahead)
        await house.control.resume()
        await house.pass_time(14 * MINUTE)
        assert [state for state, _ in await copies(house)] == ["pending"]
        await house.pass_time(2 * MINUTE)
        assert await copies(house) == [("deleted", "")]


async def test_one_deletion_that_has_to_wait_holds_up_no_other(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt(1, 2)
        house.collector.trouble = problem(423, retry_after="900")
        await delete(house, REMOTE)
        house.collector.trouble = None
        house.clock.set(house.clock.now() + HOUR)
        await delete(house, REMOTE)
        await house.pass_time(MINUTE)
        assert sorted(state for state, _ in await copies(house)) == ["deleted", "pending"]


async def test_a_server_in_trouble_is_not_asked_to_delete_sooner_because_of_a_network(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.collector.trouble = problem(503)
        await put_off(house)
        house.fleet.gates.forgive("home")  # the pause of the breaker is over; its own wait is not
        await house.fleet.network_changed()
        await house.quiet()
        assert [state for state, _ in await copies(house)] == ["pending"]


async def uploaded(house: Town, number: int) -> None:
    """So many are, without any time that passes; letters are written on other threads."""
    async with asyncio.timeout(60):
        while (await house.control.status()).counts.uploaded < number:
            await asyncio.sleep(0)


async def test_a_deletion_that_always_fails_holds_up_no_upload_once_one_got_through(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.collector.trouble = problem(500)
        await delete(house, REMOTE)
        await house.pass_time(HOUR)
        await house.hunt(2)
        await house.pass_time(ALONE)
        await uploaded(house, 1)
        for seed in range(3, 9):
            await house.pass_time(7 * MINUTE)
            await house.hunt(seed)
            await uploaded(house, seed - 1)
        assert [state for state, _ in await copies(house)] == ["pending"]


ACTS: dict[str, Callable[[Town], Awaitable[object]]] = {
    "resume": lambda house: house.control.resume(),
    "login": lambda house: house.control.login("home", Login(secret="s3cret-new")),
    "retry": lambda house: house.control.retry(RetryRequest()),
}


@pytest.mark.parametrize("act", ACTS)
async def test_it_wakes_when_its_owner_goes_on_or_gives_a_key(house: Town, act: str) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.collector.trouble = problem(503)
        await put_off(house)
        before = house.clock.now()
        house.fleet.gates.forgive("home")
        await house.quiet()
        assert [state for state, _ in await copies(house)] == ["pending"]
        await ACTS[act](house)
        await house.quiet()
        assert (await copies(house), house.clock.now()) == ([("deleted", "")], before)


async def test_a_refusal_wants_a_person_and_can_be_tried_again(house: Town) -> None:
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.collector.trouble = problem(422, title="Not like this")
        await delete(house, REMOTE)
        ((state, why),) = await copies(house)
        assert (state, "Not like this" in why, await codes(house)) == ("failed", True, {"deletion-failed"})
        house.collector.trouble = None
        await delete(house, REMOTE)
        assert await copies(house) == [("deleted", "")]


async def test_a_refusal_can_be_let_be_and_nobody_is_told_of_it_any_more(house: Town) -> None:
    """It was deleted by hand, or its destination is gone and nobody can be asked."""
    async with house.open():
        await house.set_up()
        await house.hunt()
        house.collector.trouble = problem(422, title="Not like this")
        await delete(house, REMOTE)
        assert await codes(house) == {"deletion-failed"}
        done = await delete(house, HERE)
        assert [one.state for one in done.copies] == ["kept"]
        assert (await copies(house), await codes(house)) == ([("kept", "")], set())
        house.collector.trouble = None
        await delete(house, REMOTE)
        assert await copies(house) == [("deleted", "")]


async def test_an_upload_that_is_under_way_is_broken_off_before_the_answer(house: Town) -> None:
    async with house.open():
        await house.set_up()
        house.sender.free.clear()
        house.files.write("session-1.json", hunt(1), mtime=NOON - 24 * HOUR)
        await house.fleet.rescan()
        async with asyncio.timeout(60):
            while not house.sender.sent:  # its letter is written on another thread
                await asyncio.sleep(0)
        listed = await house.control.sessions()
        await house.control.delete(listed.sessions[0].id, HERE)
        assert house.sender.broken_off == 1
        house.sender.free.set()
        await house.pass_time(HOUR)
        assert len(house.sender.sent) == 1
        assert await copies(house) == [("kept", "")]
        (gone,) = (await house.control.sessions()).deleted
        assert gone.copies[0].certain is False


async def test_the_others_of_a_batch_arrive_when_one_is_dropped() -> None:
    desk = Office(stored)
    await desk.find("aa", "bb", "cc")
    await desk.agree()
    desk.sender.free.clear()
    await desk.gates.load()
    task = asyncio.ensure_future(desk.courier.run())
    async with asyncio.timeout(60):
        while len(desk.sender.sent) < 3:  # letters are written on other threads
            await asyncio.sleep(0)
    try:
        removed = await desk.spool.delete("bb", "artemis", desk.clock.now(), ask=())
        await desk.courier.drop(removed.stopped)
        desk.sender.free.set()
        await desk.clock.idle()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await desk.states() == {"aa": "uploaded", "cc": "uploaded"}


async def test_what_was_claimed_in_the_very_moment_is_not_sent() -> None:
    async def delete(desk: Office, _: Sequence[Claimed]) -> None:
        removed = await desk.spool.delete("aa", "artemis", desk.clock.now(), ask=())
        await desk.courier.drop(removed.stopped)

    desk = await rushed(delete, stored, sessions=("aa", "bb"))
    assert [name_of(one) for one in desk.sender.sent] == ["bb"]


async def test_what_a_key_is_told_that_was_replaced_meanwhile_holds_nothing(house: Town) -> None:
    """The deletion was on its way when an account took over, which ends the key that Logferry had made."""

    def refuse(sent: Sent) -> Response:
        house.credentials._secrets["home"] = "another"
        return problem(401, code="credential-invalid")

    async with house.open():
        await house.set_up()
        await house.hunt()
        house.sender.script = [refuse, house.collector]
        await delete(house, REMOTE)
        await house.pass_time(HOUR)
        assert [state for state, _ in await copies(house)] == ["deleted"]
        assert house.sender.sent[-1].secret == {"Authorization": "Bearer another"}
        assert [one.state for one in (await house.control.status()).destinations] == ["ready"]
