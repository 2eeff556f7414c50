"""Several pieces of play as one session: no event lost or doubled, nobody taken for somebody else. Pure.

Labels of people and loadouts are counted anew in every session, so the same label in two of them says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from logferry_daemon.core.adding import added
from logferry_model.figures import Statistics
from logferry_model.session import Boss, Event, Loadout, Participant, Session, Skill

RATES = frozenset({"dps", "hps"})
"""Figures of a participant that are damage or healing by the second."""


def join(pieces: Sequence[Session]) -> Session:
    """The pieces, oldest first, as one session that begins as the first does; measures are left to their tracker."""
    if len(pieces) == 1:
        return pieces[0]
    merging = _Merging()
    for number, piece in enumerate(pieces, start=1):
        merging.add(piece, number)
    ends = [piece.ended_at for piece in pieces if piece.ended_at]
    return replace(
        pieces[0],
        ended_at=max(ends, default=None),
        tags=tuple(dict.fromkeys(tag for piece in pieces for tag in piece.tags)),
        participants=tuple(merging.people.values()),
        loadouts=tuple(merging.loadouts),
        events=tuple(sorted(merging.events, key=lambda event: event.at)),
        skills=tuple(merging.skills.values()),
        bosses=tuple(merging.bosses.values()),
        attachments=tuple(one for piece in pieces for one in piece.attachments),
        facts={name: value for piece in reversed(pieces) for name, value in piece.facts.items()},
        statistics=added(merging.statistics),
    )


@dataclass(slots=True)
class _Merging:
    people: dict[str, Participant] = field(default_factory=dict)
    loadouts: list[Loadout] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    skills: dict[tuple[str, str | None, str | None], Skill] = field(default_factory=dict)
    bosses: dict[str, Boss] = field(default_factory=dict)
    statistics: list[Statistics] = field(default_factory=list)

    def add(self, piece: Session, number: int) -> None:
        """One more of them, the `number`th."""
        labels = {one.id: self._person(one, number) for one in piece.participants}
        loadouts = self._loadouts(piece.loadouts, number)
        self.statistics.append(_relabelled(piece.statistics, loadouts))
        for event in piece.events:
            self.events.append(_renamed(event, labels, loadouts))
        for skill in piece.skills:
            self._skill(replace(skill, participant=labels.get(skill.participant or "", skill.participant)))
        for boss in piece.bosses:
            self.bosses[boss.name] = _both_bosses(self.bosses[boss.name], boss) if boss.name in self.bosses else boss

    def _person(self, one: Participant, number: int) -> str:
        """Only whoever owns the log, or has a name, is known to be the same."""
        for known in self.people.values():
            if (one.local and known.local) or (one.name is not None and one.name == known.name):
                self.people[known.id] = replace(
                    known, facts=one.facts | known.facts, figures=_without_rates(_sums(known.figures, one.figures))
                )
                return known.id
        label = _free(one.id, number, self.people)
        self.people[label] = replace(one, id=label)
        return label

    def _loadouts(self, loadouts: Sequence[Loadout], number: int) -> Mapping[str, str]:
        """Two that cost the same and are called the same are one, across pieces."""
        before, labels = list(self.loadouts), dict[str, str]()
        for one in loadouts:
            same = next((known for known in before if replace(known, id=one.id) == one), None)
            if same is not None:
                before.remove(same)
                labels[one.id] = same.id
                continue
            labels[one.id] = _free(one.id, number, {known.id for known in self.loadouts})
            self.loadouts.append(replace(one, id=labels[one.id]))
        return labels

    def _skill(self, skill: Skill) -> None:
        key = skill.name, skill.category, skill.participant
        known = self.skills.get(key)
        if known is None:
            self.skills[key] = skill
            return
        self.skills[key] = replace(
            known,
            uses=known.uses + skill.uses,
            total=known.total + skill.total,
            figures=_sums(known.figures, skill.figures),
            timeline=(*known.timeline, *skill.timeline),
        )


def _relabelled(statistics: Statistics, loadouts: Mapping[str, str]) -> Statistics:
    used = (replace(one, loadout=loadouts.get(one.loadout, one.loadout)) for one in statistics.loadouts)
    return replace(statistics, loadouts=tuple(used))


def _without_rates(figures: Mapping[str, float]) -> dict[str, float]:
    """The sum of two rates says nothing."""
    return {name: value for name, value in figures.items() if name not in RATES}


def _renamed(event: Event, people: Mapping[str, str], loadouts: Mapping[str, str]) -> Event:
    who, what = event.participant, event.loadout
    if people.get(who or "", who) == who and loadouts.get(what or "", what) == what:
        return event
    return replace(event, participant=people.get(who or "", who), loadout=loadouts.get(what or "", what))


def _free(label: str, number: int, taken: Iterable[str]) -> str:
    """The label, or one made of it that nobody has."""
    known = set(taken)
    while label in known:
        label = f"{label}-{number}"
    return label


def _sums(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in {**one, **other}}


def _both_bosses(one: Boss, other: Boss) -> Boss:
    health = [hp for hp in (one.max_hp, other.max_hp) if hp is not None]
    return replace(
        one,
        damage=one.damage + other.damage,
        hits=one.hits + other.hits,
        max_hp=max(health, default=None),
        defeated=one.defeated or other.defeated,
    )
