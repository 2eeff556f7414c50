from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from logferry.exits import Exit
from logferry_daemon.home import Home
from logferry_ipc.messages import Changed, Delivery, DeliveryState, EventKind, RetryRequest, Status
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

    async def upload_all(self) -> Changed:
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

    async def upload_all(self) -> Changed:
        self.find(FIRST, DeliveryState.PENDING)
        return Changed(changed=1)

    async def status(self) -> Status:
        """The last thing that is asked before the stream is read."""
        (session,) = self.found.values()
        pending = session.deliveries[0]
        self.found[FIRST] = replace(session, deliveries=(replace(pending, state=DeliveryState.HELD),))
        self.log.publish(EventKind.DELIVERY_CHANGED, at=self.now, session=FIRST, delivery=pending)
        return await super().status()


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


def test_a_session_without_a_destination_waits_for_a_person(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST)
    ran = logferry("upload", FIRST)
    assert ran.code == Exit.WAITING
    assert "no destination is set" in ran.err


def test_paused_uploads_are_not_waited_for(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST, DeliveryState.PENDING)
    daemon.control.paused = True
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


@pytest.mark.parametrize("ids", [("--all",), (FIRST[:6],), (f"{FIRST}-0",)], ids=" ".join)
def test_retry_takes_all_sessions_or_deliveries(logferry: Command, lively: Lively, ids: tuple[str, ...]) -> None:
    lively.find(FIRST, DeliveryState.FAILED)
    ran = logferry("retry", *ids)
    assert ran.code == Exit.DONE
    assert "1 delivery uploaded." in ran.out


def test_retry_of_nothing_failed_is_done_at_once(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.find(FIRST, DeliveryState.UPLOADED)
    assert logferry("retry", "--all").code == Exit.DONE


def test_pause_and_resume_reach_the_daemon(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert "Paused for 30 min." in logferry("pause", "--for", "30m").out
    assert daemon.control.paused
    assert logferry("resume").code == Exit.DONE
    assert not daemon.control.paused
    assert "logferry resume" in logferry("pause").out
    assert daemon.control.paused_until is None
