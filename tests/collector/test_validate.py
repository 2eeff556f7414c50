"""`/auth/validate`: whether a key is good, and whose it is, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from logferry_collector.compose import open_collector
from logferry_collector.keys import create_key, list_keys, revoke_key
from logferry_collector.settings import CollectorSettings

from .client import Client

PATH = "/auth/validate"
OWN = "lfa_" + "o" * 43


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_a_good_key_is_told_with_its_account(client: Client, method: str, header: str) -> None:
    headers = {header: f"Bearer {client.key}" if header == "Authorization" else client.key}
    answer = await client.ask(method, PATH, headers=headers)
    assert answer.status == 200
    assert json.loads(answer.body) == {"valid": True, "account": "mila"}


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("lf_0123456789abcdef_" + "x" * 43, "credential-invalid"),
        ("nonsense", "credential-invalid"),
        (OWN, "anonymous-refused"),
    ],
)
async def test_any_other_key_is_a_problem_that_says_so(client: Client, key: str, code: str) -> None:
    answer = await client.ask("GET", PATH, headers={"X-API-Key": key})
    assert (answer.status, answer.problem.code) == (401, code)
    assert json.loads(answer.body)["valid"] is False


async def test_no_key_is_none_that_is_good(client: Client) -> None:
    answer = await client.ask("GET", PATH)
    assert (answer.status, answer.problem.code) == (401, "credential-missing")
    assert json.loads(answer.body)["valid"] is False


async def test_a_revoked_key_is_not_good_any_more(client: Client, settings: CollectorSettings) -> None:
    made = create_key(settings, "noa")
    (public,) = [one.public_id for one in list_keys(settings) if one.account == "noa"]
    assert (await client.ask("GET", PATH, headers={"X-API-Key": made.text})).status == 200
    revoke_key(settings, public)
    assert (await client.ask("GET", PATH, headers={"X-API-Key": made.text})).status == 401


async def test_trouble_is_no_word_on_the_key(client: Client, settings: CollectorSettings) -> None:
    Path(settings.database_url.removeprefix("sqlite:///")).unlink()
    answer = await client.ask("GET", PATH, headers={"X-API-Key": client.key})
    assert answer.status == 503
    assert "valid" not in json.loads(answer.body)


async def test_elsewhere_a_refusal_is_as_it_was(client: Client) -> None:
    answer = await client.ask("GET", "/api/v1/receipts/x", headers={"X-API-Key": "nonsense"})
    assert answer.status == 401
    assert "valid" not in json.loads(answer.body)


@pytest.fixture
async def anybody(settings: CollectorSettings) -> AsyncIterator[Client]:
    open_to_all = settings.model_copy(update={"anonymous": True})
    async with open_collector(open_to_all) as running, ClientSession(auto_decompress=False) as session:
        yield Client(session, running.url, OWN)


async def test_a_key_of_ones_own_making_is_good_where_such_come_in_and_nobodys(anybody: Client) -> None:
    answer = await anybody.ask("GET", PATH, headers={"X-API-Key": OWN})
    assert json.loads(answer.body) == {"valid": True, "account": ""}
