"""The report page in a real browser: it is drawn, it fits a phone, and nothing a sender wrote ever runs."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, Route, async_playwright

from logferry_collector.compose import open_collector
from logferry_collector.keys import create_key
from logferry_collector.settings import CollectorSettings
from logferry_model.session import Session
from tests.collector.client import Client
from tests.collector.factories import exploring_session, hunting_session, raid_session, tiny_session
from tests.collector.test_render import PAYLOADS, planted, planted_skills
from tests.conftest import needs

pytestmark = [pytest.mark.accept, needs("chromium")]

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    settings = CollectorSettings(database_url=f"sqlite:///{tmp_path}/collector.sqlite3", port=0)
    key = create_key(settings, "mila").text
    async with open_collector(settings) as running, ClientSession(auto_decompress=False) as session:
        yield Client(session, running.url, key)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        opened = await play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield opened
        await opened.close()


async def visit(
    browser: Browser, client: Client, session: Session, size: dict[str, int] = DESKTOP
) -> tuple[Page, list[str]]:
    """The page of `session` and everything the browser complained about."""
    receipt = (await client.upload(session)).receipt
    page = await browser.new_page(viewport={"width": size["width"], "height": size["height"]})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    await page.goto(receipt.report_url)
    return page, complaints


SESSIONS = {
    "hunting": hunting_session(),
    "exploring": exploring_session(),
    "raid": raid_session(),
    "empty": tiny_session(ended_at=None, end=None),
    "endless names": planted("W" * 200),
    "endless skills": planted_skills("W" * 200),
}


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("session", SESSIONS.values(), ids=SESSIONS)
async def test_a_report_fits_and_the_browser_has_no_complaint(
    browser: Browser, client: Client, session: Session, size: dict[str, int]
) -> None:
    page, complaints = await visit(browser, client, session, size)
    assert complaints == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert await page.locator("h1").is_visible()


async def test_the_chart_is_drawn_in_the_colours_of_its_legend(browser: Browser, client: Client) -> None:
    page, _ = await visit(browser, client, hunting_session())
    bar, swatch = page.locator("svg.chart rect.s0").first, page.locator(".legend rect.s0")
    box = await bar.bounding_box()
    assert box is not None
    assert box["height"] > 1
    colour = "element => getComputedStyle(element).fill"
    assert await bar.evaluate(colour) == await swatch.evaluate(colour) == "rgb(47, 111, 214)"


async def test_on_a_phone_nothing_of_a_wide_table_is_beyond_the_edge(browser: Browser, client: Client) -> None:
    page, _ = await visit(browser, client, raid_session(), PHONE)
    for cell in await page.locator("table.wide td:visible").all():
        box = await cell.bounding_box()
        assert box is not None
        assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE["width"]
    assert await page.locator("td .of-column:visible").first.text_content() == "Outcome"


async def test_what_somebody_did_is_opened_with_the_keyboard(browser: Browser, client: Client) -> None:
    page, _ = await visit(browser, client, raid_session())
    person = page.locator("details.person").nth(1)
    summary = person.locator("summary")
    assert not await person.locator("table").is_visible()
    await summary.focus()
    await page.keyboard.press("Enter")
    assert await person.locator("table").is_visible()
    assert await summary.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"


async def test_the_page_follows_the_reader_into_the_dark(browser: Browser, client: Client) -> None:
    page, _ = await visit(browser, client, hunting_session())
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(ground)
    await page.emulate_media(color_scheme="dark")
    assert (light, await page.evaluate(ground)) == ("rgb(245, 246, 248)", "rgb(13, 17, 23)")


async def test_the_first_tab_shows_a_way_past_the_header(browser: Browser, client: Client) -> None:
    page, _ = await visit(browser, client, hunting_session())
    await page.keyboard.press("Tab")
    skip = page.locator(".skip")
    box = await skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert await skip.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"


async def without_policy(route: Route) -> None:
    response = await route.fetch()
    headers = {name: value for name, value in response.headers.items() if name != "content-security-policy"}
    await route.fulfill(response=response, headers=headers)


@pytest.mark.parametrize("policy", [True, False], ids=["with policy", "without policy"])
@pytest.mark.parametrize("payload", PAYLOADS)
async def test_a_planted_script_does_not_run(browser: Browser, client: Client, payload: str, policy: bool) -> None:
    hostile = payload.replace("1", "(window.planted = 1)", 1)
    receipt = (await client.upload(planted(hostile))).receipt
    page = await browser.new_page()
    if not policy:
        await page.route("**/r/*", without_policy)
    await page.goto(receipt.report_url)
    for element in await page.locator("h1, .chip, bdi").all():
        await element.dispatch_event("mouseover")
    assert await page.evaluate("window.planted") is None


async def test_the_policy_alone_stops_a_script_too(browser: Browser, client: Client) -> None:
    receipt = (await client.upload(tiny_session())).receipt

    async def inject(route: Route) -> None:
        response = await route.fetch()
        body = (await response.text()).replace(
            "</h1>", "</h1><script>window.planted = 1</script><img src=x onerror='planted=1'>"
        )
        await route.fulfill(response=response, body=body)

    page = await browser.new_page()
    await page.route("**/r/*", inject)
    await page.goto(receipt.report_url)
    assert await page.evaluate("window.planted") is None
