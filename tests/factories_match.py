"""Generated files of one match each: arcdps logs, zips around them, Rocket League replays. Nothing read from disk.

Layouts are spelled out here once more, so that a mistake in a decoder cannot hide in its own generator.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

START_UNIX = int(datetime(2026, 3, 1, 20, 0, tzinfo=UTC).timestamp())
TICK = 369_499_977
"""Milliseconds since the computer was started."""
BOSS = 17_188
OWN, FRIEND, PET, ENEMY = 2000, 2100, 2200, 30_311
OWN_INSTANCE, FRIEND_INSTANCE = 71, 72
CHARACTER, ACCOUNT = "Oriana Quellmont", "Quellmont.4821"
FRIEND_CHARACTER, FRIEND_ACCOUNT = "Hob Tarrowfen", "Tarrowfen.1177"
BOSS_NAME = "Keeper of the Lower Gate"
REPLAY_ID = "9F1C24A84E0B7D5512AB3C8E6D7F0192"
PLAYER, MATE, RIVAL = "Oriana", "Hob Tarrow", "Zylphé ☆"

_ANY_CREATURE = 0xFFFFFFFF


def agent(address: int, profession: int, elite: int, *names: str) -> bytes:
    """One row of the table of agents."""
    joined = b"\0".join(name.encode() for name in names)
    return struct.pack("<QII6h64s4x", address, profession, elite, 1374, 0, 80, 24, 10, 120, joined)


def player(address: int, name: str, account: str, subgroup: str = "1", *, profession: int = 7) -> bytes:
    return agent(address, profession, 66, name, f":{account}" if account else "", subgroup)


def creature(address: int, species: int, name: str) -> bytes:
    return agent(address, species, _ANY_CREATURE, name)


def gadget(address: int, number: int, name: str) -> bytes:
    return agent(address, 0xFFFF0000 | number, _ANY_CREATURE, name)


def event(revision: int = 1, after: int = 0, **of: int) -> bytes:
    """One event, `after` milliseconds; the fields have the names of the format's description."""
    head = [TICK + after, *(of.get(name, 0) for name in ("src_agent", "dst_agent", "value", "buff_dmg"))]
    flags = (
        "iff buff result is_activation is_buffremove is_ninety is_fifty is_moving is_statechange is_flanking is_shields"
    )
    bits = [of.get(name, 0) for name in flags.split()]
    instances = [of.get(name, 0) for name in ("src_instid", "dst_instid", "src_master_instid")]
    if revision == 0:
        return struct.pack("<QQQii5H9s11B2x", *head, 0, 5, *instances, b"\xee" * 9, *bits)
    return struct.pack("<QQQiiIIHHHH11B5x", *head, 9, 5, *instances, of.get("dst_master_instid", 0), *bits)


def change(revision: int, kind: int, after: int = 0, **of: int) -> bytes:
    return event(revision, after, is_statechange=kind, **of)


def evtc(
    agents: Sequence[bytes], events: Iterable[bytes], *, revision: int = 1, boss: int = BOSS, skills: int = 300
) -> bytes:
    """A log; `agents` and `events` as they are packed above."""
    header = struct.pack("<12sBHB", b"EVTC20260215", revision, boss, 0)
    table = struct.pack("<I", len(agents)) + b"".join(agents)
    # Such names do not get shorter in a zip, so that a log of two hundred blows is as long as a real one.
    names = b"".join(
        struct.pack("<i64s", number, sha256(bytes([number % 256])).hexdigest()[:63].encode())
        for number in range(skills)
    )
    return header + table + struct.pack("<I", skills) + names + b"".join(events)


def party(character: str = CHARACTER, account: str = ACCOUNT) -> list[bytes]:
    """Two players, a pet, the enemy."""
    return [
        player(OWN, character, account),
        player(FRIEND, FRIEND_CHARACTER, FRIEND_ACCOUNT, "2", profession=4),
        creature(PET, 1770, "Juvenile Bear"),
        creature(ENEMY, BOSS, BOSS_NAME),
    ]


def opening(revision: int = 1, *, unix: int = START_UNIX) -> list[bytes]:
    """What every log begins with."""
    return [
        change(revision, 9, src_agent=0x637261, dst_agent=1, value=unix, buff_dmg=unix + 1),
        change(revision, 13, src_agent=OWN),
        change(revision, 14, src_agent=2),
        change(revision, 15, src_agent=126_047),
        change(revision, 25, src_agent=1188),
        change(revision, 12, src_agent=ENEMY, dst_agent=40_000),
        change(revision, 8, src_agent=ENEMY, dst_agent=10_000),
    ]


def ending(revision: int = 1, after: int = 75_448, *, unix: int = START_UNIX) -> list[bytes]:
    return [change(revision, 10, after, src_agent=0x637261, value=unix + after // 1000, buff_dmg=unix)]


def blow(revision: int, after: int, source: int, target: int, value: int, **of: int) -> bytes:
    """A blow on a foe that lands."""
    return event(revision, after, src_agent=source, dst_agent=target, value=value, **({"iff": 1} | of))


def fighting(revision: int = 1, blows: int = 200) -> list[bytes]:
    """Blows in turn, a condition, a pet, what counts for nothing, a fall and a death on the way."""
    rows = []
    for number in range(blows):
        after = 100 + number * 300
        rows += [
            blow(revision, after, OWN, ENEMY, 100, src_instid=OWN_INSTANCE),
            blow(revision, after, FRIEND, ENEMY, 40, src_instid=FRIEND_INSTANCE, result=1),
            blow(revision, after, OWN, ENEMY, 0, buff=1, buff_dmg=7, src_instid=OWN_INSTANCE),
            blow(revision, after, PET, ENEMY, 3, src_instid=90, src_master_instid=FRIEND_INSTANCE),
            blow(revision, after, OWN, ENEMY, 999, result=3),  # blocked
            blow(revision, after, OWN, ENEMY, 999, is_activation=1),
            blow(revision, after, OWN, ENEMY, 5000, buff=1),  # a condition is put on
            blow(revision, after, ENEMY, FRIEND, 11, iff=0),
        ]
    return [
        *rows,
        change(revision, 5, 60_500, src_agent=FRIEND),
        change(revision, 4, 61_000, src_agent=FRIEND),
        change(revision, 8, 75_000, src_agent=ENEMY, dst_agent=0),
        change(revision, 4, 75_000, src_agent=ENEMY),
        change(revision, 4, 75_100, src_agent=PET),
    ]


def fight(revision: int = 1, **names: str) -> bytes:
    """A whole log of a fight that was won."""
    return evtc(party(**names), [*opening(revision), *fighting(revision), *ending(revision)], revision=revision)


def zipped(
    content: bytes,
    name: str = "20260301-200115",
    *,
    copies: int = 1,
    flags: int = 0,
    method: int = 8,
    mode: int = 0o100666,
    says: int | None = None,
    says_inside: int | None = None,
    crc: int | None = None,
    folders: Sequence[str] = (),
    total: int | None = None,
) -> bytes:
    """A zip with `content` in it; the keywords are its lies."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = content if method == 0 else packer.compress(content) + packer.flush()
    check = zlib.crc32(content) if crc is None else crc
    members = [*((one, b"", 0, 0, 0o040755) for one in folders), *((name, packed, check, len(content), mode),) * copies]
    body, directory = b"", b""
    for called, data, checked, size, kind in members:
        raw, way = called.encode(), method if data else 0
        told = size if says is None or not data else says
        inside = told if says_inside is None or not data else says_inside
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, flags, way, 0, 0, checked, len(data), told, len(raw), 0, 0, 0, 0, kind << 16, len(body)
        ) + raw  # fmt: skip
        body += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, flags, way, 0, 0, checked, len(data), inside, len(raw), 0)
        body += raw + data
    count = len(members) if total is None else total
    return body + directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)


def text(value: str, *, wide: bool | None = None) -> bytes:
    """A text of the engine: in one byte a letter, or in two and with a negative length."""
    if wide or (wide is None and not value.isascii()):
        return struct.pack("<i", -len(value.encode("utf-16-le")) // 2 - 1) + value.encode("utf-16-le") + b"\0\0"
    return struct.pack("<i", len(value) + 1) + value.encode("cp1252") + b"\0"


class Name(str):
    """A NameProperty."""

    __slots__ = ()


class Big(int):
    """A QWordProperty."""


class Platform(str):
    """A ByteProperty."""

    __slots__ = ()


def properties(of: Mapping[str, Any]) -> bytes:
    """A list of properties with its end."""
    return b"".join(_property(name, value) for name, value in of.items()) + text("None")


def _property(name: str, value: Any) -> bytes:  # noqa: ANN401, PLR0911 -- a value of any kind
    def made(kind: str, data: bytes) -> bytes:
        return text(name) + text(kind) + struct.pack("<2I", len(data), 0) + data

    match value:
        case bool():
            return text(name) + text("BoolProperty") + bytes(8) + bytes([value])
        case Big():
            return made("QWordProperty", struct.pack("<Q", value))
        case int():
            return made("IntProperty", struct.pack("<i", value))
        case float():
            return made("FloatProperty", struct.pack("<f", value))
        case Platform():
            lone = value in {"OnlinePlatform_Steam", "OnlinePlatform_PS4"}
            return made("ByteProperty", text(value) if lone else text("OnlinePlatform") + text(value))
        case Name():
            return made("NameProperty", text(value))
        case str():
            return made("StrProperty", text(value))
        case dict():
            return made("StructProperty", text("UniqueNetId") + properties(value))
        case _:
            return made("ArrayProperty", struct.pack("<I", len(value)) + b"".join(map(properties, value)))


def scorer(
    name: str,
    team: int,
    *,
    goals: int = 0,
    number: int = 76_561_190_000_000_001,
    **more: Any,  # noqa: ANN401 -- any property
) -> dict[str, Any]:
    """One row of the players' table."""
    return {
        "Name": name,
        "Platform": Platform("OnlinePlatform_Epic"),
        "OnlineID": Big(number),
        "PlayerID": {"Uid": Big(number), "EpicAccountId": f"epic-{name.lower()}-5d41", "Platform": Platform("OnlinePlatform_Steam")},
        "Team": team,
        "Score": 100 + goals * 120,
        "Goals": goals,
        "Assists": 1,
        "Saves": 2,
        "Shots": goals + 3,
        "bBot": False,
    } | more  # fmt: skip


def match_properties(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any property
    """A match of two against one, won by its owner; a change to None leaves the property out."""
    usual = {
        "TeamSize": 2,
        "Team0Score": 2,
        "Goals": [
            {"frame": 900, "PlayerName": PLAYER, "PlayerTeam": 0},
            {"frame": 4500, "PlayerName": MATE, "PlayerTeam": 0},
        ],
        "PlayerStats": [
            scorer(MATE, 0, goals=1),
            scorer(PLAYER, 0, goals=1, number=76_561_190_000_000_002),
            scorer(RIVAL, 1, number=0, bBot=True),
        ],
        "ReplayName": f"{PLAYER} beats everybody",
        "BuildVersion": "260201.51234.463510",
        "RecordFPS": 30.0,
        "KeyframeDelay": 10.0,
        "Id": REPLAY_ID,
        "MatchStartEpoch": Big(START_UNIX),
        "MapName": Name("Stadium_P"),
        "Date": "2026-03-01 21-00-00",
        "NumFrames": 9000,
        "MatchType": Name("Online"),
        "PlayerName": PLAYER,
        "bForfeit": False,
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def checksum(data: bytes) -> int:
    """Bit by bit, as the game's engine defines it."""
    state = ~0xEFCBF201 & 0xFFFFFFFF
    for byte in data:
        state ^= byte << 24
        for _ in range(8):
            state = (state << 1) ^ (0x04C11DB7 if state & 0x80000000 else 0)
            state &= 0xFFFFFFFF
    return ~state & 0xFFFFFFFF


def part(data: bytes) -> bytes:
    """A length, a checksum, the bytes."""
    return struct.pack("<2I", len(data), checksum(data)) + data


def replay_of(head: bytes, body: bytes = b"\x01\x00\x00\x00frames and what belongs to them") -> bytes:
    """A replay with these properties, packed."""
    versions = struct.pack("<3I", 868, 32, 10) + text("TAGame.Replay_Soccar_TA")
    return part(versions + head) + part(body)


def replay(**changes: Any) -> bytes:  # noqa: ANN401 -- any property
    """A whole replay."""
    return replay_of(properties(match_properties(**changes)))
