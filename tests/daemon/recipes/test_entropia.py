"""The shipped recipe for the chat.log of Entropia Universe: over generated logs and over a stored one."""

from __future__ import annotations

import pytest

from logferry_daemon.core.reading import Found
from logferry_daemon.trackers.artemis_events import EVENT_WORDS
from logferry_model.session import EndRule, Event
from tests.daemon.golden import expected, stored
from tests.daemon.recipes.logs import Log, document, leaks, measures, rules, types
from tests.daemon.recipes.small import codes
from tests.factories_chat import LIES, chat
from tests.factories_logs import FRIEND, PLANTED, RIVAL, written

ENTROPIA = Log("entropia-chat", "chat.log")
SHOT = "[System] [] You inflicted 12.5 points of damage"


def log(*said: tuple[int, str], mark: bool = False) -> bytes:
    """Lines at so many minutes after eight o'clock."""
    return written((f"2026-03-01 {20 + at // 60:02}:{at % 60:02}:00 {one}" for at, one in said), mark=mark)


def event_of(said: str) -> Event:
    found = ENTROPIA.only(log((0, SHOT), (1, f"[System] [] {said}")))
    return found.session.events[1]


def hunt() -> Found:
    return ENTROPIA.only(written(chat(1, hunts=1)))


@pytest.mark.parametrize(("pause", "hunts"), [(30, 1), (31, 2)])
def test_half_an_hour_without_a_line_parts_two_hunts(pause: int, hunts: int) -> None:
    assert len(ENTROPIA.read(log((0, SHOT), (pause, SHOT))).found) == hunts


def test_talk_keeps_no_hunt_going() -> None:
    said = [(at, f"[Local] [{FRIEND}] hello") for at in range(1, 40)]
    assert len(ENTROPIA.read(log((0, SHOT), *said, (40, SHOT))).found) == 2


def test_a_worn_weapon_is_no_hunt() -> None:
    worn = "[System] [] Your Rifle is close to reaching minimum condition, consider repairing it as soon as possible"
    assert codes(ENTROPIA.read(log((0, worn)))) == ["no-session"]


def test_the_last_hunt_may_still_go_on() -> None:
    assert rules(ENTROPIA.read(log((0, SHOT), (40, SHOT)))) == [EndRule.SILENCE, None]


def test_a_byte_order_mark_hides_no_line() -> None:
    assert ENTROPIA.only(log((0, SHOT), mark=True)).events == 1


@pytest.mark.parametrize("lie", LIES)
def test_nobody_speaks_in_the_name_of_the_game(lie: str) -> None:
    assert types(ENTROPIA.only(log((0, SHOT), (1, lie)))) == {"damage_dealt": 1}


@pytest.mark.parametrize(
    ("said", "kind", "amount"),
    [
        ("You inflicted 12.5 points of damage", "damage_dealt", 12.5),
        ("You inflicted 8 points of damage. Target resisted some additional damage", "damage_dealt", 8),
        ("Critical hit - Additional damage! You inflicted 40.0 points of damage", "damage_dealt", 40),
        ("You missed", "miss", None),
        ("The target Jammed your attack", "miss", None),
        ("The target resisted all damage", "target_resisted", None),
        ("Target out of range", "out_of_range", None),
        ("You took 5.5 points of damage", "damage_taken", 5.5),
        ("Critical hit - Armor penetration! You took 50.9 points of damage", "damage_taken", 50.9),
        ("Reduced 3.0 points of armor piercing damage", "damage_reduced", 3),
        ("Damage deflected!", "deflect", None),
        ("You healed yourself 6.5 points", "self_heal", 6.5),
        (f"You healed {RIVAL} with 4.0 points", "heal_other", 4),
        (f"You were healed 10.0 points by {FRIEND}", "healed_by", 10),
        (f"You were killed by the angry {RIVAL}", "death", None),
        ("You have been saved from certain death by divine intervention", "divine_intervention", None),
        ("You have gained 0.1234 experience in your Rifle skill", "skill_gain", 0.1234),
        ("You have gained 1 Agility", "attribute_gain", 1),
        ("Your Stamina has improved by 0.05", "attribute_gain", 0.05),
        ("Your ArMatrix LR-35 (L) has reached tier 2.24", "tier_up", 2.24),
        ("Vehicle took 3.5 points of damage", "vehicle_damage", 3.5),
    ],
)
def test_what_the_game_says_is_read(said: str, kind: str, amount: float | None) -> None:
    event = event_of(said)
    assert (event.type, event.amount) == (kind, amount)


def test_loot_has_its_worth_and_how_much_it_is() -> None:
    event = event_of("You received Shrapnel x (9373) Value: 0.9373 PED")
    assert (event.item, event.quantity, event.value) == ("Shrapnel", 9373, 0.9373)


def test_loot_with_a_tier_in_its_name_keeps_it() -> None:
    assert event_of("You received Rifle (Tier 1.2) x (1) Value: 3 PED").item == "Rifle (Tier 1.2)"


@pytest.mark.parametrize(
    ("said", "critical"),
    [
        ("You inflicted 4 points of damage", False),
        ("Critical hit - Additional damage! You inflicted 4 points of damage", True),
    ],
)
def test_a_critical_hit_is_one(said: str, critical: bool) -> None:
    assert event_of(said).critical is critical


def test_its_words_are_those_of_artemis() -> None:
    assert {rule.type for rule in ENTROPIA.tracker.recipe.line.rule} <= EVENT_WORDS


def test_a_hunt_is_counted_as_artemis_counts_it() -> None:
    statistics, counted = hunt().statistics(), types(hunt())
    assert statistics.combat is not None
    assert (statistics.combat.shots, statistics.combat.hits) == (
        sum(counted[word] for word in ("damage_dealt", "miss", "target_dodged", "target_evaded")),
        counted["damage_dealt"],
    )


def test_what_was_found_adds_up() -> None:
    found = hunt()
    assert measures(found)["loot_value"] == sum(one.value for one in found.statistics().loot)


def test_the_finds_of_others_are_not_counted() -> None:
    statistics = hunt().statistics()
    assert (statistics.globals, statistics.halls_of_fame) == (0, 0)


def test_nobody_who_is_named_in_the_log_is_in_what_is_sent() -> None:
    assert leaks(ENTROPIA.read(written(chat(3, hunts=3))), PLANTED) == []


def test_a_generated_log_is_sent_as_it_was_when_somebody_last_looked() -> None:
    made = [document(found) for found in ENTROPIA.read(stored("entropia-chat/chat.log")).found]
    assert made == expected("entropia-chat/sent.json", made)
