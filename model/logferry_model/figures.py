"""What a session adds up to: the shapes. How each is counted is in `tally.py`; no IO, no clock."""

from __future__ import annotations

from datetime import timedelta

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
    hits_taken: int = 0
    """Blows that did damage."""
    healed: float = 0.0


class Economy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money in and out, in the game's own currency."""

    loot_value: float = 0.0
    shrapnel_value: float = 0.0
    """Of the loot: what is turned into ammunition or money as it is."""
    ammunition_value: float = 0.0
    """Of the loot: ammunition that was found."""
    ammunition_cost: float = 0.0
    """Shots times the cost of a shot of the loadout each was fired with."""
    other_cost: float = 0.0
    """Armour, healing and miscellaneous costs entered by hand."""
    armour_cost: float = 0.0
    """Of the other cost: the armour's decay."""
    healing_cost: float = 0.0
    """Of the other cost: the decay of healing tools."""

    @property
    def cost(self) -> float:
        """Everything spent."""
        return self.ammunition_cost + self.other_cost

    @property
    def miscellaneous_cost(self) -> float:
        """Of the other cost: neither armour nor healing."""
        return self.other_cost - self.armour_cost - self.healing_cost

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
    last_at: int | None = None
    """When it was last gained, in milliseconds since 1970."""


class CategoryTotal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the skills of one category gained together."""

    category: str | None = None
    skills: int = 0
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
    active_ms: int | None = None
    """How long was played, pauses taken out; None where the tracker does not tell."""

    @property
    def active(self) -> timedelta | None:
        """How long was played, pauses taken out; None where the tracker does not tell."""
        return None if self.active_ms is None else timedelta(milliseconds=self.active_ms)

    @property
    def skill_categories(self) -> tuple[CategoryTotal, ...]:
        """What was gained by category, the most first."""
        found: dict[str | None, CategoryTotal] = {}
        for skill in self.skills:
            before = found.get(skill.category, CategoryTotal(category=skill.category))
            found[skill.category] = CategoryTotal(
                category=skill.category,
                skills=before.skills + 1,
                gains=before.gains + skill.gains,
                gained=before.gained + skill.gained,
            )
        return tuple(sorted(found.values(), key=lambda one: (-one.gained, one.category or "")))

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

    @property
    def skill_per_hour(self) -> float | None:
        """Points gained in an hour of play; None where nobody knows how long was played."""
        return self._per_hour(self.skill_gained)

    @property
    def loot_per_hour(self) -> float | None:
        """Worth found in an hour of play; None where nobody knows how long was played."""
        return self._per_hour(self.economy.loot_value) if self.economy else None

    @property
    def profit_per_hour(self) -> float | None:
        """Profit in an hour of play; None where nobody knows how long was played."""
        return self._per_hour(self.economy.profit) if self.economy else None

    @property
    def armour_cost_per_hit(self) -> float | None:
        """The armour's decay for each blow that it stood, deflected ones too; None without one."""
        blows = self.defence.hits_taken + self.defence.deflected if self.defence else 0
        return self.economy.armour_cost / blows if self.economy and blows else None

    def _per_hour(self, amount: float) -> float | None:
        return amount / (self.active / timedelta(hours=1)) if self.active else None
