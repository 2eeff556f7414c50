"""Sessions, envelopes and requests for the collector's tests: made up, and the same every time."""

from __future__ import annotations

import gzip
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from logferry_model.envelope import Envelope, content_digest, encode_session
from logferry_model.figures import (
    Combat,
    Defence,
    Economy,
    LoadoutTotal,
    LootTotal,
    Measure,
    SkillTotal,
    Statistics,
)
from logferry_model.session import (
    Boss,
    End,
    EndRule,
    EpochMs,
    Event,
    Hit,
    Loadout,
    Participant,
    Session,
    SessionId,
    Skill,
)

START = datetime(2026, 11, 18, 18, 4, tzinfo=UTC)
KEY = "0123456789abcdef"
"""An idempotency key of the shortest length that is allowed."""


def epoch_ms(moment: datetime) -> EpochMs:
    return EpochMs(round(moment.timestamp() * 1000))


def tiny_session(**changes: object) -> Session:
    """The smallest complete session."""
    session = Session(
        id=SessionId("0" * 16),
        tracker="artemis",
        natural_key="artemis-1",
        started_at=START,
        ended_at=START + timedelta(minutes=5),
        end=End(rule=EndRule.SILENCE, evidence="no line for 10 min", confidence=0.6),
    )
    return msgspec.structs.replace(session, **changes)


def hunting_session(events: int = 800) -> Session:
    """An evening of hunting: shots, loot, skills, two loadouts."""
    chance = random.Random(7)
    length = timedelta(hours=2, minutes=14, seconds=9)
    moments = sorted(chance.betavariate(1.3, 1.15) * length.total_seconds() for _ in range(events))
    return tiny_session(
        id=SessionId("5f3a9c0d12e84b77"),
        natural_key="1763489040000",
        name="Atrox Provider, north of Fort Ithaca",
        tags=("hunting", "Calypso", "solo"),
        ended_at=START + length,
        end=End(rule=EndRule.EXPLICIT, evidence="endedAt in the session file", confidence=1.0),
        participants=(Participant(id="p1", local=True), Participant(id="p2"), Participant(id="p3")),
        loadouts=(
            Loadout(id="l1", name="ArMatrix LR-35 with A104", cost_per_shot=0.0412),
            Loadout(id="l2", name="ArMatrix BP-25", cost_per_shot=0.0287),
        ),
        events=tuple(_hunting_event(chance, START + timedelta(seconds=at)) for at in moments),
        statistics=_hunting_statistics(events),
        facts={"app_version": "1.8.2", "planet": "Calypso", "auto_loot": True, "server": None},
    )


_HUNTING_TYPES = {
    "damage_dealt": 46,
    "miss": 7,
    "skill_gain": 17,
    "loot": 9,
    "damage_taken": 9,
    "player_dodged": 4,
    "target_dodged": 4,
    "self_heal": 3,
    "enhancer_broke": 1,
    "global": 0.4,
}


def _hunting_event(chance: random.Random, at: datetime) -> Event:
    kind = chance.choices(list(_HUNTING_TYPES), list(_HUNTING_TYPES.values()))[0]
    amount = round(chance.uniform(8, 84), 1) if "damage" in kind else None
    return Event(at=epoch_ms(at), type=kind, amount=amount, loadout=chance.choice(("l1", "l1", "l2")), participant="p1")


def _hunting_statistics(events: int) -> Statistics:
    loot = (
        ("Shrapnel", 61, 182_340, 18.234),
        ("Animal Muscle Oil", 22, 344, 10.32),
        ("Atrox Foul Stomach", 3, 3, 7.12),
        ("Universal Ammo", 9, 61_200, 6.12),
        ("Animal Hide", 14, 261, 2.61),
        ("ArMatrix LR-30 (L)", 1, 1, 2.14),
        ("Output Amplifier Component", 5, 9, 1.98),
    )
    skills = (
        ("Laser Weaponry Technology", "Combat", 31, 0.9412),
        ("Rifle", "Combat", 28, 0.8123),
        ("Anatomy", "Medical", 22, 0.6631),
        ("Evade", "Defence", 18, 0.5092),
        ("Combat Reflexes", "Combat", 11, 0.2877),
        ("Perception", "General", 9, 0.1311),
    )
    return Statistics(
        events=events,
        combat=Combat(
            shots=1_482,
            hits=1_291,
            misses=191,
            criticals=38,
            damage_dealt=61_438.4,
            damage_taken=2_917.6,
            deaths=1,
            revivals=1,
            kills=74,
        ),
        defence=Defence(dodged=41, evaded=28, deflected=3, enemy_missed=22, armour_hits=96, healed=1_310.5),
        economy=Economy(loot_value=48.52, ammunition_cost=51.37, other_cost=4.1),
        loot=tuple(LootTotal(item=i, drops=d, quantity=q, value=v) for i, d, q, v in loot),
        skills=tuple(SkillTotal(name=n, category=c, gains=g, gained=t) for n, c, g, t in skills),
        loadouts=(
            LoadoutTotal(loadout="l1", shots=1_020, hits=899, damage_dealt=46_112.2, cost=42.02, loot_value=37.9),
            LoadoutTotal(loadout="l2", shots=462, hits=392, damage_dealt=15_326.2, cost=9.35, loot_value=10.62),
        ),
        globals=2,
        halls_of_fame=0,
    )


def exploring_session() -> Session:
    """A flight in Elite Dangerous: measures and facts, no combat."""
    chance = random.Random(11)
    kinds = {"FSDJump": 30, "Scan": 46, "FSSSignalDiscovered": 60, "FuelScoop": 18, "Docked": 3, "ReceiveText": 7}
    length = timedelta(minutes=96)
    moments = sorted(chance.uniform(0, length.total_seconds()) for _ in range(240))
    return tiny_session(
        id=SessionId("a1b2c3d4e5f60718"),
        tracker="elite-dangerous",
        natural_key="F1234567-2026-11-18T18:04:00Z",
        ended_at=START + length,
        end=End(rule=EndRule.PROCESS_GONE, evidence="the game was seen running until 19:40:02", confidence=0.9),
        events=tuple(
            Event(
                at=epoch_ms(START + timedelta(seconds=at)),
                type=chance.choices(list(kinds), list(kinds.values()))[0],
            )
            for at in moments
        ),
        facts={"ship": "Krait Phantom", "game_mode": "Open", "gameversion": "4.1.2.100", "odyssey": True},
        statistics=Statistics(
            events=240,
            measures=(
                Measure(name="jumps", label="Jumps", value=44),
                Measure(name="distance", label="Distance jumped", value=2_817.43, unit="ly"),
                Measure(name="credits", label="Earned", value=18_734_220, unit="cr"),
                Measure(name="scanned", label="Bodies scanned", value=61),
                Measure(name="first", label="First discoveries", value=17),
                Measure(name="scooped", label="Fuel scooped", value=312.6, unit="t"),
                Measure(name="supercruise", label="In supercruise", value=3_912, unit="s"),
            ),
        ),
    )


def raid_session() -> Session:
    """Three against a boss: figures, facts, skills with their hits; nobody is named."""
    people = tuple(
        Participant(
            id=person,
            local=person == "p2",
            facts={"class_id": 2, "level": 60},
            figures={
                "damage_dealt": damage,
                "heal_dealt": 13_942.0,
                "damage_taken": 1_200.0,
                "dps": damage / 60,
                "hits_dealt": 8.0,
                "crit_hits_dealt": 2.0,
                "deaths": 0.0,
            },
        )
        for person, damage in (("p1", 18_541.0), ("p2", 39_954.0), ("p3", 53_887.0))
    )
    return tiny_session(
        tracker="resonance",
        natural_key="raid-1",
        participants=people,
        bosses=(Boss(name="Keeper of the Lower Gate", damage=112_382.0, hits=24, max_hp=120_000.0, defeated=True),),
        skills=tuple(_raid_skill(one.id, number) for one in people for number in (1, 2)),
        facts={"scene_name": "Lower Gate", "attempts": 1},
    )


def _raid_skill(person: str, number: int) -> Skill:
    return Skill(
        name=f"170{number}",
        category="damage",
        uses=4,
        total=4_271.0 * number,
        participant=person,
        figures={"critical_hits": 1.0, "hp_loss": 4_271.0 * number},
        timeline=tuple(
            Hit(at=EpochMs(epoch_ms(START) + 4_000 * at), value=1_067.75 * number, critical=not at) for at in range(4)
        ),
    )


def envelope_of(session: Session, **changes: object) -> Envelope:
    """The envelope a daemon would put round `session`."""
    envelope = Envelope(
        schema_version=1,
        tracker=session.tracker,
        natural_key=session.natural_key,
        revision=1,
        started_at=session.started_at,
        ended_at=session.ended_at,
        partial=session.ended_at is None,
        install_id="install-0001",
        app_version="0.1.0",
        platform="windows",
        payload=msgspec.Raw(encode_session(session)),
    )
    return msgspec.structs.replace(envelope, **changes)


def document_of(session: Session, **changes: object) -> bytes:
    """The decoded request body of an upload."""
    return msgspec.json.encode(envelope_of(session, **changes))


def pack(document: bytes) -> bytes:
    """The body on the wire."""
    return gzip.compress(document, mtime=0)


def headers_for(wire: bytes, *, key: str = KEY, **changes: str) -> Mapping[str, str]:
    """The headers of a well-formed upload of `wire`; `Content_Type="x"` changes one, an empty value leaves it out."""
    headers = {
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
        "Content-Digest": content_digest(wire),
        "Idempotency-Key": key,
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in headers.items() if value}
