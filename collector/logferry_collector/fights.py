"""The tables of a fight: its bosses, and what everybody did with each skill. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from logferry_collector.listing import MOST_ROWS, Line, Listing, share, texts
from logferry_collector.people import YOU, people_names
from logferry_collector.words import DASH, clean, counted_words, label_words, number, percent
from logferry_model.session import Boss, Session, Skill

TOP_SKILLS = 8
"""Of one participant."""
MOST_PEOPLE = 40
"""Participants whose skills are on the page."""
NOBODY = ""
"""Stands for the participant where a skill names none."""
SHARES = {"Critical": "critical_hits", "Lucky": "lucky_hits"}
"""Column -> which of the uses it counts."""


def bosses(session: Session) -> Listing | None:
    """The enemies that the session was about; None without one."""
    ordered = sorted(session.bosses, key=lambda boss: boss.damage, reverse=True)
    if not ordered:
        return None
    largest = ordered[0].damage
    hits, health = any(boss.hits for boss in ordered), any(boss.max_hp for boss in ordered)
    columns = ("Outcome", "Damage", *(["Hits"] if hits else []), *(["Max HP"] if health else []))
    return Listing(
        title="Bosses" if len(ordered) > 1 else "Boss",
        name="Name",
        columns=columns,
        lines=tuple(_boss(boss, largest, hits=hits, health=health) for boss in ordered[:MOST_ROWS]),
        more=max(len(ordered) - MOST_ROWS, 0),
        sorted_by=1 if len(ordered) > 1 else None,
    )


def _boss(boss: Boss, largest: float, *, hits: bool, health: bool) -> Line:
    cells = [
        "Defeated" if boss.defeated else "Not defeated",
        counted_words(boss.damage),
        *([number(boss.hits)] if hits else []),
        *([counted_words(boss.max_hp) if boss.max_hp else DASH] if health else []),
    ]
    return Line(
        name=clean(boss.name) or "Nameless", cells=texts(cells), share=share(boss.damage, boss.max_hp or largest)
    )


def skills(session: Session) -> tuple[Listing, ...]:
    """What each participant did most with, the local player first; nothing where the session has gains instead."""
    used = () if session.statistics.skills else session.skills
    named = people_names(session)
    local = {one.id for one in session.participants if one.local}
    by_person: dict[str, list[Skill]] = {person: [] for person in sorted(named, key=lambda one: one not in local)}
    for skill in used:
        by_person.setdefault(skill.participant if skill.participant in named else NOBODY, []).append(skill)
    shares = {label: name for label, name in SHARES.items() if any(skill.figures.get(name) for skill in used)}
    tables = (_skills(named.get(who, ""), theirs, shares, local=who in local) for who, theirs in by_person.items())
    return tuple(table for table in tables if table.lines)[:MOST_PEOPLE]


def _skills(who: str, theirs: Sequence[Skill], shares: Mapping[str, str], *, local: bool) -> Listing:
    ordered = sorted(theirs, key=lambda skill: skill.total, reverse=True)
    return Listing(
        title=who,
        name="Skill",
        columns=("Uses", "Total", "Average", *shares),
        lines=tuple(
            Line(
                name=f"Skill {clean(skill.name)}" if skill.name.isdecimal() else clean(skill.name),
                cells=texts(_cells(skill, shares.values())),
                share=share(skill.total, ordered[0].total),
                note=label_words(skill.category or ""),
            )
            for skill in ordered[:TOP_SKILLS]
        ),
        badge=YOU if local else "",
        more=max(len(ordered) - TOP_SKILLS, 0),
        sorted_by=1,
    )


def _cells(skill: Skill, shares: Iterable[str]) -> Iterator[str]:
    yield number(skill.uses)
    yield counted_words(skill.total)
    yield counted_words(skill.total / skill.uses) if skill.uses else DASH
    for name in shares:
        yield percent(skill.figures.get(name, 0.0) / skill.uses) if skill.uses else DASH
