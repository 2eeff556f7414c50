"""Bosses with what became of them; each participant's skills, the player's own first."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from logferry_collector.fights import TOP_SKILLS, bosses, skills
from logferry_collector.listing import Listing
from logferry_model.figures import SkillTotal, Statistics
from logferry_model.session import Boss, Participant, Skill

from .factories import raid_session, tiny_session


def bosses_of(*found: Boss) -> Listing:
    table = bosses(tiny_session(bosses=found))
    assert table is not None
    return table


def test_a_session_about_nobody_has_no_bosses() -> None:
    assert bosses(tiny_session()) is None


def test_a_boss_has_its_outcome_its_damage_and_its_health() -> None:
    table = bosses(raid_session())
    assert table is not None
    assert (table.title, table.columns) == ("Boss", ("Outcome", "Damage", "Hits", "Max HP"))
    assert [cell.text for cell in table.lines[0].cells] == ["Defeated", "112,382", "24", "120,000"]


def test_what_is_known_of_no_boss_is_no_column() -> None:
    table = bosses_of(Boss(name="Owl", damage=3.0), Boss(name="Fox", damage=9.0))
    assert (table.title, table.columns) == ("Bosses", ("Outcome", "Damage"))
    assert [(line.name, line.cells[0].text) for line in table.lines] == [
        ("Fox", "Not defeated"),
        ("Owl", "Not defeated"),
    ]


def test_the_bar_of_a_boss_is_how_much_of_its_health_was_taken() -> None:
    assert bosses_of(Boss(name="Owl", damage=30.0, max_hp=40.0)).lines[0].share == 75.0
    assert bosses_of(Boss(name="Owl", damage=90.0, max_hp=40.0)).lines[0].share == 100.0


def test_the_players_own_skills_come_first_and_the_greatest_on_top() -> None:
    tables = skills(raid_session())
    assert [(table.title, table.badge) for table in tables] == [("Player 2", "you"), ("Player 1", ""), ("Player 3", "")]
    assert [line.name for line in tables[0].lines] == ["Skill 1702", "Skill 1701"]


def test_the_share_of_critical_uses_is_told_where_there_are_some() -> None:
    table = skills(raid_session())[0]
    assert table.columns == ("Uses", "Total", "Average", "Critical")
    assert [cell.text for cell in table.lines[0].cells] == ["4", "8,542", "2,136", "25 %"]


def test_only_the_top_skills_of_each_are_shown_and_the_rest_is_counted() -> None:
    used = tuple(Skill(name=f"s{at}", total=float(at), uses=1, participant="p") for at in range(TOP_SKILLS + 4))
    table = skills(tiny_session(participants=(Participant(id="p"),), skills=used))[0]
    assert (len(table.lines), table.more) == (TOP_SKILLS, 4)
    assert table.lines[0].name == f"s{TOP_SKILLS + 3}"


def test_skills_of_nobody_have_a_table_without_a_name() -> None:
    table = skills(tiny_session(skills=(Skill(name="Fire Bolt", uses=3, total=120.5, participant="gone"),)))[0]
    assert (table.title, [cell.text for cell in table.lines[0].cells]) == ("", ["3", "120.5", "40.2"])


def test_gains_take_the_place_of_uses() -> None:
    statistics = Statistics(skills=(SkillTotal(name="Rifle", gained=1.0),))
    assert skills(msgspec.structs.replace(raid_session(), statistics=statistics)) == ()


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**63 - 1))
def test_no_skill_and_no_boss_is_too_absurd(amount: float, uses: int) -> None:
    session = tiny_session(
        skills=(Skill(name="s", total=amount, uses=uses, figures={"critical_hits": amount}),),
        bosses=(Boss(name="b", damage=amount, hits=uses, max_hp=amount),),
    )
    table = bosses(session)
    assert table is not None
    for line in (*skills(session)[0].lines, *table.lines):
        assert line.share is not None
        assert 0 <= line.share <= 100
