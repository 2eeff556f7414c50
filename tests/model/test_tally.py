"""Every figure of a session, on cases small enough to add up by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from logferry_model.figures import Combat, Defence, Economy, LoadoutTotal, LootTotal, SkillTotal, Statistics
from logferry_model.session import Event
from logferry_model.tally import MISS, SHOTS, skills_of, tally
from tests.factories import event, session


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
        SkillTotal(name="Agility", category="attributes", gains=1, gained=2.0),
        SkillTotal(name="Rifle", category="combat", gains=2, gained=0.75),
        SkillTotal(name="Rifle", category="profession", gains=1, gained=0.125),
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


def test_skill_is_measured_per_hour() -> None:
    gained = Statistics(skills=(SkillTotal(name="Rifle", gained=3.0),))
    assert session(statistics=gained).skill_per_hour == 3.0


def test_no_efficiency_is_made_up_where_there_is_nothing_to_divide_by() -> None:
    statistics = tally([event("skill_gain", skill="Rifle", amount=3.0)], cost_per_shot={})
    running = session(statistics=statistics, ended_at=None)
    assert (statistics.skill_per_cost, statistics.skill_per_shot, running.skill_per_hour) == (None, None, None)
