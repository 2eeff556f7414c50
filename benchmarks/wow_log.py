"""A combat log as large as wanted, in the manner of World of Warcraft's: fights, and trash between. No real names."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

LINES, TRASH = 12_000, 4_000
"""Of a fight, and between two."""
BODIES = 6
"""Different ones; drawing every line anew would take longer than reading it."""
DAMAGE = 0.45
HEALING = 0.6
_UNIT = "0000000000000000,100,200,300,400,500,0,1,2,3,0,123.45,-678.90,2000,1.2345,80"


def write(path: Path, size: int, seed: int = 1) -> int:
    """At least `size` bytes; how many fights are in it."""
    rng = random.Random(seed)
    bodies = [body(rng, LINES) for _ in range(BODIES)]
    trash = [body(rng, TRASH) for _ in range(BODIES)]
    number = 0
    with path.open("w", encoding="ascii", newline="") as file:
        while file.tell() < size:
            file.writelines(fight(number, bodies[number % BODIES], trash[number % BODIES]))
            number += 1
    return number


def fight(number: int, lines: str, trash: str) -> Iterator[str]:
    """One fight a minute, and what comes after it."""
    minute = f"{number // 43_200 % 12 + 1}/{number // 1440 % 28 + 1}/2026 {number // 60 % 24:02}:{number % 60:02}"
    boss = f'{2800 + number % 9},"Owl {number % 9}",16,20,2549'
    yield f"{minute}:00.0002  ENCOUNTER_START,{boss}\r\n"
    yield lines.replace("MINUTE", minute)
    yield f"{minute}:59.9002  ENCOUNTER_END,{boss},{number % 2},59900\r\n"
    yield trash.replace("MINUTE", minute)


def body(rng: random.Random, lines: int) -> str:
    """Lines of one minute, whose date is still to be filled in."""
    return "".join(f"MINUTE:{number * 59 // lines:02}.{number % 1000:03}2  {event(rng)}\r\n" for number in range(lines))


def event(rng: random.Random) -> str:
    """A blow, a heal, or something that nobody counts."""
    who = rng.randrange(20)
    source = f'Player-1-{who:08X},"Mouse{who}-Burrow",0x511,0x0,Creature-0-1-2-3-4-5,"Owl",0x10a48,0x0'
    spell, amount = f'{1000 + who},"Bite {who}",0x4', rng.randrange(1, 99_999)
    kind = rng.random()
    if kind < DAMAGE:
        return f"SPELL_DAMAGE,{source},{spell},Player-1-{who:08X},{_UNIT},{amount},{amount},-1,4,0,0,0,nil,nil,nil"
    if kind < HEALING:
        return f"SPELL_HEAL,{source},{spell},Player-1-{who:08X},{_UNIT},{amount},{amount},0,0,nil"
    return f"SPELL_AURA_APPLIED,{source},{spell},BUFF"
