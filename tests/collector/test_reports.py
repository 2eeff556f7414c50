"""A session becomes a page of plain values: what applies is there, what does not is not."""

from __future__ import annotations

import gzip
from datetime import timedelta

import msgspec
import pytest

from logferry_collector.figures import groups, headline
from logferry_collector.listings import MOST_ROWS, listings
from logferry_collector.reports import MOST_FACTS, Report, report
from logferry_collector.stored import Shown
from logferry_model.figures import Combat, Economy, LoadoutTotal, LootTotal, Measure, Statistics
from logferry_model.session import End, EndRule, Loadout, Participant, Session, Skill

from .factories import START, document_of, exploring_session, hunting_session, tiny_session


def stored(session: Session, **changes: object) -> Shown:
    shown = Shown(
        report_id="r" * 22,
        body=gzip.compress(document_of(session)),
        payload_digest="0123456789abcdef" * 4,
        revision=1,
        revisions=1,
        partial=session.ended_at is None,
        received_at=START + timedelta(hours=3),
        app_version="0.1.0",
        platform="windows",
    )
    return msgspec.structs.replace(shown, **changes)


def page(session: Session, **changes: object) -> Report:
    shown = stored(session, **changes)
    return report(shown, shown.session())


def with_statistics(**statistics: object) -> Session:
    return tiny_session(statistics=msgspec.convert(statistics, Statistics, from_attributes=True))


def test_the_header_says_what_and_when() -> None:
    shown = page(hunting_session())
    assert (shown.tracker, shown.game) == ("Artemis", "Entropia Universe")
    assert shown.title == "Atrox Provider, north of Fort Ithaca"
    assert (shown.date, shown.times) == ("18 November 2026", "18:04 to 20:18 UTC")
    assert shown.tags == ("hunting", "Calypso", "solo")


def test_a_session_without_a_name_is_named_for_its_game() -> None:
    assert page(tiny_session()).title == "Entropia Universe session"
    assert page(exploring_session()).title == "Elite Dangerous session"


def test_a_night_has_two_dates() -> None:
    assert page(tiny_session(ended_at=START + timedelta(hours=8))).times == "18:04 to 19 November 2026, 02:04 UTC"


def test_a_running_session_has_no_end() -> None:
    shown = page(tiny_session(ended_at=None, end=None))
    assert shown.partial
    assert shown.times == "since 18:04 UTC"
    assert shown.provenance.ending is None


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (EndRule.EXPLICIT, "The log itself says so"),
        (EndRule.PROCESS_GONE, "The game was closed"),
        (EndRule.NEXT_START, "The next session had begun"),
        (EndRule.SILENCE, "Nothing was written any more"),
    ],
)
def test_every_end_is_explained(rule: EndRule, words: str) -> None:
    ending = page(tiny_session(end=End(rule=rule, evidence="line 45", confidence=0.755))).provenance.ending
    assert ending is not None
    assert (ending.words, ending.evidence, ending.confidence) == (words, "line 45", "76 %")


@pytest.mark.parametrize(("confidence", "certainty"), [(-3.0, 0.0), (0.5, 50.0), (1e300, 100.0)])
def test_a_confidence_stays_between_nothing_and_all(confidence: float, certainty: float) -> None:
    end = End(rule=EndRule.SILENCE, evidence="", confidence=confidence)
    ending = page(tiny_session(end=end)).provenance.ending
    assert ending is not None
    assert ending.certainty == certainty


def test_the_provenance_is_complete() -> None:
    provenance = page(hunting_session(), revision=3, revisions=2).provenance
    assert provenance.revision == "3 (2 stored)"
    assert provenance.received == "18 November 2026, 21:04 UTC"
    assert provenance.digest == "0123456789ab"
    assert (provenance.app_version, provenance.platform) == ("0.1.0", "Windows")


def test_only_groups_that_apply_are_shown() -> None:
    assert [group.title for group in groups(hunting_session())] == ["Combat", "Defence", "Economy"]
    assert [group.title for group in groups(exploring_session())] == ["Measures"]
    assert groups(tiny_session()) == ()
    assert groups(with_statistics(combat=Combat(), economy=Economy())) == ()


def test_a_loss_is_called_a_loss() -> None:
    loss = {tile.label: tile for tile in groups(hunting_session())[2].tiles}["Loss"]
    assert (loss.value, loss.unit, loss.tone) == ("−6.95", "PED", "loss")  # noqa: RUF001 -- a minus
    gain = with_statistics(economy=Economy(loot_value=12.5, ammunition_cost=10))
    profit = {tile.label: tile for tile in groups(gain)[0].tiles}["Profit"]
    assert (profit.value, profit.tone) == ("+2.50", "gain")


def test_the_figures_are_those_of_the_statistics() -> None:
    combat = {tile.label: (tile.value, tile.note) for tile in groups(hunting_session())[0].tiles}
    assert combat["Shots"] == ("1,482", "")
    assert combat["Hit rate"] == ("87.1 %", "1,291 hits")
    assert combat["Criticals"] == ("38", "2.9 % of hits")


def test_measures_keep_their_units_and_seconds_become_a_duration() -> None:
    tiles = {tile.label: (tile.value, tile.unit) for tile in groups(exploring_session())[0].tiles}
    assert tiles["Distance jumped"] == ("2,817.43", "ly")
    assert tiles["In supercruise"] == ("1 h 5 min", "")


@pytest.mark.parametrize("value", [1e300, -1e300, -5.0, 0.0])
def test_an_absurd_measure_is_still_a_tile(value: float) -> None:
    session = with_statistics(measures=(Measure(name="m", label="Time", value=value, unit="s"),))
    assert groups(session)[0].tiles[0].label == "Time"


def test_the_headline_has_at_most_four_figures_and_at_least_one() -> None:
    assert [tile.label for tile in headline(hunting_session())] == ["Duration", "Loss", "Return", "Damage dealt"]
    assert [tile.label for tile in headline(exploring_session())] == ["Duration", "Jumps", "Distance jumped", "Earned"]
    assert [tile.label for tile in headline(tiny_session(ended_at=None))] == ["Events"]


def test_the_tables_have_the_largest_rows_first() -> None:
    tables = {listing.title: listing for listing in listings(hunting_session())}
    assert list(tables) == ["Loot", "Skills", "Loadouts", "Participants"]
    assert [(line.name, line.share) for line in tables["Loot"].lines][:2] == [
        ("Shrapnel", 100.0),
        ("Animal Muscle Oil", 56.6),
    ]
    assert tables["Skills"].lines[0].cells == ("31", "0.941")
    assert tables["Loadouts"].lines[0].name == "ArMatrix LR-35 with A104"


def test_a_long_table_is_cut_and_says_so() -> None:
    loot = tuple(LootTotal(item=f"item {at}", value=at) for at in range(MOST_ROWS + 7))
    table = listings(with_statistics(loot=loot))[0]
    assert (len(table.lines), table.more) == (MOST_ROWS, 7)
    assert table.lines[0].name == f"item {MOST_ROWS + 6}"


def test_skills_are_taken_from_the_session_where_statistics_have_none() -> None:
    table = listings(tiny_session(skills=(Skill(name="Fire Bolt", uses=3, total=120.5),)))[0]
    assert (table.columns, table.lines[0].cells) == (("Uses", "Total"), ("3", "120.500"))


def test_shots_without_a_loadout_have_a_row() -> None:
    totals = (LoadoutTotal(loadout="", shots=0), LoadoutTotal(loadout="gone", shots=2))
    session = msgspec.structs.replace(with_statistics(loadouts=totals), loadouts=(Loadout(id="l1"),))
    assert [line.name for line in listings(session)[0].lines] == ["gone", "Without a loadout"]


def test_loot_without_a_price_is_listed_by_quantity_and_has_no_column_of_zeros() -> None:
    table = listings(with_statistics(loot=(LootTotal(item="iron", quantity=2), LootTotal(item="tin", quantity=9))))[0]
    assert table.columns == ("Drops", "Quantity")
    assert [(line.name, line.cells) for line in table.lines] == [("tin", ("0", "9")), ("iron", ("0", "2"))]


def test_a_loadout_whose_name_was_not_shared_has_a_number() -> None:
    totals = (LoadoutTotal(loadout="loadout-2", shots=3),)
    loadouts = (Loadout(id="loadout-1"), Loadout(id="loadout-2"))
    session = msgspec.structs.replace(with_statistics(loadouts=totals), loadouts=loadouts)
    assert listings(session)[0].lines[0].name == "Loadout 2"


def test_a_nameless_player_alone_is_no_table() -> None:
    assert listings(tiny_session(participants=(Participant(id="me", local=True),))) == ()


def test_a_name_that_was_not_shared_is_not_shown() -> None:
    people = (Participant(id="3f9a-token", local=True), Participant(id="p2", name="Mila"))
    table = listings(tiny_session(participants=people))[0]
    assert [(line.name, line.note) for line in table.lines] == [("Name not shared", "this player"), ("Mila", "")]
    assert "3f9a-token" not in str(table)


def test_facts_are_in_words() -> None:
    facts = page(tiny_session(facts={"game_mode": "Open", "odyssey": True, "wing": None, "gameVersion": 4.5})).facts
    assert [(fact.label, fact.value) for fact in facts] == [
        ("Game mode", "Open"),
        ("Odyssey", "yes"),
        ("Wing", "none"),
        ("Game version", "4.50"),
    ]


def test_facts_are_cut() -> None:
    assert len(page(tiny_session(facts={f"fact {at}": at for at in range(MOST_FACTS + 5)})).facts) == MOST_FACTS


def test_a_session_without_events_has_no_chart() -> None:
    assert page(tiny_session()).chart is None
    assert page(hunting_session()).chart is not None
