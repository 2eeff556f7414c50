"""Who plays in generated sessions: made-up people, ships and chat that must never leave the machine. Pure.

Every word here was invented for this file. The demo and the tests search for them in what was sent, so each is long
and odd enough not to stand in honest bytes by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

PEOPLE = (
    "Oriana Quellmont",
    "Tobbe Lindqvärn",
    "Marrick Ostervane",
    "Yselle d'Harcombe",
    "Пётр Ветлугин",
    "Kazimir Thunderbrook",
    "Nadja 'Wisp' Ferrowyn",
    "Björk Åkesdottir-Vane",
    "榊原ミヅホ",
    "Hob O'Tarrant",
)
COMMANDERS = ("VANTRESS HOLLOWAY", "Ødger Brackwater", "QUILLON MARSHFAIR", "Sabel Torrenhaus")
SHIPS = ("Wandering Hearthstone", "Müßiggang der Zweite", "Grandmother's Lantern", "Unlikely Otterly")
SQUADRONS = ("Brotherhood of the Copper Teapot", "Nightjar Salvage Union")
LOADOUTS = ("Quellmont's lucky rifle", "Birthday pistol from Ostervane", "Rig for Thunderbrook's boss")
GOSSIP = (
    "meet me at the usual rock, password is hunter-gatherer-77",
    "my number is 0170 5550 1933, ring me after the hunt",
    "look in C:\\Users\\quellmont\\Desktop\\taxes for the map",
    "mail it to wisp.ferrowyn@example.org will you",
    'he said "never trust a Brackwater" <b>and laughed</b>',
    "ich bin gleich zurück, Kaffeepause mit Lindqvärn",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The people and things of one generated player."""

    player: str
    """The owner of the log, as others see them."""
    others: tuple[str, ...]
    commander: str
    frontier_id: str
    """The game account's number."""
    ship: str
    ship_ident: str
    squadron: str
    loadouts: tuple[str, ...]
    gossip: tuple[str, ...]
    session_name: str

    @property
    def planted(self) -> tuple[str, ...]:
        """Everything that must not be in what is sent."""
        return (
            self.player,
            *self.others,
            self.commander,
            self.frontier_id,
            self.ship,
            self.ship_ident,
            self.squadron,
            *self.loadouts,
            *self.gossip,
            self.session_name,
        )


def make_cast(random: Random) -> Cast:
    """Some players and what they say."""
    player, *others = random.sample(PEOPLE, 5)
    return Cast(
        player=player,
        others=tuple(others),
        commander=random.choice(COMMANDERS),
        frontier_id=f"F{random.randrange(10**7, 10**8)}",
        ship=random.choice(SHIPS),
        ship_ident=_ident(random, "BCDFGHJKLMNP"),
        squadron=random.choice(SQUADRONS),
        loadouts=tuple(random.sample(LOADOUTS, 2)),
        gossip=tuple(random.sample(GOSSIP, 4)),
        session_name=f"Hunt with {others[0]} 1/13/2026 10:00:00 AM",
    )


def _ident(random: Random, letters: Sequence[str]) -> str:
    return f"{random.choice(letters)}{random.choice(letters)}-{random.randrange(10, 100)}{random.choice(letters)}"
