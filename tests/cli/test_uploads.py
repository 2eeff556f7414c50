from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from logferry.exits import Exit
from logferry_daemon.home import Home
from logferry_ipc.messages import (
    EVERYTHING,
    Changed,
    DaemonState,
    Delivery,
    DeliveryState,
    DestinationStatus,
    EventKind,
    RetryRequest,
    Status,
    UploadAll,
)
from tests.cli.conftest import Command
from tests.fake_control import FakeControl
from tests.ipc.serving import ThreadedDaemon, daemon_in_thread

FIRST, SECOND = "aaaa1111bbbb2222", "cccc1133cccc4444"


class Lively(FakeControl):
    """A daemon whose destination answers some time after a delivery was queued."""

    def __init__(self, answer: DeliveryState, *, error: str = "") -> None:
        super().__init__()
        self.answer = answer
        self.error = error

    async def upload_all(self, request: UploadAll = EVERYTHING) -> Changed:
        self._answer()
        return Changed(changed=1)

    async def upload(self, session: str) -> Changed:
        self._answer()
        return Changed(changed=1)

    async def retry(self, request: RetryRequest) -> Changed:
        moved = await super().retry(request)
        self._answer()
        return moved

    def _answer(self) -> None:
        for session in list(self.found.values()):
            self._move({session.id}, DeliveryState.PENDING, DeliveryState.UPLOADING)
            deliveries = tuple(map(self._answered, self.found[session.id].deliveries))
            self.found[session.id] = replace(session, deliveries=deliveries)
            for each in deliveries:
                self.log.publish(EventKind.DELIVERY_CHANGED, at=self.now, session=session.id, delivery=each)

    def _answered(self, delivery: Delivery) -> Delivery:
        if delivery.state is not DeliveryState.UPLOADING:
            return delivery
        return replace(delivery, state=self.answer, attempts=delivery.attempts + 1, last_error=self.error)


class Unsettled(FakeControl):
    """A delivery becomes held while an event, told before, still says that it is pending."""

    async def upload_all(self, request: UploadAll = EVERYTHING) -> Changed:
        self.find(FIRST, DeliveryState.PENDING)
        return Changed(changed=1)

    async def status(self) -> Status:
        """The last thing that is asked before the stream is read."""
        (session,) = self.found.values()
        pending = session.deliveries[0]
        self.found[FIRST] = replace(session, deliveries=(replace(pending, state=DeliveryState.HELD),))
        self.log.publish(EventKind.DELIVERY_CHANGED, at=self.now, session=FIRST, delivery=pending)
        return await super().status()


class Closed(FakeControl):
    """A destination that takes nothing before a time, and tells so of itself or of each delivery."""

    def __init__(self, state: str, *, reason: str = "", until: datetime) -> None:
        super().__init__()
        self.closed = DestinationStatus(name="place0", state=state, reason=reason, next_attempt=until)

    async def upload_all(self, request: UploadAll = EVERYTHING) -> Changed:
        return Changed(changed=1)

    async def upload(self, session: str) -> Changed:
        return Changed(changed=1)

    async def status(self) -> Status:
        return replace(await super().status(), destinations=(self.closed,))


class Forgiving(FakeControl):
    """A retry lifts what kept a destination closed: what was held for it goes too."""

    async def retry(self, request: RetryRequest) -> Changed:
        self.calls.append("retry")
        return Changed(changed=self._move(set(self.found), DeliveryState.HELD, DeliveryState.UPLOADED))


class PutOff(FakeControl):
    """A try is put off without being counted, as when the destination is busy."""

    async def upload_all(self, request: UploadAll = EVERYTHING) -> Changed:
        session = self.found[FIRST]
        later = replace(session.deliveries[0], next_attempt=datetime.now(UTC) + timedelta(hours=1), last_error="busy")
        self.found[FIRST] = replace(session, deliveries=(later,))
        return Changed(changed=1)


@pytest.fixture
def lively(home: Home) -> Iterator[Lively]:
    control = Lively(DeliveryState.UPLOADED)
    with daemon_in_thread(home.runtime, control):
        yield control


def test_upload_waits_until_everything_is_sent(logferry: Command, lively: Lively) -> None:
    lively.find(FIRST, DeliveryState.PENDING, DeliveryState.PENDING)
    ran = logferry("upload", "--all")
    assert ran.code == Exit.DONE
    assert "2 deliveries uploaded." in ran.out


def test_one_session_is_uploaded_by_the_first_letters_of_its_id(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST, DeliveryState.PENDING)
    daemon.control.find(SECOND, DeliveryState.PENDING)
    assert logferry("upload", "cccc11").code == Exit.DONE
    states = {each.id: each.deliveries[0].state for each in daemon.control.found.values()}
    assert states == {FIRST: DeliveryState.PENDING, SECOND: DeliveryState.UPLOADED}


def test_no_wait_only_asks(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST, DeliveryState.UPLOADING)
    ran = logferry("upload", "--all", "--no-wait")
    assert ran.code == Exit.DONE
    assert "upload_all" in daemon.control.calls


def test_held_deliveries_wait_for_a_person_and_say_why(logferry: Command, daemon: ThreadedDaemon) -> None:
    session = daemon.control.find(FIRST, DeliveryState.HELD)
    held = replace(session.deliveries[0], reason="no consent")
    daemon.control.found[FIRST] = replace(session, deliveries=(held,))
    ran = logferry("upload", "--all")
    assert ran.code == Exit.WAITING
    assert "1 delivery to place0 held: no consent" in ran.err
    assert "What to do about it: logferry status" in ran.err


def test_a_session_without_a_destination_waits_for_a_person(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST)
    ran = logferry("upload", FIRST)
    assert ran.code == Exit.WAITING
    assert "no destination is set" in ran.err


@pytest.mark.parametrize("told", [None, DaemonState.ATTENTION])
def test_paused_uploads_are_not_waited_for(logferry: Command, daemon: ThreadedDaemon, told: DaemonState | None) -> None:
    daemon.control.find(FIRST, DeliveryState.PENDING)
    daemon.control.paused, daemon.control.state = True, told
    ran = logferry("upload", "--all")
    assert ran.code == Exit.WAITING
    assert "logferry resume" in ran.err


def test_a_refused_delivery_is_a_failure_with_the_way_on(logferry: Command, lively: Lively) -> None:
    lively.answer, lively.error = DeliveryState.FAILED, "schema-unknown"
    lively.find(FIRST, DeliveryState.PENDING)
    ran = logferry("upload", "--all")
    assert ran.code == Exit.FAILED
    assert "schema-unknown" in ran.err
    assert f"logferry retry {FIRST}-0" in ran.err


def test_a_destination_that_does_not_answer_is_not_waited_for_for_ever(logferry: Command, lively: Lively) -> None:
    lively.answer, lively.error = DeliveryState.PENDING, "no answer from place0"
    lively.find(FIRST, DeliveryState.PENDING)
    ran = logferry("upload", "--all")
    assert ran.code == Exit.FAILED
    assert "no answer from place0" in ran.err
    assert "Nothing is lost" in ran.err


def test_a_pending_delivery_that_is_held_after_all_is_not_waited_for(logferry: Command, home: Home) -> None:
    with daemon_in_thread(home.runtime, Unsettled()):
        assert logferry("upload", "--all").code == Exit.WAITING


@pytest.mark.parametrize("argv", [("upload", "--all"), ("upload", FIRST), ("retry", "--all")], ids=" ".join)
@pytest.mark.parametrize("state", ["waiting", "offline"])
def test_a_closed_destination_is_named_with_its_next_try_and_not_waited_for(
    logferry: Command, home: Home, argv: tuple[str, ...], state: str
) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    with daemon_in_thread(home.runtime, Closed(state, reason="it asked us to wait", until=until)) as daemon:
        daemon.control.find(FIRST, DeliveryState.PENDING)
        daemon.control.find(SECOND, DeliveryState.PENDING)
        ran = logferry(*argv)
    assert ran.code == Exit.WAITING
    assert ran.err == f"logferry: place0: it asked us to wait; next try at {until.astimezone():%H:%M}\n"


def test_a_try_that_was_put_off_is_not_waited_for(logferry: Command, home: Home) -> None:
    with daemon_in_thread(home.runtime, PutOff()) as daemon:
        daemon.control.find(FIRST, DeliveryState.PENDING)
        ran = logferry("upload", "--all")
    assert ran.code == Exit.FAILED
    assert "1 delivery to place0 could not be sent: busy" in ran.err


def test_only_what_arrived_since_is_counted(logferry: Command, lively: Lively) -> None:
    lively.find(FIRST, DeliveryState.UPLOADED, DeliveryState.PENDING)
    lively.find(SECOND, DeliveryState.UPLOADED)
    assert "1 delivery uploaded." in logferry("upload", "--all").out


def test_retry_of_all_counts_what_a_lifted_block_let_go(logferry: Command, home: Home) -> None:
    with daemon_in_thread(home.runtime, Forgiving()) as daemon:
        daemon.control.find(FIRST, DeliveryState.HELD, DeliveryState.HELD)
        ran = logferry("retry", "--all")
    assert ran.code == Exit.DONE
    assert "2 deliveries uploaded." in ran.out


@pytest.mark.parametrize("ids", [("--all",), (FIRST[:6],), (f"{FIRST}-0",)], ids=" ".join)
def test_retry_takes_all_sessions_or_deliveries(logferry: Command, lively: Lively, ids: tuple[str, ...]) -> None:
    lively.find(FIRST, DeliveryState.FAILED)
    ran = logferry("retry", *ids)
    assert ran.code == Exit.DONE
    assert "1 delivery uploaded." in ran.out


@pytest.mark.parametrize("argv", [("upload", FIRST), ("upload", "--all"), ("retry", FIRST)], ids=" ".join)
def test_where_all_is_uploaded_that_is_said(logferry: Command, daemon: ThreadedDaemon, argv: tuple[str, ...]) -> None:
    daemon.control.find(FIRST, DeliveryState.UPLOADED)
    ran = logferry(*argv)
    assert (ran.code, ran.out.strip(), ran.err) == (Exit.DONE, "Nothing was left to send.", "")


def test_retry_of_nothing_failed_is_done_at_once(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST, DeliveryState.UPLOADED)
    assert logferry("retry", "--all").code == Exit.DONE


def test_retry_of_all_is_silent_about_what_nobody_asked_for_yet(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST, DeliveryState.HELD)
    known = daemon.control.found[FIRST]
    backlog = tuple(replace(each, backlog=True, reason="found before you asked") for each in known.deliveries)
    daemon.control.found[FIRST] = replace(known, deliveries=backlog)
    ran = logferry("retry", "--all")
    assert (ran.code, ran.err) == (Exit.DONE, "")
    assert "Nothing failed" in ran.out
    assert "retry" in daemon.control.calls


def test_pause_and_resume_reach_the_daemon(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert "Paused for 30 min." in logferry("pause", "--for", "30m").out
    assert daemon.control.paused
    assert logferry("resume").code == Exit.DONE
    assert not daemon.control.paused
    assert "logferry resume" in logferry("pause").out
    assert daemon.control.paused_until is None
