"""A session becomes a page of plain values: what applies is there, what does not is not."""

from __future__ import annotations

import gzip
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_collector.facts import MOST_FACTS
from logferry_collector.figures import groups, headline
from logferry_collector.listing import MOST_ROWS, Line
from logferry_collector.listings import listings
from logferry_collector.plausible import LONGEST_MS
from logferry_collector.reports import Report, report
from logferry_collector.stored import Shown
from logferry_model.figures import Combat, Defence, Economy, LoadoutTotal, LootTotal, Measure, SkillTotal, Statistics
from logferry_model.session import Boss, End, EndRule, EpochMs, Hit, Loadout, Session, Skill

from .factories import START, document_of, epoch_ms, exploring_session, hunting_session, raid_session, tiny_session


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


def texts(line: Line) -> tuple[str, ...]:
    return tuple(cell.text for cell in line.cells)


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


def test_a_session_without_a_name_is_named_for_its_greatest_boss_or_its_place() -> None:
    bosses = (Boss(name="Servant", damage=9, max_hp=10), Boss(name="Keeper", damage=5, max_hp=90))
    assert page(tiny_session(bosses=bosses)).title == "Keeper"
    assert page(tiny_session(facts={"dungeon": "Under the Hill"})).title == "Under the Hill"
    assert page(tiny_session(facts={"dungeon": 7})).title == "Entropia Universe session"


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
        (EndRule.DEMAND, "Ended by its owner"),
        (EndRule.PROCESS_GONE, "The game was closed"),
        (EndRule.APP_CLOSED, "The app was closed"),
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
    assert [group.title for group in groups(hunting_session())] == ["Combat", "Defence", "Economy", "Skill gains"]
    assert [group.title for group in groups(exploring_session())] == ["Measures"]
    assert groups(tiny_session()) == ()
    assert groups(with_statistics(combat=Combat(), economy=Economy())) == ()


def test_a_loss_is_called_a_loss() -> None:
    loss = {tile.label: tile for tile in groups(hunting_session())[2].tiles}["Loss"]
    assert (loss.value, loss.unit, loss.tone) == ("−6.95", "PED", "loss")  # noqa: RUF001 -- a minus
    gain = with_statistics(economy=Economy(loot_value=12.5, ammunition_cost=10))
    profit = {tile.label: tile for tile in groups(gain)[0].tiles}["Profit"]
    assert (profit.value, profit.tone) == ("+2.50", "gain")


def test_without_a_cost_there_is_loot_but_no_profit() -> None:
    session = with_statistics(economy=Economy(loot_value=8.75, shrapnel_value=2.5))
    assert [tile.label for tile in groups(session)[0].tiles] == ["Loot", "Shrapnel"]
    assert [tile.label for tile in headline(session)] == ["Duration", "Loot", "Events"]


def test_the_account_shows_what_loot_and_cost_are_made_of() -> None:
    economy = Economy(
        loot_value=24.37,
        shrapnel_value=0.02,
        ammunition_value=6.48,
        ammunition_cost=6.95,
        other_cost=0.89,
        armour_cost=0.02,
        healing_cost=0.57,
    )
    session = with_statistics(economy=economy, defence=Defence(hits_taken=13, deflected=4), active_ms=1_800_000)
    tiles = {tile.label: (tile.value, tile.note) for tile in groups(session)[1].tiles}
    assert tiles["Loot per hour"] == ("48.74", "")
    assert tiles["Profit per hour"] == ("+33.06", "")
    assert tiles["Shrapnel"] == ("0.02", "of the loot")
    assert tiles["Ammunition"] == ("6.48", "of the loot")
    assert tiles["Ammunition cost"] == ("6.95", "")
    assert tiles["Armour cost"] == ("0.02", "0.0012 per hit taken")
    assert tiles["Healing cost"] == ("0.57", "")
    assert tiles["Other costs"] == ("0.30", "")


def test_what_is_left_of_sums_in_hundredths_is_no_cost() -> None:
    economy = Economy(ammunition_cost=1, other_cost=0.1 + 0.2, armour_cost=0.1, healing_cost=0.2)
    assert economy.miscellaneous_cost != 0
    assert "Other costs" not in {tile.label for tile in groups(with_statistics(economy=economy))[0].tiles}


def test_skill_gains_have_their_rates() -> None:
    session = with_statistics(
        skills=(SkillTotal(name="Rifle", gained=1.5), SkillTotal(name="Anatomy", gained=0.5)),
        economy=Economy(ammunition_cost=8),
        combat=Combat(shots=40, hits=20),
        active_ms=1_800_000,
    )
    tiles = {tile.label: (tile.value, tile.note) for tile in groups(session)[-1].tiles}
    assert tiles == {
        "Gained": ("2", "in 2 skills"),
        "Per hour": ("4", ""),
        "Per PED": ("0.250", ""),
        "Per shot": ("0.0500", ""),
    }


@pytest.mark.parametrize(("active_ms", "note"), [(None, ""), (300_000, ""), (273_000, "0:00:27 of it paused")])
def test_a_pause_is_told_beside_the_duration(active_ms: int | None, note: str) -> None:
    assert headline(with_statistics(active_ms=active_ms))[0].note == note


def test_the_figures_are_those_of_the_statistics() -> None:
    combat = {tile.label: (tile.value, tile.note) for tile in groups(hunting_session())[0].tiles}
    assert combat["Shots"] == ("1,482", "")
    assert combat["Hit rate"] == ("87.1 %", "1,291 hits")
    assert combat["Criticals"] == ("38", "2.9 % of hits")


def test_measures_keep_their_units_and_seconds_become_a_duration() -> None:
    tiles = {tile.label: (tile.value, tile.unit) for tile in groups(exploring_session())[0].tiles}
    assert tiles["Distance jumped"] == ("2,817.43", "ly")
    assert tiles["In supercruise"] == ("1:05:12", "")


@pytest.mark.parametrize("value", [1e300, -1e300, -5.0, 0.001])
def test_an_absurd_measure_is_still_a_tile(value: float) -> None:
    session = with_statistics(measures=(Measure(name="m", label="Time", value=value, unit="s"),))
    assert groups(session)[0].tiles[0].label == "Time"


@pytest.mark.parametrize(
    ("value", "unit", "text", "shown_unit"),
    [
        (77, "min", "1:17:00", ""),
        (75.448, "s", "0:01:15", ""),
        (60.71, "%", "60.7 %", ""),
        (16_037.4, "/s", "16,037", "/s"),
        (218.75, "PED", "218.75", "PED"),
        (397.64, "", "397.6", ""),
        (0.78, "", "0.78", ""),
        (4_657, "Cr", "4,657", "Cr"),
    ],
)
def test_a_measure_is_shown_in_the_manner_of_its_unit(value: float, unit: str, text: str, shown_unit: str) -> None:
    session = with_statistics(measures=(Measure(name="m", label="It", value=value, unit=unit),))
    tile = groups(session)[0].tiles[0]
    assert (tile.value, tile.unit) == (text, shown_unit)


def test_a_measured_duration_is_not_told_twice_and_noughts_are_not_told() -> None:
    measures = (
        Measure(name="duration", label="Duration", value=300.4, unit="s"),
        Measure(name="dispels", label="Dispels", value=0),
    )
    assert groups(with_statistics(measures=measures)) == ()
    longer = (Measure(name="duration_minutes", label="Duration", value=42, unit="min"),)
    assert groups(with_statistics(measures=longer))[0].tiles[0].value == "0:42:00"


def test_the_headline_has_at_most_four_figures_and_at_least_one() -> None:
    assert [tile.label for tile in headline(hunting_session())] == ["Duration", "Loss", "Return", "Damage dealt"]
    assert [tile.label for tile in headline(exploring_session())] == ["Duration", "Jumps", "Distance jumped", "Earned"]
    assert [tile.label for tile in headline(tiny_session(ended_at=None))] == ["Events"]


def test_the_tables_have_the_largest_rows_first() -> None:
    tables = {listing.title: listing for listing in listings(hunting_session())}
    assert list(tables) == ["Loot", "Skills", "Skill categories", "Loadouts"]
    assert [(line.name, line.share) for line in tables["Loot"].lines][:2] == [
        ("Shrapnel", 100.0),
        ("Animal Muscle Oil", 56.6),
    ]
    assert texts(tables["Skills"].lines[0]) == ("31", "0.941")
    assert tables["Loadouts"].lines[0].name == "ArMatrix LR-35 with A104"


def test_a_long_table_is_cut_and_says_so() -> None:
    loot = tuple(LootTotal(item=f"item {at}", value=at) for at in range(MOST_ROWS + 7))
    table = listings(with_statistics(loot=loot))[0]
    assert (len(table.lines), table.more) == (MOST_ROWS, 7)
    assert table.lines[0].name == f"item {MOST_ROWS + 6}"


def test_shots_without_a_loadout_have_a_row() -> None:
    totals = (LoadoutTotal(loadout="", shots=1), LoadoutTotal(loadout="gone", shots=2))
    session = msgspec.structs.replace(with_statistics(loadouts=totals), loadouts=(Loadout(id="l1"),))
    assert [line.name for line in listings(session)[0].lines] == ["gone", "Without a loadout"]


def test_shots_of_a_tracker_that_knows_no_loadouts_are_no_table() -> None:
    assert listings(with_statistics(loadouts=(LoadoutTotal(loadout="", shots=35, hits=15),))) == ()


def test_loot_without_a_price_is_listed_by_quantity_and_has_no_column_of_zeros() -> None:
    table = listings(with_statistics(loot=(LootTotal(item="iron", quantity=2), LootTotal(item="tin", quantity=9))))[0]
    assert table.columns == ("Drops", "Quantity")
    assert [(line.name, texts(line)) for line in table.lines] == [("tin", ("0", "9")), ("iron", ("0", "2"))]


def test_a_loadout_whose_name_was_not_shared_has_a_number() -> None:
    totals = (LoadoutTotal(loadout="loadout-2", shots=3),)
    loadouts = (Loadout(id="loadout-1"), Loadout(id="loadout-2"))
    session = msgspec.structs.replace(with_statistics(loadouts=totals), loadouts=loadouts)
    assert listings(session)[0].lines[0].name == "Loadout 2"


def test_categories_are_a_table_where_there_are_several() -> None:
    one = SkillTotal(name="Rifle", category="Combat", gains=2, gained=0.5)
    other = SkillTotal(name="Anatomy", category="Medical", gains=1, gained=0.75)
    assert [table.title for table in listings(with_statistics(skills=(one,)))] == ["Skills"]
    categories = listings(with_statistics(skills=(one, other)))[1]
    assert [(line.name, texts(line)) for line in categories.lines] == [
        ("Medical", ("1", "1", "0.750")),
        ("Combat", ("1", "2", "0.500")),
    ]


def test_facts_are_in_words() -> None:
    facts = page(tiny_session(facts={"game_mode": "Open", "odyssey": True, "wing": None, "gameVersion": 4.5})).facts
    assert [(fact.label, fact.value) for fact in facts] == [
        ("Game mode", "Open"),
        ("Odyssey", "yes"),
        ("Wing", "none"),
        ("Game version", "4.50"),
    ]


def test_lengths_numbers_and_successes_among_the_facts_are_in_words() -> None:
    facts: dict[str, object] = {"paused_ms": 26_703.0, "boss_id": 17_188, "run_success": 1, "key_level": 12}
    assert [(fact.label, fact.value) for fact in page(tiny_session(facts=facts)).facts] == [
        ("Paused", "0:00:27"),
        ("Boss id", "17188"),
        ("Run success", "yes"),
        ("Key level", "12"),
    ]


def test_facts_are_cut() -> None:
    assert len(page(tiny_session(facts={f"fact {at}": at for at in range(MOST_FACTS + 5)})).facts) == MOST_FACTS


def test_a_session_without_events_has_no_chart() -> None:
    assert page(tiny_session()).chart is None
    assert page(hunting_session()).chart is not None


def test_the_hits_of_a_fight_are_on_its_timeline() -> None:
    hits = tuple(Hit(at=EpochMs(epoch_ms(START) + 1_000 * at), value=1.0) for at in range(5))
    chart = page(tiny_session(skills=(Skill(name="Ray", category="damage", timeline=hits),))).chart
    assert chart is not None
    assert [(series.label, series.total) for series in chart.series] == [("Damage", 5)]


def test_a_raid_begins_with_its_boss_and_its_people() -> None:
    shown = page(raid_session())
    assert [table.title for table in shown.fight] == ["Boss", "Participants"]
    assert [table.title for table in shown.skills] == ["Player 2", "Player 1", "Player 3"]
    assert shown.listings == ()


def test_people_of_whom_nothing_is_told_come_with_the_other_tables() -> None:
    shown = page(hunting_session())
    assert shown.fight == ()
    assert shown.listings[-1].title == "Participants"


AMOUNTS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(-(2**63), 2**63 - 1)


@given(AMOUNTS, AMOUNTS, AMOUNTS, COUNTS, st.integers(0, LONGEST_MS))
def test_no_account_is_too_absurd_for_a_page(one: float, other: float, cost: float, count: int, active_ms: int) -> None:
    statistics = Statistics(
        combat=Combat(shots=count, hits=count, damage_dealt=one),
        defence=Defence(hits_taken=count),
        economy=Economy(loot_value=one, ammunition_cost=cost, other_cost=other, armour_cost=one),
        skills=(SkillTotal(name="a", gained=one), SkillTotal(name="b", category="c", gained=other, gains=count)),
        active_ms=active_ms,
    )
    assert page(tiny_session(statistics=statistics, facts={"a_ms": one, "b_id": other, "c_success": one})).headline
