"""What a session adds up to: the shapes. How each is counted is in `tally.py`; no IO, no clock."""

from __future__ import annotations

from msgspec import Struct


class Combat(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Shots and blows of the local player. A shot is whatever consumes ammunition, hit or not."""

    shots: int = 0
    hits: int = 0
    misses: int = 0
    """Missed, dodged, evaded, resisted and out of range together."""
    missed: int = 0
    target_dodged: int = 0
    target_evaded: int = 0
    target_resisted: int = 0
    out_of_range: int = 0
    criticals: int = 0
    damage_dealt: float = 0.0
    damage_taken: float = 0.0
    deaths: int = 0
    revivals: int = 0
    kills: int = 0
    """Loot drops close enough together to be one creature; an estimate where the log names no kill."""

    @property
    def hit_rate(self) -> float | None:
        """Hits per shot, 0..1; None without a shot."""
        return self.hits / self.shots if self.shots else None


class Defence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Blows that did not land, and healing."""

    dodged: int = 0
    evaded: int = 0
    deflected: int = 0
    enemy_missed: int = 0
    armour_hits: int = 0
    """Blows whose damage the armour reduced."""
    healed: float = 0.0


class Economy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money in and out, in the game's own currency."""

    loot_value: float = 0.0
    ammunition_cost: float = 0.0
    """Shots times the cost of a shot of the loadout each was fired with."""
    other_cost: float = 0.0
    """Armour, healing and miscellaneous costs entered by hand."""

    @property
    def cost(self) -> float:
        """Everything spent."""
        return self.ammunition_cost + self.other_cost

    @property
    def profit(self) -> float:
        """Loot minus cost; negative is a loss."""
        return self.loot_value - self.cost

    @property
    def return_rate(self) -> float | None:
        """Loot per cost, 1.0 is break-even; None when nothing was spent."""
        return self.loot_value / self.cost if self.cost else None


class SkillTotal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one skill gained."""

    name: str
    category: str | None = None
    gains: int = 0
    gained: float = 0.0


class LootTotal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one item brought in."""

    item: str
    drops: int = 0
    quantity: int = 0
    value: float = 0.0


class LoadoutTotal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one loadout did and cost."""

    loadout: str
    """Loadout.id, or "" for shots without one."""
    shots: int = 0
    hits: int = 0
    damage_dealt: float = 0.0
    cost: float = 0.0
    loot_value: float = 0.0

    @property
    def profit(self) -> float:
        """Loot minus the cost of its shots."""
        return self.loot_value - self.cost

    @property
    def return_rate(self) -> float | None:
        """Loot per cost of its shots; None when they cost nothing."""
        return self.loot_value / self.cost if self.cost else None


class Measure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One figure that a recipe asks for."""

    name: str
    label: str
    value: float
    unit: str = ""


class Statistics(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything counted over one session; groups that do not apply to a tracker are None or empty."""

    events: int = 0
    combat: Combat | None = None
    defence: Defence | None = None
    economy: Economy | None = None
    skills: tuple[SkillTotal, ...] = ()
    loot: tuple[LootTotal, ...] = ()
    loadouts: tuple[LoadoutTotal, ...] = ()
    measures: tuple[Measure, ...] = ()
    globals: int = 0
    """Finds announced to the whole game."""
    halls_of_fame: int = 0

    @property
    def skill_gained(self) -> float:
        """Points gained in all skills together."""
        return sum(skill.gained for skill in self.skills)

    @property
    def skill_per_cost(self) -> float | None:
        """Points gained for each unit of currency spent; None when nothing was spent."""
        return self.skill_gained / self.economy.cost if self.economy and self.economy.cost else None

    @property
    def skill_per_shot(self) -> float | None:
        """Points gained per shot; None without a shot."""
        return self.skill_gained / self.combat.shots if self.combat and self.combat.shots else None
