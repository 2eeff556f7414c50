"""The scripts as an HTTP client of the standard library reads them."""

from __future__ import annotations

import asyncio
import http.client
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from tests.faults import scripts
from tests.faults.served import HOST, served
from tests.faults.tcp import Plan, faults_before


async def works(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(scripts.answer(201, "kept"))
    await writer.drain()
    writer.close()


def asked(plan: Plan, times: int = 1) -> list[tuple[int, str, dict[str, str]]]:
    """Status, text and headers, of each of so many requests."""
    got = []
    with served(works) as port, faults_before(port, plan) as proxy:
        for _ in range(times):
            connection = http.client.HTTPConnection(HOST, proxy.port, timeout=60)
            connection.request("POST", "/api", body=b"x" * 100_000)
            answer = connection.getresponse()
            got.append((answer.status, answer.read().decode(), dict(answer.getheaders())))
            connection.close()
    return got


def test_a_burst_is_said_once_each_and_then_the_server_is_heard() -> None:
    said = [scripts.problem(500, "Broken"), scripts.problem(503, "Busy", retry_after="2")]
    (first, second, third) = asked(scripts.burst(said), 3)
    assert (first[0], second[0], third[:2]) == (500, 503, (201, "kept"))
    assert second[2]["Retry-After"] == "2"
    assert "Busy" in second[1]


def test_a_portal_is_a_success_with_a_page() -> None:
    ((status, text, headers),) = asked(scripts.always(scripts.portal()))
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "I agree" in text


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_names_another_place(status: int) -> None:
    ((got, _, headers),) = asked(scripts.always(scripts.redirect("https://elsewhere.example/x", status)))
    assert (got, headers["Location"]) == (status, "https://elsewhere.example/x")


@pytest.mark.parametrize("wait", [timedelta(seconds=90), -timedelta(days=3)], ids=["ahead", "past"])
def test_a_date_is_one_that_others_read(wait: timedelta) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    ((_, __, headers),) = asked(scripts.always(scripts.answer(429, retry_after=scripts.as_date(wait, now))))
    assert parsedate_to_datetime(headers["Retry-After"]) == now + wait


def test_seconds_are_a_whole_number_and_an_absurd_one_stays_one() -> None:
    assert scripts.in_seconds(timedelta(seconds=7.9)) == "7"
    assert int(scripts.ABSURD) > 10**18
