from datetime import timedelta

from logferry.blocks import Line, Span
from logferry.demo.journey import Journey
from logferry_ipc.messages import Delivery, DeliveryState, EventKind, SessionList, SessionSummary, StreamEvent
from logferry_model.session import End, EndRule
from tests.factories import HOUR, START

ID, URL = "0123456789abcdef", "http://127.0.0.1:1/r/x"
AFTER = timedelta(seconds=1.5)


def text(line: Line) -> str:
    return "".join(word.text if isinstance(word, Span) else word for word in line.words)


def delivery(state: DeliveryState, **fields: str) -> Delivery:
    return Delivery(id="d1", destination="home", revision=1, state=state, **fields)  # type: ignore[arg-type]


def known(*deliveries: Delivery) -> SessionList:
    session = SessionSummary(
        id=ID,
        tracker="artemis",
        source="main",
        started_at=START,
        ended_at=START + HOUR,
        events=90,
        revision=1,
        end=End(rule=EndRule.EXPLICIT, evidence="line 45: Shutdown", confidence=1.0),
        deliveries=deliveries,
    )
    return SessionList(sessions=(session,))


def changed(state: DeliveryState, **fields: str) -> StreamEvent:
    kind = EventKind.DELIVERY_CHANGED
    return StreamEvent(cursor="a.1", kind=kind, at=START, session=ID, delivery=delivery(state, **fields))


def test_a_new_session_is_told_with_what_ended_it() -> None:
    lines = list(map(text, Journey().look(known(), after=AFTER)))
    assert lines == ["  1.5 s  artemis          01234567  found: 90 events, ended by", "line 45: Shutdown"]


def test_held_is_told_once_and_with_its_reason() -> None:
    journey, held = Journey(), delivery(DeliveryState.HELD, reason="no consent")
    assert text(list(journey.look(known(held), after=AFTER))[-1]).endswith("held: no consent")
    assert list(journey.look(known(held), after=AFTER)) == []
    assert journey.held == {ID}


def test_the_end_of_the_journey_is_an_address() -> None:
    journey = Journey()
    list(journey.look(known(delivery(DeliveryState.HELD)), after=AFTER))
    assert [text(line)[-9:] for line in journey.take(changed(DeliveryState.UPLOADING), after=AFTER)] == ["uploading"]
    lines = list(journey.take(changed(DeliveryState.UPLOADED, report_url=URL), after=AFTER))
    assert text(lines[-1]) == URL
    assert (journey.held, journey.uploaded) == (set(), {ID: URL})


def test_an_event_that_tells_nothing_new_is_silent() -> None:
    journey = Journey()
    list(journey.take(changed(DeliveryState.PENDING), after=AFTER))
    assert list(journey.take(changed(DeliveryState.PENDING), after=AFTER)) == []


def test_a_failed_try_is_told_with_its_error() -> None:
    lines = list(Journey().take(changed(DeliveryState.PENDING, last_error="no answer"), after=AFTER))
    assert text(lines[0]).endswith("pending: no answer")
