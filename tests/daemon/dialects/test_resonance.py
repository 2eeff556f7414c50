"""What a resonance server is sent of an encounter, and what is too much for it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from logferry_daemon.dialects.resonance import LARGEST, ResonanceDialect
from logferry_model.errors import Refused
from logferry_model.session import Boss, EpochMs, Hit, Participant, Skill
from tests.daemon.dialects.seeds import body_of, letter_for, parcel, session_for

SESSION = session_for("resonance")
HOURS = timedelta(hours=2)


def sent(**changes: Any) -> Any:  # noqa: ANN401 -- any JSON value
    return body_of(letter_for("resonance", **changes))


def refusal(**changes: Any) -> str:  # noqa: ANN401 -- any field
    with pytest.raises(Refused) as caught:
        letter_for("resonance", **changes)
    return caught.value.message


def skill(hits: int = 0, **fields: Any) -> Skill:  # noqa: ANN401 -- any field
    timeline = tuple(Hit(at=EpochMs(1_772_395_201_000), value=1.0) for _ in range(hits))
    usual: dict[str, Any] = {"name": "7", "category": "damage", "participant": "p1", "timeline": timeline}
    return Skill(**(usual | fields))


def test_the_checksum_covers_all_that_stands_before_it() -> None:
    body = letter_for("resonance").body
    covered, _, rest = body.partition(b',"checksum":"')
    assert rest == hashlib.sha256(covered + b"}").hexdigest().encode() + b'"}'


def test_another_encounter_has_another_checksum() -> None:
    assert sent()["checksum"] != sent(skills=())["checksum"]


def test_the_number_is_of_the_encounter_and_not_of_the_trackers_counter() -> None:
    later = sent(started_at=SESSION.started_at + timedelta(seconds=1))
    assert (sent()["encounterId"], later["encounterId"]) == (1_772_395_200, 1_772_395_201)


def test_the_number_fits_into_32_bits_for_ever() -> None:
    far = SESSION.started_at.replace(year=2099)
    assert 0 < sent(started_at=far, ended_at=far + HOURS)["encounterId"] < 2**31


def test_two_hours_are_taken_and_a_millisecond_more_is_not() -> None:
    assert sent(ended_at=SESSION.started_at + HOURS)["durationMs"] == 7_200_000
    told = refusal(ended_at=SESSION.started_at + HOURS + timedelta(milliseconds=1))
    assert told == "resonance does not take this encounter: it took 2:00:00.001000, and the limit is 2:00:00"


def test_an_encounter_without_any_length_is_not_sent() -> None:
    assert "no time at all" in refusal(ended_at=SESSION.started_at)


def test_fifty_players_are_taken_and_one_more_is_not() -> None:
    many = tuple(Participant(id=f"p{number}") for number in range(51))
    assert len(sent(participants=many[:50])["players"]) == 50
    assert "51 players, and the limit is 50" in refusal(participants=many)


def test_ten_thousand_hits_of_a_skill_are_taken_and_one_more_is_not() -> None:
    assert sent(skills=(skill(hits=10_000),))["players"]
    assert "10,001 hits, and the limit is 10,000" in refusal(skills=(skill(hits=10_001),))


def test_uses_count_as_hits_also_without_a_timeline() -> None:
    assert "10,001 hits" in refusal(skills=(skill(uses=10_001),))


def test_ten_megabytes_are_too_much() -> None:
    hits = tuple(skill(hits=10_000, name=str(number)) for number in range(20))
    assert f"MB, and the limit is {LARGEST // 10**6} MB" in refusal(skills=hits)


def test_it_counts_in_whole_numbers() -> None:
    (player,) = sent(
        participants=(Participant(id="p1", figures={"damage_dealt": 10.6}),),
        skills=(skill(total=7.0, figures={"critical_hits": 1.0}),),
        facts={"total_damage": 10.6},
    )["players"]
    assert (player["damageDealt"], player["healDealt"]) == (11, 0)
    (one,) = player["damageSkills"]
    assert [type(one[name]) for name in ("totalValue", "critHits", "luckyHits")] == [int, int, int]


def test_every_boss_is_there_once() -> None:
    twice = (Boss(name="Choir", damage=5.0, hits=2), Boss(name="Choir", damage=6.0, hits=1), Boss(name="Rook"))
    assert sent(bosses=twice)["bosses"] == [
        {"name": "Choir", "totalDamage": 11, "hits": 3},
        {"name": "Rook", "totalDamage": 0, "hits": 0},
    ]


def test_a_heal_takes_no_health() -> None:
    healed = Hit(at=EpochMs(1_772_395_201_000), value=3.0)
    players = sent(skills=(skill(category="heal", timeline=(healed,)),))["players"]
    assert players[0]["healSkills"][0]["timeline"] == [
        {"timestampMs": 1_772_395_201_000, "value": 3, "isCrit": False, "isLucky": False}
    ]


def test_a_skill_that_nobody_knows_has_a_name_all_the_same() -> None:
    (one,) = sent(skills=(skill(name="unknown"),))["players"][0]["damageSkills"]
    assert (one["skillId"], one["skillName"]) == (-1, "Unknown skill")


def test_the_local_player_is_one_of_the_players() -> None:
    document = sent()
    local = next(place for place, person in enumerate(SESSION.participants, 1) if person.local)
    assert document["localPlayerUid"] == local
    assert [one["actorId"] for one in document["players"]] == list(range(1, len(SESSION.participants) + 1))


def test_rates_are_of_what_was_dealt() -> None:
    done = {"hits_dealt": 8.0, "crit_hits_dealt": 2.0, "lucky_hits_dealt": 1.0}
    (player,) = sent(participants=(Participant(id="p1", figures=done),))["players"]
    assert (player["critRate"], player["luckyRate"]) == (25.0, 12.5)


def test_a_long_version_is_cut_to_what_its_column_holds() -> None:
    given = replace(parcel(SESSION), app_version="9" * 40)
    assert body_of(ResonanceDialect().write(given))["meterVersion"] == "logferry/" + "9" * 23
