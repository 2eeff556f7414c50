"""Uploads without a key that anybody gave out, over real HTTP: by a key of the sender's own making, where that is allowed."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession

from logferry_collector.compose import open_collector
from logferry_collector.joining import NOTE
from logferry_collector.keys import create_key, list_keys, revoke_key
from logferry_collector.limits import KIB, Limits
from logferry_collector.settings import CollectorSettings

from .client import Answer, Client
from .factories import hunting_session, tiny_session

OTHER_KEY = "fedcba9876543210"
JOIN = "/api/v1/me/join"


def own_key() -> str:
    return f"lfa_{secrets.token_urlsafe(32)}"


@pytest.fixture
def open_to_all(settings: CollectorSettings) -> CollectorSettings:
    return settings.model_copy(update={"anonymous": True})


@pytest.fixture
async def anybody(open_to_all: CollectorSettings) -> AsyncIterator[Client]:
    """Somebody whom nobody gave a key."""
    async with open_collector(open_to_all) as running, ClientSession(auto_decompress=False) as session:
        yield Client(session, running.url, own_key())


@pytest.fixture
def mila(open_to_all: CollectorSettings) -> str:
    """The key of an account that was made by hand."""
    return create_key(open_to_all, "mila").text


def another(client: Client, key: str = "") -> Client:
    return replace(client, key=key or own_key())


def rows(settings: CollectorSettings, table: str) -> int:
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database:
        count: int = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 -- our own names
        return count


async def asked(client: Client, method: str, path: str, body: bytes | None = None) -> Answer:
    return await client.ask(method, path, body=body, headers={"Authorization": f"Bearer {client.key}"})


async def deleted(client: Client, report: str) -> Answer:
    return await asked(client, "DELETE", f"/api/v1/encounters/{report}")


async def joined(client: Client, key: str) -> Answer:
    return await asked(client, "POST", JOIN, json.dumps({"key": key}).encode())


# Whether it is allowed


async def test_it_is_off_unless_the_operator_says_so(client: Client, settings: CollectorSettings) -> None:
    stranger = another(client)
    answer = await stranger.upload(tiny_session())
    assert (answer.status, answer.problem.code) == (401, "anonymous-refused")
    assert "logferry login" in answer.problem.hint
    assert (await stranger.get("/api/v1/receipts/x", X_API_Key=stranger.key)).problem.code == "anonymous-refused"
    assert json.loads((await client.get("/info")).body)["anonymous"] is False
    assert rows(settings, "accounts") == 1


async def test_it_is_stored_proved_and_shown(anybody: Client, open_to_all: CollectorSettings) -> None:
    answer = await anybody.upload(hunting_session())
    assert answer.status == 201
    page = await anybody.get(f"/r/{answer.receipt.report_id}", Accept="text/html")
    assert (page.status, "Atrox Provider" in page.text) == (200, True)
    assert json.loads((await anybody.get("/info")).body)["anonymous"] is True
    (key,) = list_keys(open_to_all)
    assert (key.account, key.note) == (f"anonymous-{key.public_id}", NOTE)


async def test_two_installations_are_two_accounts_and_one_is_one(
    anybody: Client, open_to_all: CollectorSettings
) -> None:
    first = await anybody.upload(tiny_session())
    again = await anybody.upload(tiny_session(name="After"), key=OTHER_KEY, revision=2)
    assert again.receipt.report_id == first.receipt.report_id
    other = await another(anybody).upload(tiny_session())
    assert (other.status, other.receipt.report_id != first.receipt.report_id) == (201, True)
    assert (rows(open_to_all, "accounts"), rows(open_to_all, "keys"), rows(open_to_all, "reports")) == (2, 2, 2)


async def test_nobody_reaches_what_another_one_sent(anybody: Client) -> None:
    report = (await anybody.upload(tiny_session())).receipt.report_id
    stranger = another(anybody)
    assert (await deleted(stranger, report)).problem.code == "report-unknown"
    assert (await asked(stranger, "GET", f"/api/v1/encounters/{report}")).status == 404
    assert (await deleted(anybody, report)).status == 200
    assert (await anybody.upload(tiny_session(), key=OTHER_KEY)).status == 410


async def test_who_has_sent_nothing_yet_has_nothing_and_becomes_nobody(
    anybody: Client, open_to_all: CollectorSettings
) -> None:
    """A daemon asks for the receipt of a session that never arrived."""
    found = await asked(anybody, "GET", "/api/v1/receipts/0123456789abcdef")
    assert (found.status, found.problem.code) == (404, "not-found")
    assert (await deleted(anybody, "nothing")).problem.code == "report-unknown"
    assert rows(open_to_all, "accounts") == 0


async def test_what_is_not_a_session_makes_no_account(anybody: Client, open_to_all: CollectorSettings) -> None:
    assert (await anybody.upload(tiny_session(), revision=0)).status == 422
    assert rows(open_to_all, "accounts") == 0


async def test_many_first_uploads_at_once_are_one_account(anybody: Client, open_to_all: CollectorSettings) -> None:
    """More of them than may come new in an hour: they are one installation."""
    sessions = [tiny_session(natural_key=f"artemis-{number}") for number in range(25)]
    uploads = (anybody.upload(one, key=f"key-number-{number:06}") for number, one in enumerate(sessions))
    assert [answer.status for answer in await asyncio.gather(*uploads)] == [201] * 25
    assert (rows(open_to_all, "accounts"), rows(open_to_all, "reports")) == (1, 25)


@pytest.mark.parametrize(
    "key",
    [
        "lfa_",
        "lfa_" + "k" * 42,
        "lfa_" + "k" * 44,
        "lfa_" + "k" * 42 + "!",
        "LFA_" + "k" * 43,
        "k" * 43,
        "lfa-" + "k" * 43,
    ],
)
async def test_what_is_no_such_key_opens_nothing(anybody: Client, open_to_all: CollectorSettings, key: str) -> None:
    answer = await another(anybody, key).upload(tiny_session())
    assert (answer.status, answer.problem.code) == (401, "credential-invalid")
    assert rows(open_to_all, "accounts") == 0


async def test_no_key_at_all_is_still_none(anybody: Client) -> None:
    assert (await another(anybody, " ").upload(tiny_session())).problem.code == "credential-missing"


async def test_a_key_that_the_operator_revoked_does_not_come_back(
    anybody: Client, open_to_all: CollectorSettings
) -> None:
    await anybody.upload(tiny_session())
    (key,) = list_keys(open_to_all)
    revoke_key(open_to_all, key.public_id)
    assert (await anybody.upload(tiny_session(), key=OTHER_KEY)).problem.code == "credential-invalid"
    assert rows(open_to_all, "accounts") == 1


async def test_where_it_is_switched_off_again_nothing_more_comes_in_but_can_be_taken_away(
    anybody: Client, settings: CollectorSettings
) -> None:
    report = (await anybody.upload(tiny_session())).receipt.report_id
    async with open_collector(settings) as running:
        closed = replace(anybody, url=running.url)
        assert (await closed.upload(tiny_session(), key=OTHER_KEY)).problem.code == "anonymous-refused"
        assert (await asked(closed, "GET", f"/api/v1/encounters/{report}")).status == 200
        assert (await deleted(closed, report)).status == 200


async def test_no_more_than_so_many_come_new_from_one_address(open_to_all: CollectorSettings) -> None:
    limits = Limits(newcomers_per_hour=2)
    async with open_collector(open_to_all, limits) as running, ClientSession(auto_decompress=False) as session:
        first = Client(session, running.url, own_key())
        assert (await first.upload(tiny_session())).status == 201
        assert (await another(first).upload(tiny_session())).status == 201
        third = await another(first).upload(tiny_session())
        assert (third.status, third.problem.code, third.headers["Retry-After"]) == (429, "too-many-newcomers", "600")
        # Whoever is known already is not new.
        assert (await first.upload(tiny_session(), key=OTHER_KEY)).status == 200
        assert json.loads((await first.get("/info")).body)["limits"]["newcomers_per_hour"] == 2
    assert rows(open_to_all, "accounts") == 2


async def test_the_key_is_in_no_file_and_no_log(
    anybody: Client, open_to_all: CollectorSettings, caplog: pytest.LogCaptureFixture, mila: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        await anybody.upload(tiny_session())
        await joined(another(anybody, mila), anybody.key)
    secret = anybody.key.removeprefix("lfa_")
    assert secret not in caplog.text
    file = Path(open_to_all.database_url.removeprefix("sqlite:///"))
    assert not any(secret.encode() in one.read_bytes() for one in file.parent.glob(f"{file.name}*"))


# Taken into an account


async def both(anybody: Client, mila: str) -> tuple[Client, str]:
    """The account, and a report that was sent before there was one."""
    return another(anybody, mila), (await anybody.upload(tiny_session(name="Before"))).receipt.report_id


async def test_what_was_sent_before_is_the_accounts_and_the_key_is_done_for(anybody: Client, mila: str) -> None:
    account, report = await both(anybody, mila)
    assert (await asked(account, "GET", f"/api/v1/encounters/{report}")).status == 404
    answer = await joined(account, anybody.key)
    assert (answer.status, json.loads(answer.body)) == (200, {"reports": 1})
    assert (await asked(account, "GET", f"/api/v1/encounters/{report}")).status == 200
    assert (await asked(account, "GET", "/api/v1/receipts/0123456789abcdef")).receipt.report_id == report
    assert (await anybody.upload(tiny_session(), key=OTHER_KEY)).problem.code == "credential-invalid"


async def test_its_address_stays_and_a_new_version_goes_there(anybody: Client, mila: str) -> None:
    account, report = await both(anybody, mila)
    await joined(account, anybody.key)
    again = await account.upload(tiny_session(name="After"), key=OTHER_KEY, revision=2)
    assert (again.status, again.receipt.report_id) == (201, report)
    assert "After" in (await account.get(f"/r/{report}")).text


async def test_a_request_that_got_no_answer_is_not_stored_twice(anybody: Client, mila: str) -> None:
    account, report = await both(anybody, mila)
    await joined(account, anybody.key)
    again = await account.upload(tiny_session(name="Before"))
    assert (again.headers["Idempotency-Replayed"], again.receipt.report_id) == ("true", report)


async def test_it_is_deleted_with_the_accounts_key_and_stays_deleted(
    anybody: Client, mila: str, open_to_all: CollectorSettings
) -> None:
    account, report = await both(anybody, mila)
    await joined(account, anybody.key)
    assert (await deleted(account, report)).status == 200
    assert (await deleted(account, report)).problem.code == "report-deleted"
    assert (await account.upload(tiny_session(), key=OTHER_KEY)).status == 410
    assert (rows(open_to_all, "reports"), rows(open_to_all, "revisions"), rows(open_to_all, "idempotency")) == (0, 0, 0)


async def test_what_was_deleted_before_stays_deleted(anybody: Client, mila: str) -> None:
    account, report = await both(anybody, mila)
    await deleted(anybody, report)
    assert json.loads((await joined(account, anybody.key)).body) == {"reports": 0}
    assert (await account.upload(tiny_session(), key=OTHER_KEY)).status == 410
    assert (await deleted(account, report)).problem.code == "report-deleted"


async def test_a_session_that_both_sent_is_two_reports_and_both_can_be_deleted(anybody: Client, mila: str) -> None:
    account, report = await both(anybody, mila)
    own = (await account.upload(tiny_session(name="Own"), key=OTHER_KEY)).receipt.report_id
    await joined(account, anybody.key)
    newer = await account.upload(tiny_session(name="Newer"), key="another-key-000001", revision=2)
    assert newer.receipt.report_id == own, "the account's own goes on"
    assert [(await deleted(account, one)).status for one in (report, own)] == [200, 200]


async def test_several_installations_join_one_account(anybody: Client, mila: str) -> None:
    account, first = await both(anybody, mila)
    laptop = another(anybody)
    second = (await laptop.upload(tiny_session(natural_key="artemis-2"))).receipt.report_id
    assert [(await joined(account, one.key)).status for one in (anybody, laptop)] == [200, 200]
    assert [(await deleted(account, one)).status for one in (first, second)] == [200, 200]


async def test_asked_twice_it_answers_alike(anybody: Client, mila: str) -> None:
    account, _ = await both(anybody, mila)
    assert [(await joined(account, anybody.key)).body for _ in range(2)] == [b'{"reports":1}'] * 2


async def test_a_key_that_nothing_was_sent_with_has_nothing_to_give(
    anybody: Client, mila: str, open_to_all: CollectorSettings
) -> None:
    assert json.loads((await joined(another(anybody, mila), own_key())).body) == {"reports": 0}
    assert rows(open_to_all, "accounts") == 1


async def test_what_another_account_took_is_not_taken_again(
    anybody: Client, mila: str, open_to_all: CollectorSettings
) -> None:
    account, report = await both(anybody, mila)
    await joined(account, anybody.key)
    noa = another(anybody, create_key(open_to_all, "noa").text)
    assert (await joined(noa, anybody.key)).problem.code == "join-refused"
    assert (await deleted(noa, report)).status == 404


async def test_a_revoked_key_gives_nothing(anybody: Client, mila: str, open_to_all: CollectorSettings) -> None:
    account, report = await both(anybody, mila)
    (own,) = [key for key in list_keys(open_to_all) if key.account != "mila"]
    revoke_key(open_to_all, own.public_id)
    assert (await joined(account, anybody.key)).problem.code == "join-refused"
    assert (await deleted(account, report)).status == 404


async def test_only_a_made_account_takes_over_and_only_what_has_no_name(
    anybody: Client, mila: str, open_to_all: CollectorSettings
) -> None:
    account, report = await both(anybody, mila)
    other = another(anybody)
    assert (await joined(other, anybody.key)).problem.code == "join-refused"
    noa = create_key(open_to_all, "noa").text
    for key in (noa, mila, "lfa_", ""):
        assert (await joined(account, key)).problem.code == "join-refused"
    assert (await joined(another(anybody, "lf_" + "0" * 16 + "_" + "k" * 43), anybody.key)).status == 401
    assert (await deleted(account, report)).status == 404


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"{}", 400), (b'{"key": 1}', 400), (b"\xff", 400), (b"[" * 2 * KIB, 413)]
)
async def test_what_asks_for_nothing_is_refused(anybody: Client, mila: str, body: bytes, status: int) -> None:
    assert (await asked(another(anybody, mila), "POST", JOIN, body)).status == status
