"""Letters that go in one request: each is a delivery of its own, whatever happens to the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import pytest

from logferry_daemon.convoys import APART, TOGETHER
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Request, Response
from logferry_daemon.core.offer import Offer
from logferry_daemon.dialects.native_batch import PATH, RECEIPTS
from logferry_daemon.offers import NothingOffered
from logferry_model.batch import Part, split_parts
from logferry_model.errors import Unreachable
from tests.daemon.shell.office import DESTINATION, SECOND, Office, answer, name_of, problem, stored
from tests.fakes import Answer, Sent

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TEN = tuple(f"{number:02}" for number in range(10))
OUTAGE = Unreachable("cut", "the connection broke")


class Offered(NothingOffered):
    """A destination that said how many letters it takes together."""

    def __init__(self, batch: int) -> None:
        self._batch = batch

    async def known(self, destination: Destination) -> Offer:
        return Offer(batch=self._batch)


def parts_of(sent: Sent) -> Sequence[Part]:
    return split_parts(sent.request.headers["Content-Type"], sent.request.body)


def single(part: Part) -> Sent:
    """What a post of its own would have been."""
    headers = {"Idempotency-Key": part.headers["idempotency-key"]}
    return Sent(DESTINATION.url, Request(method="POST", path="/api/v1/ingest", headers=headers, body=part.body), {})


Say = Callable[[Sent], Response]


def collector(say: Say = stored) -> Say:
    """Takes letters alone and together, and says the same of each either way."""

    def told(sent: Sent) -> Response:
        if sent.request.path == RECEIPTS:
            return answer(200, b'{"receipts": []}')
        if sent.request.path != PATH:
            return say(sent)
        return answer(200, b'{"results": [' + b",".join(_item(say, part) for part in parts_of(sent)) + b"]}")

    return told


def _item(say: Say, part: Part) -> bytes:
    one = say(single(part))
    kind = "receipt" if one.status < 300 else "problem"
    key = part.headers["idempotency-key"].strip('"')
    return msgspec.json.encode({"idempotency_key": key, "status": one.status, kind: msgspec.Raw(one.body)})


async def office(*script: Answer, names: Sequence[str] = TEN, batch: int = 100) -> Office:
    desk = Office(*script)
    desk.offers = Offered(batch)
    desk.open_again()
    await desk.find(*names)
    await desk.agree()
    return desk


def batches(desk: Office) -> list[list[str]]:
    """The sessions in each request that had several."""
    return [
        [name_of(single(part)) for part in parts_of(sent)] for sent in desk.sender.sent if sent.request.path == PATH
    ]


def posts(desk: Office) -> list[str]:
    return [name_of(sent) for sent in desk.sender.sent if sent.request.path == "/api/v1/ingest"]


async def test_several_that_wait_go_in_one_request() -> None:
    desk = await office(collector())
    await desk.work()
    assert [sorted(one) for one in batches(desk)] == [list(TEN)]
    assert posts(desk) == []
    assert desk.sender.sent[0].secret == {"Authorization": "Bearer s3cret"}
    rows = (await desk.rows()).values()
    assert {(row.state.value, row.attempts) for row in rows} == {("uploaded", 1)}
    assert {row.report_url for row in rows if row.report_url} == {row.report_url for row in rows}
    assert len({row.report_url for row in rows}) == len(TEN)


async def test_one_that_waits_goes_alone() -> None:
    desk = await office(collector(), names=["aa"])
    await desk.work()
    assert (batches(desk), posts(desk)) == ([], ["aa"])


@pytest.mark.parametrize("batch", [0, 1])
async def test_where_nobody_takes_several_each_goes_alone(batch: int) -> None:
    desk = await office(collector(), batch=batch)
    await desk.work()
    assert (batches(desk), sorted(posts(desk))) == ([], list(TEN))


async def test_a_request_has_no_more_than_may_be_in_it() -> None:
    many = [f"{number:02}" for number in range(60)]
    desk = await office(collector(), names=many, batch=10)
    await desk.work()
    assert max(len(one) for one in batches(desk)) == 10
    desk = await office(collector(), names=many, batch=100)
    await desk.work()
    assert max(len(one) for one in batches(desk)) == TOGETHER
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_the_oldest_go_first() -> None:
    desk = await office(collector(), names=[f"{number:02}" for number in range(60)])
    await desk.work()
    assert [min(one) for one in batches(desk)] == ["00", "25", "50"]


async def test_a_poison_member_is_parked_alone_and_another_one_is_tried_again() -> None:
    def picky(sent: Sent) -> Response:
        broken = {"03": problem(422, title="Session has no events"), "05": problem(500)}.get(name_of(sent))
        return broken or stored(sent)

    desk = await office(collector(picky))
    await desk.work(SECOND / 2)
    rows = await desk.rows()
    assert {name for name, row in rows.items() if row.state.value == "uploaded"} == set(TEN) - {"03", "05"}
    assert (rows["03"].state.value, rows["05"].state.value) == ("failed", "pending")
    assert "Session has no events" in rows["03"].last_error
    assert len(batches(desk)) == 1


@pytest.mark.parametrize("refusal", [problem(400), problem(422), problem(500), problem(404), answer(405)], ids=str)
async def test_a_request_that_is_refused_as_a_whole_is_sent_one_by_one_and_so_is_what_comes_next(
    refusal: Answer,
) -> None:
    def picky(sent: Sent) -> Response:
        if sent.request.path == PATH:
            assert isinstance(refusal, Response)
            return refusal
        return problem(422) if name_of(sent) == "03" else stored(sent)

    desk = await office(picky)
    async with desk.running():
        await desk.clock.advance(SECOND)
        assert await desk.states() == dict.fromkeys(TEN, "uploaded") | {"03": "failed"}
        await desk.find("aa", "bb", "cc")
        await desk.clock.advance(SECOND)
        assert len(batches(desk)) == 1
        await desk.clock.advance(APART)
        await desk.find("dd", "ee")
        await desk.clock.advance(SECOND)
        assert len(batches(desk)) == 2


async def test_a_request_that_is_too_large_is_halved_until_it_is_not() -> None:
    def small(sent: Sent) -> Response:
        if sent.request.path == PATH and len(parts_of(sent)) > 3:
            return problem(413)
        return collector()(sent)

    desk = await office(small)
    await desk.work()
    assert [len(one) for one in batches(desk)] == [10, 5, 2, 3, 5, 2, 3]
    assert posts(desk) == []
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_the_network_that_breaks_it_costs_one_failure_and_no_delivery() -> None:
    desk = await office(OUTAGE)
    await desk.work()
    assert len(desk.sender.sent) == 1
    rows = (await desk.rows()).values()
    assert {(row.state.value, row.attempts) for row in rows} == {("pending", 1)}
    assert not desk.gates.probing(DESTINATION.name)


async def test_every_try_has_the_same_bytes_of_each_together_and_alone() -> None:
    desk = await office(OUTAGE, stored, collector())
    await desk.work(HOUR)
    assert set((await desk.states()).values()) == {"uploaded"}
    together = {part.headers["idempotency-key"]: part for part in parts_of(desk.sender.sent[0])}
    alone = [sent.request for sent in desk.sender.sent if sent.request.path == "/api/v1/ingest"]
    assert len(alone) == len(TEN)
    for request in alone:
        part = together[request.headers["Idempotency-Key"]]
        assert part.body == request.body
        assert part.headers == {name.lower(): value for name, value in request.headers.items()}


@pytest.mark.parametrize("told", [slice(1, None), slice(0, 0)], ids=["all but one", "nothing"])
async def test_what_an_answer_leaves_out_goes_alone(told: slice) -> None:
    def forgetful(sent: Sent) -> Response:
        if sent.request.path != PATH:
            return collector()(sent)
        whole = msgspec.json.decode(collector()(sent).body)
        return answer(200, msgspec.json.encode({"results": whole["results"][told]}))

    desk = await office(forgetful)
    await desk.work()
    assert set((await desk.states()).values()) == {"uploaded"}
    assert (len(batches(desk)), len(posts(desk))) == (1, len(TEN[: told.start]) or len(TEN))


@pytest.mark.parametrize("said", [answer(200, b"{}"), answer(200, b'{"ok": true}'), answer(204), answer(202)], ids=str)
async def test_whoever_does_not_know_the_route_and_says_so_with_a_success_is_sent_each_alone(said: Response) -> None:
    desk = await office(lambda sent: said if sent.request.path == PATH else collector()(sent))
    await desk.work()
    assert set((await desk.states()).values()) == {"uploaded"}
    assert (len(batches(desk)), len(posts(desk))) == (1, len(TEN))


@pytest.mark.parametrize("status", [-1, 0, 100, 199, 600, 2**40])
async def test_a_status_that_is_none_says_nothing_of_the_destination(status: int) -> None:
    def wrong(sent: Sent) -> Response:
        if sent.request.path != PATH:
            return collector()(sent)
        whole = msgspec.json.decode(collector()(sent).body)
        return answer(200, msgspec.json.encode({"results": [one | {"status": status} for one in whole["results"]]}))

    desk = await office(wrong)
    await desk.work()
    assert set((await desk.states()).values()) == {"uploaded"}


async def test_a_receipt_of_another_letter_proves_nothing() -> None:
    def mixed_up(sent: Sent) -> Response:
        whole = msgspec.json.decode(collector()(sent).body)
        receipts = [one["receipt"] for one in whole["results"]]
        for one, receipt in zip(whole["results"], receipts[1:] + receipts[:1], strict=True):
            one["receipt"] = receipt
        return answer(200, msgspec.json.encode(whole))

    desk = await office(mixed_up)
    await desk.work()
    assert set((await desk.states()).values()) == {"pending"}


@pytest.mark.parametrize(
    ("said", "state"), [(problem(401), "held"), (problem(429, retry_after="900"), "waiting"), (answer(200, b"<p>", content_type="text/html"), "offline")], ids=str
)  # fmt: skip
async def test_what_is_said_of_the_destination_holds_it_and_nothing_goes_one_by_one(said: Answer, state: str) -> None:
    desk = await office(said)
    await desk.work()
    assert len(desk.sender.sent) == 1
    assert (await desk.gates.gate(DESTINATION)).state == state
    assert {row.attempts for row in (await desk.rows()).values()} == {0}


@asynccontextmanager
async def under_way(desk: Office) -> AsyncIterator[None]:
    """A request was begun, and its answer is a long time coming."""
    desk.sender.free.clear()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(desk.courier.run())
        while not desk.sender.sent:
            await asyncio.sleep(0)
        yield
        work.cancel()


async def test_nothing_of_a_deleted_session_is_being_sent_when_that_is_said_and_the_others_go_again() -> None:
    desk = await office(collector())
    async with under_way(desk):
        removed = await desk.spool.delete("03", "artemis", desk.clock.now(), ask=())
        await desk.courier.drop(removed.stopped)
        assert desk.sender.broken_off == 1
        desk.sender.free.set()
        await desk.clock.idle()
        await desk.clock.advance(MINUTE)
    assert await desk.states() == dict.fromkeys(set(TEN) - {"03"}, "uploaded")
    assert all("03" not in one for one in batches(desk)[1:])


async def test_a_pause_stops_all_of_it_at_once() -> None:
    desk = await office(collector())
    async with under_way(desk):
        await desk.gates.holds.pause(None)
        await desk.clock.idle()
        assert desk.sender.broken_off == 1
        assert set((await desk.states()).values()) == {"pending"}
        desk.sender.free.set()
        await desk.gates.holds.resume()
        await desk.clock.advance(SECOND)
    assert set((await desk.states()).values()) == {"uploaded"}


class Storing:
    """A collector that keeps its receipts, and loses answers of uploads when it is told to."""

    def __init__(self) -> None:
        self.receipts: dict[str, bytes] = {}
        self.loses = False
        self.asked = 0
        self._say = collector(self._keep)

    def _keep(self, sent: Sent) -> Response:
        one = stored(sent)
        self.receipts[sent.request.headers["Idempotency-Key"].strip('"')] = one.body
        return one

    def __call__(self, sent: Sent) -> Response:
        if sent.request.path == RECEIPTS:
            self.asked += 1
            keys = msgspec.json.decode(sent.request.body)["keys"]
            return answer(
                200, b'{"receipts": [' + b",".join(self.receipts[k] for k in keys if k in self.receipts) + b"]}"
            )
        return self._say(sent)


async def killed_while_sending(*keep: str) -> tuple[Office, Storing]:
    """A daemon that ended before it heard the answer; of its sessions these arrived."""
    there = Storing()
    desk = await office(there)
    desk.sender.free.clear()
    await desk.gates.load()
    task = asyncio.ensure_future(desk.courier.run())
    async with asyncio.timeout(60):
        while not desk.sender.sent:
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for part in parts_of(desk.sender.sent[0]):
        if name_of(single(part)) in keep:
            there._keep(single(part))
    desk.spool.restart()
    desk.sender.free.set()
    desk.open_again()
    return desk, there


@pytest.mark.parametrize("arrived", [TEN, TEN[:4], ()], ids=["all", "some", "none"])
async def test_after_a_restart_it_is_asked_what_arrived_and_only_the_rest_is_sent(arrived: tuple[str, ...]) -> None:
    desk, there = await killed_while_sending(*arrived)
    await desk.work(MINUTE)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert there.asked == 1
    again = [name for one in batches(desk)[1:] for name in one] + posts(desk)
    assert sorted(again) == sorted(set(TEN) - set(arrived))


async def test_a_receipt_for_other_bytes_is_no_proof_and_the_session_is_sent() -> None:
    desk, there = await killed_while_sending(*TEN)
    there.receipts = {
        key: body.replace(b'"received_digest":"', b'"received_digest":"00') for key, body in there.receipts.items()
    }
    await desk.work(MINUTE)
    assert sorted(name for one in batches(desk)[1:] for name in one) == list(TEN)


@pytest.mark.parametrize("silence", [problem(404), problem(500), answer(200, b"[]"), OUTAGE], ids=str)
async def test_whoever_cannot_be_asked_is_sent_all_of_it(silence: Answer) -> None:
    desk, there = await killed_while_sending(*TEN)

    def say(sent: Sent) -> Response:
        if sent.request.path != RECEIPTS:
            return there(sent)
        if isinstance(silence, Response):
            return silence
        raise OUTAGE

    desk.sender.script = [say]
    await desk.work(MINUTE)
    assert set((await desk.states()).values()) == {"uploaded"}
    assert len(batches(desk)) == 2
