"""Terms and previews through the whole daemon over fakes."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from logferry_daemon.core.addressing import BY_POLICY
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.scribe import RENEWED_NOTE
from logferry_ipc.messages import Login, PauseRequest, Preview, PrivacyChange
from logferry_ipc.routes import BY_CALL, Scope
from logferry_model.envelope import Envelope, sha256_hex
from logferry_model.errors import Misconfigured, Refused, Unreachable
from tests.daemon.shell.house import House
from tests.daemon.shell.stage import hunt

DAY = timedelta(days=1)
CODE = "tokens-renewed"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    async with made.open():
        yield made


async def shown(house: House) -> Preview:
    (one, *_) = (await house.control.sessions()).sessions
    return await house.control.preview(one.id, "home")


def inside(body: bytes) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.decode(gzip.decompress(body), type=Envelope).payload)
    return document


def posted(house: House) -> list[bytes]:
    return [sent.request.body for sent in house.sender.sent if sent.request.method == "POST"]


# Previews


def test_only_the_owner_may_look() -> None:
    assert BY_CALL["preview"].scope is Scope.ADMIN
    assert BY_CALL["change_privacy"].scope is Scope.ADMIN


async def test_a_preview_is_what_is_sent(house: House) -> None:
    await house.add_source()
    await house.add_destination()
    await house.hunt()
    before = await shown(house)
    assert (before.state, before.content_encoding, before.sha256) == ("held", "gzip", sha256_hex(before.body))
    assert inside(before.body) == msgspec.json.decode(before.document)
    await house.control.login("home", Login(secret="s3cret"))
    await house.agree()
    await house.decide("*")
    await house.pass_time(timedelta(minutes=1))
    assert posted(house) == [before.body]


async def test_a_preview_says_what_was_removed_and_why_the_most_frequent_first(house: House) -> None:
    await house.set_up()
    await house.hunt()
    removed = (await shown(house)).removed
    assert {"name", "tags"} <= {one.field for one in removed if one.reason == BY_POLICY}
    assert [one.times for one in removed] == sorted((one.times for one in removed), reverse=True)


async def test_a_preview_under_other_terms_shows_what_they_would_send(house: House) -> None:
    """Also where a letter was written on the terms before, which never arrived."""
    house.sender.script = [Unreachable("refused", "connection refused")]
    await house.set_up()
    await house.hunt()
    await house.pass_time(timedelta(minutes=1))
    on_old_terms = await shown(house)
    assert posted(house) == [on_old_terms.body] * len(posted(house)) != []
    changed = await house.control.change_privacy("home", PrivacyChange(treatments={"tags": "token"}))
    assert not changed.granted
    on_new_terms = await shown(house)
    assert on_new_terms.body != on_old_terms.body
    assert "tags" not in inside(on_old_terms.body)
    assert all(tag.startswith("tag-") for tag in inside(on_new_terms.body)["tags"])
    await house.agree()
    assert inside((await shown(house)).body) == inside(on_new_terms.body)


async def test_who_asks_for_what_is_not_sent_is_told_whether_some_of_it_may_be_over_there(house: House) -> None:
    house.sender.script = [Unreachable("cut", "connection lost")]
    await house.set_up()
    await holding(house, "lantern of brass", 1)
    await house.pass_time(timedelta(minutes=1))
    first = (await house.control.sessions()).sessions[0].id
    await house.control.pause(PauseRequest())
    await holding(house, "lantern of brass", 2)
    (second,) = {one.id for one in (await house.control.sessions()).sessions} - {first}
    await house.spool.withhold(Secrets(["lantern of brass"]))
    hints = {one: (await refusal(house, one)).hint for one in (first, second)}
    assert f"sessions delete {first} --remote" in hints[first]
    assert "may be at home" in hints[first]
    assert "Nothing was sent" not in hints[first]
    assert "Nothing was sent" in hints[second]


async def holding(house: House, key: str, seed: int) -> None:
    """A finished session in which something is called like a key that is not known yet."""
    document = msgspec.json.decode(hunt(seed))
    document["events"][-1] |= {"type": "loot", "itemName": key}
    long_ago = house.clock.now() - 30 * DAY
    house.files.write(f"session-{seed}.json", msgspec.json.encode(document), mtime=long_ago)
    await house.fleet.rescan()
    await house.quiet()


async def refusal(house: House, session: str) -> Refused:
    with pytest.raises(Refused, match="would leak") as caught:
        await house.control.preview(session, "home")
    return caught.value


async def test_without_a_key_for_tokens_a_preview_says_that_names_go_as_tokens_later(house: House) -> None:
    house.credentials.roomless = True
    await house.add_source()
    await house.add_destination()
    await house.control.change_privacy("home", PrivacyChange(treatments={"tags": "token"}))
    await house.hunt()
    before = await shown(house)
    assert "no key for tokens yet" in before.note
    assert "logferry login home" in before.note
    assert "tags" not in inside(before.body)
    house.credentials.roomless = False
    after = await shown(house)
    assert after.note == ""
    assert all(tag.startswith("tag-") for tag in inside(after.body)["tags"])


@pytest.mark.parametrize(("group", "treatment"), [("playres", "keep"), ("players", "keeep")])
async def test_a_word_that_is_none_of_ours_is_answered_with_the_one_that_was_meant(
    house: House, group: str, treatment: str
) -> None:
    await house.add_destination()
    with pytest.raises(Misconfigured) as caught:
        await house.control.change_privacy("home", PrivacyChange(treatments={group: treatment}))
    assert "Did you mean" in caught.value.hint


# Tokens


async def codes(house: House) -> list[str]:
    return [one.code for one in (await house.control.status()).attention]


async def test_who_lost_the_key_for_tokens_is_told_for_a_month(house: House) -> None:
    await house.set_up()
    await house.hunt()
    await house.pass_time(timedelta(minutes=1))
    assert CODE not in await codes(house)
    house.credentials._own.clear()
    house.credentials._own["pseudonyms"] = "cd" * 32
    house.fleet.road.scribe._tokens.clear()
    await house.hunt(2)
    await house.pass_time(timedelta(minutes=1))
    (entry,) = [one for one in (await house.control.status()).attention if one.code == CODE]
    assert "other tokens than before" in entry.message
    assert entry.hint
    house.clock.set(house.clock.now() + 29 * DAY)
    assert CODE in await codes(house)
    house.clock.set(house.clock.now() + 2 * DAY)
    assert CODE not in await codes(house)


async def test_no_key_that_was_lost_is_no_news(house: House) -> None:
    await house.set_up()
    assert await house.spool.note(RENEWED_NOTE) is None
    assert CODE not in await codes(house)
