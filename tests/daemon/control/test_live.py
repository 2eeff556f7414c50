"""Pictures of running sessions: nameless, told of now and then, and no dearer for a session with more events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.control.live import EVERY, Live, view
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.reading import Found, Raw
from logferry_daemon.intake.source import Source
from logferry_ipc.messages import EventKind
from logferry_model.figures import LoadoutTotal, LootTotal, SkillTotal, Statistics
from logferry_model.session import SessionId
from tests.daemon.recipes.small import TAVERN, line, log, read
from tests.fakes import NOON, ManualClock
from tests.privacy import privacy

SOURCE = Source(name="inn", tracker=TAVERN, root=Path("logs"))
SECOND = timedelta(seconds=1)
STARTED, PROGRESS = EventKind.SESSION_STARTED, EventKind.SESSION_PROGRESS


def whole() -> Raw:
    raise AssertionError("a picture is made without all of the session")


def running(
    number: int = 1, *, weight: int = 1, names: Sequence[str] = (), statistics: Statistics | None = None
) -> Found:
    figures = statistics or Statistics(events=weight)
    return Found(
        id=SessionId(f"session-{number}"),
        started_at=NOON + number * SECOND,
        last_at=NOON + (number + weight) * SECOND,
        events=weight,
        weight=weight,
        raw=whole,
        statistics=lambda: figures,
        whom=lambda: frozenset(names),
        identity="Bertram",
    )


class Desk:
    """A Live and what it told."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.told: list[tuple[EventKind, str]] = []
        self.live = Live(self.clock, lambda kind, session, _: self.told.append((kind, session)), privacy)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_session_that_begins_is_told_of_and_shown(desk: Desk) -> None:
    desk.live.looked(SOURCE, [running()])
    (shown,) = desk.live.sessions
    assert desk.told == [(STARTED, "session-1")]
    assert (shown.tracker, shown.source, shown.events) == ("tavern", "inn", 1)
    assert desk.live.summaries[0].id == "session-1"


def test_progress_is_told_at_most_every_two_seconds_and_what_is_shown_goes_with_it(desk: Desk) -> None:
    desk.live.looked(SOURCE, [running(weight=1)])
    for weight in range(2, 12):
        desk.clock.move(SECOND / 2)
        desk.live.looked(SOURCE, [running(weight=weight)])
        assert desk.live.sessions[0].events == desk.live.sessions[0].statistics.events
    assert desk.told == [(STARTED, "session-1"), (PROGRESS, "session-1"), (PROGRESS, "session-1")]
    assert desk.live.sessions[0].events == 9


def test_what_does_not_change_is_not_told_again(desk: Desk) -> None:
    for _ in range(5):
        desk.live.looked(SOURCE, [running()])
        desk.clock.move(EVERY)
    assert desk.told == [(STARTED, "session-1")]


def test_the_last_change_is_told_at_a_later_look(desk: Desk) -> None:
    desk.live.looked(SOURCE, [running(weight=1)])
    desk.live.looked(SOURCE, [running(weight=2)])
    desk.clock.move(EVERY)
    desk.live.looked(SOURCE, [running(weight=2)])
    assert desk.live.sessions[0].events == 2


def test_a_clock_that_is_set_back_silences_nothing(desk: Desk) -> None:
    desk.live.looked(SOURCE, [running(weight=1)])
    desk.clock.set(NOON - timedelta(days=1))
    desk.clock.move(EVERY)
    desk.live.looked(SOURCE, [running(weight=2)])
    assert desk.live.sessions[0].events == 2


def test_what_is_over_is_shown_no_more_and_may_begin_again(desk: Desk) -> None:
    desk.live.looked(SOURCE, [running()])
    desk.live.looked(SOURCE, [])
    assert desk.live.sessions == []
    desk.live.looked(SOURCE, [running(weight=2)])
    assert desk.told == [(STARTED, "session-1")] * 2


def test_sources_do_not_hide_each_other_and_the_latest_begun_comes_first(desk: Desk) -> None:
    other = replace(SOURCE, name="bar")
    desk.live.looked(SOURCE, [running(1), running(3)])
    desk.live.looked(other, [running(2)])
    assert [one.id for one in desk.live.sessions] == ["session-3", "session-2", "session-1"]
    desk.live.looked(SOURCE, [])
    assert [one.id for one in desk.live.sessions] == ["session-2"]


def test_a_picture_of_a_line_log_is_made_of_what_was_counted_and_not_of_its_events() -> None:
    evening = [line("Enter", guest="Sir Bertram", table=3)]
    evening += [line("Drink", minute % 60, brand=f"Ale of {host}", price=1) for minute, host in enumerate("xy" * 500)]
    evening.append(line("Greet", 59, host="Hildegard"))
    evening.append(line("Drink", 59, brand="Hildegard's own"))
    (found,) = read(log(*evening)).found
    assert found.names == found.raw().names
    shown = view(SOURCE, replace(found, raw=whole), privacy())
    assert {one.item for one in shown.statistics.loot} == {"Ale of x", "Ale of y", "[removed]"}
    assert {one.name: one.value for one in shown.statistics.measures} == {"drinks": 1001, "spent": 1000}


@pytest.mark.parametrize(("key", "items"), [("s3cret lantern", 0), ("s3cret of another kind", 1)])
def test_a_picture_holds_no_key(key: str, items: int) -> None:
    figures = Statistics(loot=(LootTotal(item="by s3cret lantern"),))
    shown = view(SOURCE, running(statistics=figures), replace(privacy(), secrets=Secrets([key])))
    assert len(shown.statistics.loot) == items


def test_a_picture_names_nobody() -> None:
    figures = Statistics(
        loot=(LootTotal(item="Ale"), LootTotal(item="Hildegard's purse"), LootTotal(item="Bertram's hat")),
        skills=(SkillTotal(name="Singing", category="Hildegard"),),
        loadouts=(LoadoutTotal(loadout=""), LoadoutTotal(loadout="Hildegard's lute", shots=3)),
    )
    shown = view(SOURCE, running(names=["Hildegard"], statistics=figures), privacy()).statistics
    assert [one.item for one in shown.loot] == ["Ale", "[removed]", "[removed]"]
    assert (shown.skills[0].name, shown.skills[0].category) == ("Singing", None)
    assert [one.loadout for one in shown.loadouts] == ["", "loadout-1"]


@given(st.lists(st.text(min_size=3, max_size=12), min_size=1, max_size=5), st.data())
def test_no_planted_name_survives_in_a_picture(names: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name.strip() for name in names if len(name.strip()) >= 3] or ["Bertram"]))
    figures = Statistics(loot=(LootTotal(item=f"the hat of {name}"),), skills=(SkillTotal(name=name.upper()),))
    shown = view(SOURCE, running(names=[*names, name], statistics=figures), privacy()).statistics
    assert shown.loot[0].item == "[removed]"
    assert shown.skills[0].name == "[removed]"
