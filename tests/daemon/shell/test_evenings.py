"""A whole daemon and Discord: an evening is one message, whatever is lost, deleted or sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from logferry_daemon.core.exchange import Response
from logferry_ipc.messages import DeleteRequest, Login, NewDestination, NewSource, PauseRequest, RetryRequest
from logferry_model.errors import Unreachable
from tests.daemon.shell.house import House
from tests.discord_server import SECRET, Discord, says
from tests.factories import artemis_document, encode_document
from tests.fakes import ScriptedSender, Sent

EVENING = datetime(2026, 3, 1, 19, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Guild(House):
    """A house whose sessions go to a channel."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.discord = Discord()
        self.sender = ScriptedSender(self._answer)
        self.lost: list[str] = []
        """Methods of which the next answer is lost once Discord has done what it was asked."""
        self.limited = False

    def _answer(self, sent: Sent) -> Response:
        if self.limited:
            return says(429, {"message": "You are being rate limited.", "retry_after": 0.3})
        request = replace(sent.request, path=urlsplit(sent.url).path + sent.request.path)
        told = self.discord.answer(request)
        if request.method in self.lost:
            self.lost.remove(request.method)
            raise Unreachable("cut", "the connection broke")
        return told

    async def move_in(self) -> None:
        await self.control.add_source(NewSource(tracker="artemis", path=str(self.logs), name="hunts"))
        new = NewDestination(name="guild", dialect="webhook", url="https://discord.com/api/webhooks")
        await self.control.add_destination(new)
        await self.control.login("guild", Login(secret=SECRET))
        await self.agree("guild")

    async def play(self, *starts: datetime, events: int = 5) -> None:
        """Sessions of half an hour each, and time for them to go."""
        for start in starts:
            document = artemis_document(start.hour, start=start, length=HOUR / 2, events=events)
            self.files.write(f"{document['id']}.json", encode_document(document), mtime=LONG_AGO)
        await self.fleet.rescan()
        await self.pass_time(MINUTE)
        await self.fleet.rescan()
        await self.pass_time(MINUTE)

    async def counts(self) -> tuple[int, int]:
        """Uploaded, and found."""
        now = (await self.control.status()).counts
        return now.uploaded, now.found

    def sizes(self) -> list[int]:
        """Sessions in each message."""
        return [len(one) for one in self.discord.sessions()]


@pytest.fixture
async def guild(tmp_path: Path) -> AsyncIterator[Guild]:
    made = Guild(tmp_path)
    async with made.open():
        await made.move_in()
        yield made


async def test_three_sessions_of_an_evening_are_one_message_and_the_next_days_is_another(guild: Guild) -> None:
    await guild.play(EVENING)
    await guild.play(EVENING + HOUR)
    await guild.play(EVENING + 3 * HOUR)
    assert guild.sizes() == [3]
    await guild.play(EVENING + 24 * HOUR)
    assert guild.sizes() == [3, 1]
    assert await guild.counts() == (4, 4)


async def test_what_waits_together_goes_one_at_a_time(guild: Guild) -> None:
    await guild.play(*(EVENING + number * HOUR for number in range(6)))
    assert guild.sizes() == [6]
    assert guild.sender.at_once == 1
    assert await guild.counts() == (6, 6)


async def test_a_limit_is_heard_once(guild: Guild) -> None:
    guild.limited = True
    await guild.control.pause(PauseRequest())
    await guild.play(*(EVENING + number * HOUR for number in range(6)))
    await guild.control.resume()
    await guild.quiet()
    assert len(guild.sender.sent) == 1
    guild.limited = False
    await guild.pass_time(MINUTE)
    assert guild.sizes() == [6]


async def test_an_answer_that_is_lost_doubles_nothing_in_an_evening(guild: Guild) -> None:
    await guild.play(EVENING)
    guild.lost = ["PATCH", "PATCH"]
    await guild.play(EVENING + HOUR, EVENING + 2 * HOUR)
    await guild.control.retry(RetryRequest())
    await guild.pass_time(MINUTE)
    assert guild.lost == []
    assert guild.sizes() == [3]
    assert sorted(len(set(one)) for one in guild.discord.sessions()) == [3]
    assert await guild.counts() == (3, 3)


async def test_a_newer_version_of_a_session_is_told_in_its_place(guild: Guild) -> None:
    await guild.play(EVENING, EVENING + HOUR)
    await guild.play(EVENING, events=8)
    (shown,) = guild.discord.footers()
    assert [one.partition(" · ")[2] for one in shown] == ["version 2", "version 1"]


async def test_a_deleted_session_leaves_its_evening_and_the_last_one_takes_the_message_along(guild: Guild) -> None:
    await guild.play(EVENING, EVENING + HOUR)
    ((first, second),) = guild.discord.sessions()
    await guild.control.delete(first, DeleteRequest(remote=True))
    await guild.pass_time(MINUTE)
    assert guild.discord.sessions() == [[second]]
    await guild.control.delete(second, DeleteRequest(remote=True))
    await guild.pass_time(MINUTE)
    assert guild.discord.messages == {}
    deleted = (await guild.control.sessions()).deleted
    assert [[copy.state for copy in one.copies] for one in deleted] == [["deleted"], ["deleted"]]


async def test_nothing_is_put_into_a_message_while_something_is_taken_out(guild: Guild) -> None:
    await guild.play(EVENING, EVENING + HOUR)
    ((first, second),) = guild.discord.sessions()
    await guild.control.pause(PauseRequest())
    await guild.play(EVENING + 2 * HOUR)
    # All answers are a long time coming: both would be under way then, if they could.
    guild.sender.free.clear()
    await guild.control.delete(first, DeleteRequest(remote=True))
    await guild.control.resume()
    for _ in range(100):
        await asyncio.to_thread(int)  # letters are written in a thread
    assert guild.sender.at_once == 1
    guild.sender.free.set()
    await guild.pass_time(MINUTE)
    ((shown, new),) = guild.discord.sessions()
    assert shown == second
    assert new not in {first, second}


async def test_a_message_that_was_deleted_by_hand_is_followed_by_a_new_one(guild: Guild) -> None:
    await guild.play(EVENING)
    guild.discord.messages.clear()
    await guild.play(EVENING + HOUR)
    await guild.play(EVENING + 2 * HOUR)
    assert guild.sizes() == [2]
