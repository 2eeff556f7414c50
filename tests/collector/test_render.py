"""Pages are inert whatever a session is called: escaping holds by itself, without the policy in the headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from logferry_collector.render import Pages, load_pages
from logferry_model.envelope import Problem
from logferry_model.figures import LoadoutTotal, LootTotal, Measure, SkillTotal, Statistics
from logferry_model.session import Boss, End, EndRule, EpochMs, Event, Hit, Loadout, Participant, Session, Skill

from .factories import START, exploring_session, hunting_session, raid_session, tiny_session
from .test_reports import stored

Plant = Callable[[str], Session]

PAYLOADS = [
    "<script>window.planted = 1</script>",
    "</title><script>1</script>",
    '"><img src=x onerror=1>',
    "' onmouseover='1",
    "<svg/onload=1>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:1",
    "]]><script>1</script>",
    "&lt;script&gt;",
    "<!--<script>",
]


@pytest.fixture(scope="module")
def pages() -> Pages:
    return load_pages()


def planted(text: str) -> Session:
    """A session with `text` wherever a sender can write."""
    return tiny_session(
        tracker=text,
        name=text,
        tags=(text,),
        end=End(rule=EndRule.SILENCE, evidence=text, confidence=1),
        participants=(
            Participant(id=text, name=text, facts={text: 1, "profession": text}, figures={text: 1}),
            Participant(id="p2", facts={"type": text}),
        ),
        bosses=(Boss(name=text, damage=1),),
        loadouts=(Loadout(id="l", name=text),),
        events=(Event(at=EpochMs(round(START.timestamp() * 1000)), type=text),),
        facts={text: text},
        statistics=Statistics(
            skills=(SkillTotal(name=text, category=text),),
            loot=(LootTotal(item=text, value=1),),
            loadouts=(LoadoutTotal(loadout="l", shots=1),),
            measures=(Measure(name="m", label=text, value=1, unit=text),),
        ),
    )


def planted_skills(text: str) -> Session:
    """A session with `text` in what its participants did; gains would take the place of these."""
    at = EpochMs(round(START.timestamp() * 1000))
    skill = Skill(name=text, category=text, participant=text, uses=1, timeline=(Hit(at=at, value=1),))
    return tiny_session(participants=(Participant(id=text, name=text),), skills=(skill,))


class Anatomy(HTMLParser):
    """Every element and attribute a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("plant", [planted, planted_skills])
@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_planted_name_adds_nothing_a_browser_would_act_on(pages: Pages, payload: str, plant: Plant) -> None:
    shown = stored(plant(payload), app_version=payload, platform=payload)
    harmless = Anatomy(pages.report(stored(plant("plain"), app_version="plain", platform="plain")))
    hostile = Anatomy(pages.report(shown))
    assert hostile.elements == harmless.elements
    assert [name for name, _ in hostile.attributes] == [name for name, _ in harmless.attributes]
    assert "script" not in hostile.elements
    assert not any(name.startswith("on") or name == "style" for name, _ in hostile.attributes)


def test_a_planted_name_is_still_read_as_text(pages: Pages) -> None:
    html = pages.report(stored(planted("<b>bold</b>")))
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<b>bold</b>" not in html


def test_a_template_in_a_name_is_not_run(pages: Pages) -> None:
    assert "49" not in pages.report(stored(planted("{{ 7 * 7 }}"))).split("<main")[1].split("Where this comes")[0]


@pytest.mark.parametrize(("plant", "least"), [(planted, 16), (planted_skills, 4)])
def test_names_are_isolated_from_the_text_around_them(pages: Pages, plant: Plant, least: int) -> None:
    html = pages.report(stored(plant("שלום")))
    assert html.count("שלום") > least
    for found in re.finditer("שלום", html):
        before, after = html[: found.start()], html[found.end() :]
        assert before.endswith(("<bdi>", "\u2068", "&#x2068;")), before[-60:]
        assert after.startswith(("</bdi>", "\u2069", "&#x2069;")), after[:60]


def test_direction_overrides_do_not_reach_the_page(pages: Pages) -> None:
    assert "\u202e" not in pages.report(stored(planted("\u202eexe.gnp")))


@pytest.mark.parametrize(
    "session",
    [hunting_session(), exploring_session(), raid_session(), tiny_session()],
    ids=["hunt", "flight", "raid", "empty"],
)
def test_a_page_fetches_only_its_own_files(pages: Pages, session: Session) -> None:
    anatomy = Anatomy(pages.report(stored(session)))
    links = {value for name, value in anatomy.attributes if name in {"href", "src"}}
    assert all(link.startswith(("/static/", "/r/", "#")) for link in links)
    assert "style" not in {name for name, _ in anatomy.attributes}
    assert {"script", "style", "iframe", "form"}.isdisjoint(anatomy.elements)


def test_the_address_of_a_file_changes_with_its_content(pages: Pages) -> None:
    html = pages.report(stored(tiny_session()))
    assert re.search(r"/static/page\.css\?v=[0-9a-f]{10}", html)


def test_the_chart_has_a_title_a_description_and_a_table(pages: Pages) -> None:
    html = pages.report(stored(hunting_session()))
    assert 'role="img" aria-labelledby="chart-title chart-desc"' in html
    assert "800 events, one bar for every 2 min" in html
    assert "The same as a table" in html
    assert "No event was recorded" in pages.report(stored(tiny_session()))


def test_a_raid_shows_its_boss_its_people_and_their_skills(pages: Pages) -> None:
    html = pages.report(stored(raid_session()))
    assert ">Boss</h2>" in html
    assert "Defeated" in html
    assert ">Participants</h2>" in html
    assert ">Skills by participant</h2>" in html
    assert html.count('<details class="person"') == 3
    assert html.count('<details class="person" open>') == 1


def test_only_the_player_is_marked(pages: Pages) -> None:
    html = pages.report(stored(raid_session()))
    assert re.findall(r'<bdi>([^<]*)</bdi> <span class="badge">you</span>', html) == ["Player 2", "Player 2"]


def test_a_sorted_column_says_so_to_a_screen_reader(pages: Pages) -> None:
    html = pages.report(stored(raid_session()))
    assert re.search(r'aria-sort="descending"><bdi>Damage</bdi>', html)


@pytest.mark.parametrize("session", [tiny_session(), exploring_session()], ids=["empty", "flight"])
def test_a_session_without_people_has_no_empty_tables(pages: Pages, session: Session) -> None:
    html = pages.report(stored(session))
    assert "<table" not in html.split("<details>")[0]
    assert not re.search(r"Participants</h2>|Boss(es)?</h2>|Skills", html)


def test_every_id_of_a_page_is_there_once(pages: Pages) -> None:
    for session in (hunting_session(), raid_session()):
        ids = [value for name, value in Anatomy(pages.report(stored(session))).attributes if name == "id"]
        assert len(ids) == len(set(ids))
        assert not any(" " in one for one in ids)


def test_a_partial_report_says_that_it_is_one(pages: Pages) -> None:
    assert "Still running" in pages.report(stored(tiny_session(ended_at=None, end=None)))
    assert "Still running" not in pages.report(stored(tiny_session()))


def test_a_summary_says_that_the_whole_follows(pages: Pages) -> None:
    session = tiny_session(events=())
    page = pages.report(replace(stored(session), partial=True))
    assert "Still running" not in page
    assert "The whole of it follows" in page
    assert "No event was recorded" not in page
    assert "The whole of it follows" not in pages.report(stored(session))


def test_an_error_page_names_the_request_and_escapes(pages: Pages) -> None:
    html = pages.problem(Problem(title="Not <found>", status=404, code="not-found", instance="id-1", hint="Ask."))
    assert "Not &lt;found&gt;" in html
    assert "id-1" in html
    assert "Ask." in html
