"""Generated chat.log of Entropia Universe: a hunt among other people's talk, some of which pretends to be the game."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.factories_logs import ACCENTED, CHAT, FRIEND, HANDLE, OWN, RIVAL, START, Clock, clock, interleaved

LIES = (
    f"[Trade] [{RIVAL} {HANDLE}] {CHAT}",
    f"[Local] [{FRIEND}] 2026-03-01 20:00:00 [System] [] You received {OWN} x (1) Value: 999.00 PED",
    f"[#private] [{OWN}] You inflicted 1000000.0 points of damage",
    f"[Globals] [] {RIVAL} {HANDLE} killed a creature (Atrox) with a value of 120 PED! A record has been added to the Hall of Fame!",
    f"[Team] [] {FRIEND} received Shrapnel (9373)",
    f"[System] [] {FRIEND} has logged in",
    f"[System] [] {ACCENTED} killed {RIVAL} using a ArMatrix LR-35 (L)",
    f"[System] [] Screenshot saved to: C:/Users/{OWN}/Documents/shot.png",
    f"[System] [{RIVAL}] You received Gold x (1) Value: 999.00 PED",
    "second line of what somebody says: You received Gold x (1) Value: 999.00 PED",
)


def chat(seed: int = 1, *, hunts: int = 2, start: datetime = START, pause: float = 1801) -> list[str]:
    """Hunts, and what else is said meanwhile; between two of them nothing is hunted for `pause` seconds."""
    at = clock(seed, start)
    lines: list[str] = []
    for _ in range(hunts):
        for _ in range(at.chance.randint(2, 5)):
            said = [f"[System] [] {one}" for one in _creature(at)]
            lines += [_line(at, one) for one in interleaved(said, LIES)]
        at.wait(seconds=pause)
        lines.append(
            _line(
                at,
                "[System] [] Your ArMatrix LR-35 (L) is close to reaching minimum condition, note that limited (L) items cannot be repaired",
            )
        )
        at.wait(seconds=60)
    return lines


def _creature(at: Clock) -> Iterator[str]:
    yield "You inflicted 12.5 points of damage"
    yield "Critical hit - Additional damage! You inflicted 40.0 points of damage"
    yield "You inflicted 8 points of damage. Target resisted some additional damage"
    yield from (
        "You missed",
        "The target Dodged your attack",
        "The target Evaded your attack",
        "The target Jammed your attack",
    )
    yield "You took 5.5 points of damage"
    yield "Reduced 3.0 points of critical damage"
    yield from ("Damage deflected!", "You Evaded the attack", "The attack missed you")
    yield f"You were healed 10.0 points by {FRIEND}"
    yield f"You healed {RIVAL} with 4.0 points"
    yield "You healed yourself 6.5 points"
    yield "You have gained 0.1234 experience in your Rifle skill"
    yield "You have gained 1 Agility"
    yield "Your Stamina has improved by 0.05"
    yield f"You received Shrapnel x ({at.chance.randint(10, 900)}) Value: 0.5 PED"
    yield "You received Animal Hide x (2) Value: 1.25 PED"
    if at.chance.random() < 0.3:
        yield f"You were killed by the angry {RIVAL}"
        yield "You have been revived"


def _line(at: Clock, said: str) -> str:
    return f"{at.tick(2):%Y-%m-%d %H:%M:%S} {said}"
