"""Every figure of a session, on cases small enough to add up by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_model.figures import (
    CategoryTotal,
    Combat,
    Defence,
    Economy,
    LoadoutTotal,
    LootTotal,
    SkillTotal,
    Statistics,
)
from logferry_model.session import Event
from logferry_model.tally import GLOBALS, HALLS_OF_FAME, HEALS, LOOT, MISS, SHOTS, SKILL_GAINS, Tally, skills_of, tally
from tests.factories import event
from tests.model.plain_tally import PlainTally

MS = event().at


def combat_of(*events: Event) -> Combat:
    combat = tally(events, cost_per_shot={}).combat
    assert combat is not None
    return combat


def defence_of(*events: Event) -> Defence:
    defence = tally(events, cost_per_shot={}).defence
    assert defence is not None
    return defence


def economy_of(
    *events: Event, cost_per_shot: dict[str, float] | None = None, fallback: float = 0.0, other: float = 0.0
) -> Economy:
    economy = tally(events, cost_per_shot=cost_per_shot or {}, fallback_cost=fallback, other_cost=other).economy
    assert economy is not None
    return economy


def loot(seconds: float, **fields: Any) -> Event:  # noqa: ANN401 -- any field
    return event("loot", after=timedelta(seconds=seconds), **fields)


def test_six_words_consume_ammunition() -> None:
    assert frozenset(
        {"damage_dealt", "miss", "target_dodged", "target_evaded", "target_resisted", "out_of_range"}
    ) == frozenset(SHOTS)


@pytest.mark.parametrize("word", sorted(SHOTS))
def test_every_such_word_is_a_shot(word: str) -> None:
    assert combat_of(event(word)).shots == 1


@pytest.mark.parametrize("word", ["loot", "damage_taken", "player_dodged", "enemy_missed", "deflect"])
def test_no_other_word_is_a_shot(word: str) -> None:
    assert combat_of(event(word)).shots == 0


def test_hits_are_the_shots_that_dealt_damage() -> None:
    assert combat_of(event("damage_dealt"), event("miss"), event("damage_dealt")).hits == 2


@pytest.mark.parametrize(("word", "kind"), MISS.items())
def test_each_kind_of_miss_is_counted_by_itself(word: str, kind: str) -> None:
    combat = combat_of(event(word), event(word), *(event(other) for other in MISS))
    assert getattr(combat, kind) == 3


def test_misses_are_all_kinds_together() -> None:
    assert combat_of(*(event(word) for word in MISS), event("damage_dealt")).misses == 5


def test_the_hit_rate_is_hits_per_shot() -> None:
    assert combat_of(event("damage_dealt"), event("miss"), event("miss"), event("target_dodged")).hit_rate == 0.25


def test_there_is_no_hit_rate_without_a_shot() -> None:
    assert combat_of(event("loot")).hit_rate is None


def test_critical_hits_are_counted() -> None:
    assert combat_of(event("damage_dealt", critical=True), event("damage_dealt")).criticals == 1


def test_damage_dealt_is_the_sum_of_the_hits() -> None:
    assert combat_of(event("damage_dealt", amount=45.25), event("damage_dealt", amount=10.5)).damage_dealt == 55.75


def test_a_hit_without_an_amount_deals_none() -> None:
    assert combat_of(event("damage_dealt")).damage_dealt == 0.0


def test_damage_taken_is_not_damage_dealt() -> None:
    combat = combat_of(event("damage_taken", amount=7.5), event("damage_taken", amount=2.5))
    assert (combat.damage_taken, combat.damage_dealt) == (10.0, 0.0)


def test_deaths_are_counted() -> None:
    assert combat_of(event("death"), event("death_location")).deaths == 1


def test_revivals_are_those_by_others_and_those_by_divine_intervention() -> None:
    assert combat_of(event("revived"), event("divine_intervention"), event("death")).revivals == 2


def test_drops_of_one_moment_are_one_kill() -> None:
    assert combat_of(loot(5), loot(5), loot(6)).kills == 1


def test_a_drop_more_than_a_second_later_is_another_kill() -> None:
    assert combat_of(loot(5), loot(6.001)).kills == 2


def test_a_mining_claim_is_no_kill() -> None:
    assert combat_of(event("mining_claim", value=3.0)).kills == 0


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("player_dodged", "dodged"),
        ("player_evaded", "evaded"),
        ("deflect", "deflected"),
        ("enemy_missed", "enemy_missed"),
        ("damage_reduced", "armour_hits"),
    ],
)
def test_each_kind_of_defence_is_counted_by_itself(word: str, name: str) -> None:
    assert getattr(defence_of(event(word), event(word), event("loot")), name) == 2


def test_healing_is_that_of_oneself_and_by_others() -> None:
    healed = defence_of(event("self_heal", amount=10), event("healed_by", amount=5), event("heal_other", amount=99))
    assert healed.healed == 15.0


def test_a_shot_costs_what_the_snapshot_of_its_loadout_says() -> None:
    shots = (event("damage_dealt", loadout="a"), event("miss", loadout="b"), event("miss", loadout="b"))
    assert economy_of(*shots, cost_per_shot={"a": 0.5, "b": 0.25}, fallback=9.0).ammunition_cost == 1.0


@pytest.mark.parametrize("loadout", [None, "gone"])
def test_a_shot_without_a_snapshot_costs_what_was_entered_by_hand(loadout: str | None) -> None:
    assert economy_of(event("miss", loadout=loadout), cost_per_shot={"a": 5.0}, fallback=0.25).ammunition_cost == 0.25


def test_a_snapshot_that_costs_nothing_is_not_replaced_by_the_cost_entered_by_hand() -> None:
    assert economy_of(event("miss", loadout="a"), cost_per_shot={"a": 0.0}, fallback=0.25).ammunition_cost == 0.0


def test_the_cost_is_ammunition_and_what_was_entered_by_hand() -> None:
    assert economy_of(event("miss"), fallback=0.25, other=1.5).cost == 1.75


def test_loot_is_worth_the_sum_of_its_drops() -> None:
    assert economy_of(loot(1, value=0.5), loot(2), event("mining_claim", value=2.0)).loot_value == 2.5


def test_profit_is_loot_minus_cost() -> None:
    assert economy_of(loot(1, value=1.0), event("miss"), fallback=0.75, other=0.5).profit == -0.25


def test_the_return_rate_is_loot_per_cost() -> None:
    assert economy_of(loot(1, value=0.9), event("miss"), fallback=1.0).return_rate == pytest.approx(0.9)


def test_there_is_no_return_rate_when_nothing_was_spent() -> None:
    assert economy_of(loot(1, value=0.9)).return_rate is None


def test_loot_is_told_by_item_the_most_valuable_first() -> None:
    drops = (
        loot(1, item="Shrapnel", quantity=200, value=0.5),
        loot(1, item="Animal Hide", quantity=1, value=1.5),
        loot(9, item="Shrapnel", quantity=100, value=0.25),
    )
    assert tally(drops, cost_per_shot={}).loot == (
        LootTotal(item="Animal Hide", drops=1, quantity=1, value=1.5),
        LootTotal(item="Shrapnel", drops=2, quantity=300, value=0.75),
    )


def test_a_drop_without_a_quantity_is_one() -> None:
    assert tally([loot(1, item="Gem")], cost_per_shot={}).loot[0].quantity == 1


def test_a_drop_of_quantity_zero_stays_zero() -> None:
    assert tally([loot(1, item="Gem", quantity=0)], cost_per_shot={}).loot[0].quantity == 0


def test_a_drop_without_an_item_is_called_unknown() -> None:
    assert tally([loot(1)], cost_per_shot={}).loot[0].item == "unknown"


def test_skills_are_told_by_name_and_category_the_most_gained_first() -> None:
    gains = (
        event("skill_gain", skill="Rifle", skill_category="combat", amount=0.25),
        event("attribute_gain", skill="Agility", skill_category="attributes", amount=2.0),
        event("skill_gain", skill="Rifle", skill_category="combat", amount=0.5),
        event("skill_gain", skill="Rifle", skill_category="profession", amount=0.125),
    )
    assert tally(gains, cost_per_shot={}).skills == (
        SkillTotal(name="Agility", category="attributes", gains=1, gained=2.0, last_at=MS),
        SkillTotal(name="Rifle", category="combat", gains=2, gained=0.75, last_at=MS),
        SkillTotal(name="Rifle", category="profession", gains=1, gained=0.125, last_at=MS),
    )


def test_a_new_rank_is_no_gain() -> None:
    assert tally([event("skill_rank", skill="Rifle")], cost_per_shot={}).skills == ()


def test_gained_skills_become_parts_of_the_session() -> None:
    one = skills_of(Statistics(skills=(SkillTotal(name="Rifle", category="combat", gains=2, gained=0.75),)))[0]
    assert (one.name, one.category, one.uses, one.total) == ("Rifle", "combat", 2, 0.75)


def test_each_loadout_has_its_own_shots_hits_damage_cost_and_loot() -> None:
    events = (
        event("damage_dealt", loadout="a", amount=10.0),
        event("miss", loadout="a"),
        event("damage_dealt", amount=4.0),
        loot(3, loadout="a", value=1.5),
    )
    assert tally(events, cost_per_shot={"a": 0.5}, fallback_cost=0.25).loadouts == (
        LoadoutTotal(loadout="", shots=1, hits=1, damage_dealt=4.0, cost=0.25),
        LoadoutTotal(loadout="a", shots=2, hits=1, damage_dealt=10.0, cost=1.0, loot_value=1.5),
    )


def test_a_loadout_has_its_own_profit() -> None:
    assert LoadoutTotal(loadout="a", cost=1.0, loot_value=1.5).profit == 0.5


def test_a_loadout_has_its_own_return_rate() -> None:
    assert LoadoutTotal(loadout="a", cost=2.0, loot_value=1.5).return_rate == 0.75


def test_a_loadout_that_cost_nothing_has_no_return_rate() -> None:
    assert LoadoutTotal(loadout="a", loot_value=1.5).return_rate is None


@pytest.mark.parametrize("word", ["global", "global_mining", "global_craft"])
def test_finds_announced_to_the_whole_game_are_globals(word: str) -> None:
    statistics = tally([event(word)], cost_per_shot={})
    assert (statistics.globals, statistics.halls_of_fame) == (1, 0)


@pytest.mark.parametrize("word", ["hof", "hof_mining"])
def test_records_are_halls_of_fame(word: str) -> None:
    statistics = tally([event(word)], cost_per_shot={})
    assert (statistics.globals, statistics.halls_of_fame) == (0, 1)


def test_every_event_is_counted_whatever_its_word() -> None:
    assert tally([event("loot"), event("other"), event("buff")], cost_per_shot={}).events == 3


def test_skill_is_measured_per_currency_spent() -> None:
    gained = (event("skill_gain", skill="Rifle", amount=3.0), event("skill_gain", skill="Evade", amount=1.0))
    assert tally((*gained, event("miss")), cost_per_shot={}, fallback_cost=2.0).skill_per_cost == 2.0


def test_skill_is_measured_per_shot() -> None:
    events = (event("skill_gain", skill="Rifle", amount=3.0), event("miss"), event("damage_dealt"))
    assert tally(events, cost_per_shot={}).skill_per_shot == 1.5


def test_no_efficiency_is_made_up_where_there_is_nothing_to_divide_by() -> None:
    statistics = tally([event("skill_gain", skill="Rifle", amount=3.0)], cost_per_shot={})
    assert (statistics.skill_per_cost, statistics.skill_per_shot, statistics.skill_per_hour) == (None, None, None)


def test_shrapnel_has_a_total_of_its_own() -> None:
    drops = (
        loot(1, item="Shrapnel", value=0.5),
        loot(2, item="Animal Hide", value=2.0),
        loot(3, item="shrapnel", value=1),
    )
    assert economy_of(*drops).shrapnel_value == 1.5


@pytest.mark.parametrize("item", ["Universal Ammo", "universal ammunition"])
def test_ammunition_that_was_found_has_a_total_of_its_own(item: str) -> None:
    economy = economy_of(loot(1, item=item, value=0.5), loot(2, item="Ammo box", value=9.0))
    assert (economy.ammunition_value, economy.loot_value) == (0.5, 9.5)


def test_what_was_entered_by_hand_is_told_by_kind() -> None:
    economy = Tally(cost_per_shot={}, other_cost=7.0, armour_cost=1.0, healing_cost=2.0).statistics().economy
    assert economy is not None
    assert (economy.cost, economy.armour_cost, economy.healing_cost, economy.miscellaneous_cost) == (7.0, 1.0, 2.0, 4.0)


def test_the_armours_decay_is_told_per_blow_deflected_ones_too() -> None:
    total = Tally(cost_per_shot={}, other_cost=3.0, armour_cost=3.0)
    for word in ("damage_taken", "damage_taken", "deflect", "player_dodged", "damage_reduced"):
        total.add(event(word))
    assert total.statistics().armour_cost_per_hit == 1.0


def test_without_a_blow_there_is_no_decay_per_blow() -> None:
    assert Tally(cost_per_shot={}, other_cost=3.0, armour_cost=3.0).statistics().armour_cost_per_hit is None


def test_a_skill_says_when_it_was_last_gained() -> None:
    gains = [event("skill_gain", skill="Rifle", after=timedelta(seconds=second)) for second in (5, 9, 7)]
    assert tally(gains, cost_per_shot={}).skills[0].last_at == MS + 9_000


def test_skills_are_added_up_by_category() -> None:
    gains = (
        event("skill_gain", skill="Rifle", skill_category="combat", amount=0.5),
        event("skill_gain", skill="Evade", skill_category="combat", amount=0.25),
        event("skill_gain", skill="Evade", skill_category="combat", amount=0.25),
        event("attribute_gain", skill="Agility", amount=2.0),
    )
    assert tally(gains, cost_per_shot={}).skill_categories == (
        CategoryTotal(skills=1, gains=1, gained=2.0),
        CategoryTotal(category="combat", skills=2, gains=3, gained=1.0),
    )


def find(word: str, **fields: Any) -> Event:  # noqa: ANN401 -- any field
    return event(word, creature="Atrox", value=80.0, participant="p1", **fields)


@pytest.mark.parametrize("words", [("global", "hof"), ("hof", "global"), ("global_mining", "hof_mining")])
def test_a_find_that_is_announced_both_ways_is_one_hall_of_fame(words: tuple[str, str]) -> None:
    statistics = tally([find(word) for word in words], cost_per_shot={})
    assert (statistics.globals, statistics.halls_of_fame) == (0, 1)


def test_two_finds_are_two_although_one_is_a_record() -> None:
    finds = [find("global"), find("hof", after=timedelta(seconds=1)), event("global", creature="Argonaut", value=60.0)]
    statistics = tally(finds, cost_per_shot={})
    assert (statistics.globals, statistics.halls_of_fame) == (2, 1)


def test_figures_per_hour_are_of_the_time_played() -> None:
    total = Tally(cost_per_shot={}, other_cost=1.0)
    total.add(event("skill_gain", skill="Rifle", amount=3.0))
    total.add(loot(1, value=2.0))
    statistics = total.statistics(timedelta(minutes=30))
    assert (statistics.skill_per_hour, statistics.loot_per_hour, statistics.profit_per_hour) == (6.0, 4.0, 2.0)


@pytest.mark.parametrize("active", [None, timedelta()])
def test_without_a_time_played_there_is_nothing_per_hour(active: timedelta | None) -> None:
    total = Tally(cost_per_shot={})
    total.add(loot(1, value=2.0))
    statistics = total.statistics(active)
    assert (statistics.skill_per_hour, statistics.loot_per_hour, statistics.profit_per_hour) == (None, None, None)


WORDS = sorted(
    SHOTS | LOOT | SKILL_GAINS | GLOBALS | HALLS_OF_FAME | HEALS | {"damage_taken", "death", "deflect", "buff"}
)
EVENTS = st.builds(
    event,
    st.sampled_from(WORDS),
    after=st.integers(0, 5000).map(lambda ms: timedelta(milliseconds=ms)),
    amount=st.none() | st.integers(0, 99).map(float),
    value=st.none() | st.integers(0, 99).map(float),
    skill=st.sampled_from((None, "Rifle", "Evade")),
    item=st.sampled_from((None, "Shrapnel", "Universal Ammo")),
    loadout=st.sampled_from((None, "a", "gone")),
    critical=st.booleans(),
)


@given(st.lists(EVENTS, max_size=12))
def test_what_is_counted_one_by_one_is_at_every_moment_what_is_counted_at_once(events: list[Event]) -> None:
    total = Tally(cost_per_shot={"a": 0.5}, fallback_cost=0.25, other_cost=1.0)
    for number, one in enumerate(events, start=1):
        total.add(one)
        so_far = tally(events[:number], cost_per_shot={"a": 0.5}, fallback_cost=0.25, other_cost=1.0)
        assert total.statistics() == so_far


@given(st.lists(EVENTS, max_size=12))
def test_asking_changes_nothing(events: list[Event]) -> None:
    total = Tally(cost_per_shot={})
    for one in events:
        total.add(one)
    assert total.statistics() == total.statistics()


HUNTS = st.lists(
    st.builds(
        lambda word, after, fields: event(word, after=timedelta(milliseconds=after), **fields),
        st.sampled_from(
            sorted(SHOTS | LOOT | SKILL_GAINS | GLOBALS | HALLS_OF_FAME | HEALS | {"damage_taken", "death"})
        ),
        st.integers(0, 5_000),
        st.fixed_dictionaries(
            {},
            optional={
                "amount": st.floats(-1e12, 1e12) | st.sampled_from((0.1, 0.2, 63.4)),
                "value": st.floats(-1e12, 1e12) | st.sampled_from((0.1, 0.7)),
                "quantity": st.integers(-3, 3),
                "critical": st.booleans(),
                "skill": st.sampled_from(("Rifle", "Anatomy", "")),
                "skill_category": st.sampled_from(("Combat", "")),
                "item": st.sampled_from(("Shrapnel", "Hide", "Universal Ammo", "")),
                "creature": st.sampled_from(("Atrox", "Argonaut")),
                "loadout": st.sampled_from(("a", "b", "unknown", "")),
                "participant": st.sampled_from(("p1", "p2")),
            },
        ),
    ),
    max_size=30,
)


@given(HUNTS, st.integers(0, 30), st.dictionaries(st.sampled_from(("a", "b", "")), st.floats(0, 2)), st.floats(0, 1))
def test_a_hunt_adds_up_to_the_bit_as_counted_on_paper(
    events: list[Event], cut: int, costs: dict[str, float], fallback: float
) -> None:
    at_once = Tally(cost_per_shot=costs, fallback_cost=fallback)
    on_paper = PlainTally(cost_per_shot=costs, fallback_cost=fallback)
    at_once.add_all(events[:cut])
    at_once.add_all(events[cut:])
    for one in events:
        on_paper.add(one)
    found = at_once.statistics()
    groups = (found, found.combat, found.defence, found.economy)
    told = {key: next(getattr(of, key) for of in groups if hasattr(of, key)) for key in on_paper.told()}
    assert repr(told) == repr(on_paper.told())
