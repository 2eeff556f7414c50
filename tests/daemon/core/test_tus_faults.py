"""The tus core and whatever goes wrong: no byte is lost or doubled, and no server is sent much more than the letter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.exchange import Later, Request, Response, Upload
from logferry_daemon.core.offer import SMALLEST, Pieces
from logferry_daemon.core.tus import PATH, TRIES, Arrived, End, upload_in_pieces
from logferry_daemon.dialects.status import outcome_of_failure
from logferry_model.errors import Unreachable
from tests.daemon.core.test_tus import BODY, NOW, PIECE, PIECES, URL, Desk, letter
from tests.tus_model import Fault, Killed, answer

# Whatever happens

faults = st.one_of(
    st.just(Fault()),
    st.builds(Fault, after=st.integers(0, 12), kill=st.booleans()),
    st.just(Fault(lost=True)),
    st.just(Fault(kill=True)),
    st.builds(Fault, says=st.builds(answer, st.sampled_from([409, 423, 429, 460, 500, 503]))),
    st.just(Fault(expire=True)),
)


@given(st.lists(faults, max_size=40), st.integers(1, 80))
def test_random_cuts_kills_and_restarts_lose_and_double_no_byte(script: list[Fault], size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    desk = Desk(*script)
    for _ in range(len(script) + 2):
        try:
            if isinstance(desk.attempt(body), Arrived):
                break
        except (Killed, Unreachable):
            continue
    else:
        pytest.fail("it never arrived")
    assert desk.server.finished == [body]
    if not any(fault.expire for fault in script):
        assert desk.server.received == size


@given(st.lists(st.builds(Fault, after=st.integers(0, 12), kill=st.booleans()), max_size=20), st.integers(1, 80))
def test_what_a_cut_costs_is_at_most_the_piece_that_was_cut(script: list[Fault], size: int) -> None:
    """The server of this one throws a broken piece away."""
    body = bytes(number % 251 for number in range(size))
    desk = Desk(Fault(), *script)
    desk.server.all_or_nothing = True
    for _ in range(len(script) + 2):
        try:
            if isinstance(desk.attempt(body), Arrived):
                break
        except (Killed, Unreachable):
            continue
    assert desk.server.finished == [body]
    assert desk.server.received == size
    assert desk.server.wasted <= PIECE * len(script)


# Servers that forget, step back or count what they like

Telling = Callable[[Request], Response]


def forgets(request: Request) -> Response:
    """After the first piece, each time."""
    if request.method == "POST":
        return answer(201, location=f"{PATH}/x")
    first = request.method == "PATCH" and request.headers["Upload-Offset"] == "0"
    return answer(204, upload_offset=len(request.body)) if first else answer(404)


def steps_back(request: Request) -> Response:
    """To nothing, after the first piece, each time."""
    if request.method == "HEAD":
        return answer(200, upload_offset=0)
    said = forgets(request)
    return answer(409) if said.status == 404 else said


def breaks_off(request: Request) -> Response:
    """After the first piece, each time, and knows nothing of it then."""
    if request.method == "PATCH" and request.headers["Upload-Offset"] != "0":
        raise Unreachable("cut", "the connection broke")
    return forgets(request)


def counts_one(request: Request) -> Response:
    """Byte of each piece."""
    if request.method == "PATCH":
        return answer(204, upload_offset=int(request.headers["Upload-Offset"]) + 1)
    return answer(200, upload_offset=1) if request.method == "HEAD" else forgets(request)


def counts_half(request: Request) -> Response:
    """Of each piece, and a little; nothing of it is there when it is asked."""
    if request.method == "PATCH":
        return answer(204, upload_offset=int(request.headers["Upload-Offset"]) + len(request.body) // 2 + 1)
    return answer(200, upload_offset=0) if request.method == "HEAD" else forgets(request)


MOST = len(BODY) + TRIES * PIECE


def talk_with(server: Telling, upload: Upload, most: int) -> tuple[End | None, int, Upload]:
    """How it ends within so many requests, the bytes that were sent, and what is kept; None: it goes on for ever."""
    talk = upload_in_pieces(
        letter(), upload, PIECES, tracker="artemis", url=URL, failure=lambda said: outcome_of_failure(said, NOW)
    )
    sent = 0
    try:
        request = next(talk)
        for _ in range(most):
            upload, sent = request.keep or upload, sent + len(request.body)
            try:
                said = server(request)
            except Unreachable as error:
                request = talk.throw(error)
            else:
                request = talk.send(said)
    except StopIteration as done:
        end: End = done.value
        return end, sent, upload
    return None, sent, upload


@pytest.mark.parametrize("server", [forgets, steps_back, breaks_off, counts_one])
def test_who_forgets_or_miscounts_is_for_later_each_time_and_each_time_counts(server: Telling) -> None:
    upload = Upload()
    for _ in range(5):
        end, sent, upload = talk_with(server, upload, 100)
        assert isinstance(end, Later)
        assert not end.free
        assert sent <= MOST
        if server is not breaks_off:  # what the network breaks is tried for ever
            assert (end.parks_after, end.parks_age) == (20, timedelta(days=1))


def test_who_counts_half_of_each_piece_is_not_sent_all_of_it_twice() -> None:
    end, sent, _ = talk_with(counts_half, Upload(), 100)
    assert isinstance(end, Later)
    assert sent <= MOST


def test_a_letter_that_was_forgotten_early_arrives_in_the_same_attempt() -> None:
    desk = Desk(*[Fault()] * 3, Fault(expire=True))
    assert isinstance(desk.attempt(), Arrived)
    assert desk.server.finished == [BODY]


def test_a_letter_that_was_forgotten_late_goes_on_in_the_next_attempt_where_this_one_ended() -> None:
    desk = Desk(*[Fault()] * 9, Fault(expire=True))
    assert isinstance(desk.attempt(), Later)
    received, (there, _) = desk.server.received, desk.server.uploads["u1"]
    assert (begun := len(there)) > 0
    assert isinstance(desk.attempt(), Arrived)
    assert desk.server.received == received + len(BODY) - begun


anything = st.tuples(
    st.sampled_from(["whole", "count", "count", "404", "409", "460", "204", "cut"]), st.integers(-12, 20), st.booleans()
)


@given(st.lists(anything, min_size=1, max_size=12), st.integers(0, 95))
def test_no_server_is_sent_more_in_one_conversation_than_the_letter_and_some_pieces(
    script: list[tuple[str, int, bool]], offset: int
) -> None:
    """Its answers come round again and again: only the client can end it."""
    answers = cycle(script)
    there = 0

    def server(request: Request) -> Response:
        nonlocal there
        if request.method == "POST":
            return answer(201, location=f"{PATH}/x")
        kind, by, remembered = next(answers)
        if kind == "cut":
            raise Unreachable("cut", "the connection broke")
        if kind not in {"whole", "count"}:
            return answer(int(kind))
        begun = int(request.headers.get("Upload-Offset", there))
        said = begun + (len(request.body) if kind == "whole" else by)
        there = said if remembered else there
        return answer(204 if request.method == "PATCH" else 200, upload_offset=said)

    upload = Upload(path=f"{PATH}/x", offset=offset)
    try:
        end, sent, _ = talk_with(server, upload, 1_000)
    except Unreachable:
        return  # where it could not be asked, before any progress
    assert end is not None
    assert sent <= MOST


def test_pieces_are_no_smaller_than_is_worth_a_round_trip() -> None:
    assert Pieces().smallest == SMALLEST
