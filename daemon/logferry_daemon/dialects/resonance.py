"""The API that Resonance Logs' upload plan describes: an encounter as one JSON object, `X-API-Key`. Pure.

Its limits are looked at before anything is sent. It knows an encounter by `encounterId` and takes each once: what it
has is answered by the report that is there. The tracker's own counter begins again after a reinstall and would then be
answered by an older report, so the number is the second in which the encounter began. Another one may have begun in the
same second, as where two play side by side: a report that was there already is looked into before it counts.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from logferry_daemon.core.exchange import (
    Acked,
    Conversation,
    ErasingConversation,
    Letter,
    Outcome,
    Parcel,
    Parked,
    Report,
    Request,
    Response,
    Stop,
)
from logferry_daemon.core.proof import ProvingConversation
from logferry_daemon.dialects import foreign
from logferry_daemon.dialects.foreign_proof import asking
from logferry_daemon.dialects.health import probing
from logferry_daemon.dialects.status import ACCEPTED, unproven
from logferry_model.envelope import Receipt, ReceiptStatus, sha256_hex
from logferry_model.errors import Refused
from logferry_model.session import Boss, Hit, Participant, Session, Skill

PATH = "/api/v1/encounters"
REPORTS = "/reports/"
SCHEMA_VERSION = 1
LONGEST = timedelta(hours=2)
MOST_PLAYERS = 50
MOST_HITS = 10_000
"""Of one skill of one player."""
LARGEST = 10_000_000
"""Bytes of one encounter."""
_VERSION_SIGNS = 32
_IDS = 2**31
"""`encounterId` is a whole number of 32 bits, and not 0."""
_MILLISECOND = timedelta(milliseconds=1)
UNKNOWN_SKILL = -1


class ResonanceDialect:
    """Believes a whole answer that names the report."""

    name = "resonance"
    takes = ("resonance",)

    def write(self, parcel: Parcel) -> Letter:
        """The encounter; Refused where it is beyond what the API takes.

        `checksum` is the last member. It is the sha-256, in small hex digits, of the bytes of the body without it: of
        everything before `,"checksum":"`, and the closing brace.
        """
        session = foreign.session_of(parcel, dialect=self.name, takes=self.takes, what="encounters of Resonance Logs")
        encounter = _encounter(session, f"logferry/{parcel.app_version}"[:_VERSION_SIGNS])
        checksum = sha256_hex(foreign.encoded(encounter))
        body = foreign.encoded({**encounter, "checksum": checksum})
        if len(body) > LARGEST:
            raise _beyond(f"it has {len(body) / 1e6:.1f} MB, and the limit is {LARGEST / 1e6:.0f} MB")
        return foreign.letter(parcel, body, str(encounter["encounterId"]))

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """A key."""
        return {"X-API-Key": secret}

    def probe(self, *, url: str, now: datetime) -> Generator[Request, Response, Stop | None]:
        """`GET /health`."""
        return probing("GET", url=url, now=now)

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """One post; a report that was there before is read, where it can be."""
        response = yield Request(method="POST", path=PATH, headers=letter.headers, body=letter.body)
        found = outcome(letter, response, url=url, now=now)
        if not isinstance(found, Acked) or found.receipt.status is not ReceiptStatus.DUPLICATE:
            return found
        report = found.receipt.report_id
        there = yield Request(method="GET", path=f"{PATH}/{quote(report, safe='')}")
        if _is_another(letter, there):
            return Parked(reason=f"it has another encounter of the same second (report {report}), and not this one")
        return found

    def verify(self, receipt: Receipt, *, now: datetime) -> ProvingConversation:
        """By the report, which is of the second that the encounter is called by."""
        return asking(
            f"{PATH}/{quote(receipt.report_id, safe='')}", lambda said: _is_of(receipt.natural_key, said), now
        )

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """The plan speaks of deletion and names no route."""
        return foreign.undeletable("a resonance server has no way to delete a report: ask whoever runs it")


def outcome(letter: Letter, response: Response, *, url: str, now: datetime) -> Outcome:
    """What the answer to the post means: a report that is named is stored, or was stored before."""
    said = foreign.object_in(response.body) if response.status == 409 else foreign.read(response, now)
    if said is None or not isinstance(said, Mapping):
        return said or foreign.refused(response, now)
    report_id = foreign.printable(foreign.text_in(said, "reportId", "report_id"))
    if not report_id:
        if response.status == 409:
            return foreign.refused(response, now)
        return unproven(f"the answer ({response.status}) names no report")
    if response.status == 202:
        return ACCEPTED
    new = response.status == 201
    if not new and int(letter.headers[foreign.REVISION]) > 1:
        # It keeps the first version that it was sent, and says so by its report: the newer one is not there.
        return Parked(reason=f"it has an earlier version of this encounter (report {report_id}) and takes no newer one")
    status = ReceiptStatus.STORED if new else ReceiptStatus.DUPLICATE
    return foreign.stored(letter, {"reportUrl": REPORTS + report_id, **said}, url=url, now=now, status=status)


def _is_another(letter: Letter, there: Response) -> bool:
    """Whether a report is of other times; one that cannot be read says nothing against it."""
    told = foreign.object_in(there.body) if there.status == 200 else None
    inside = told.get("encounter") if told else None
    there_times, own = _times(inside if isinstance(inside, dict) else told or {}), foreign.object_in(letter.body) or {}
    return any(own[name] != value for name, value in there_times.items())


def _is_of(second: str, said: foreign.Said) -> bool:
    inside = said.get("encounter")
    times = _times(inside if isinstance(inside, dict) else said)
    return "startedAtMs" in times and str(times["startedAtMs"] // 1000 % _IDS or 1) == second


def _times(told: Mapping[str, Any]) -> Mapping[str, int]:
    names = ("startedAtMs", "endedAtMs")
    return {name: told[name] for name in names if isinstance(told.get(name), int) and not isinstance(told[name], bool)}


def _encounter(session: Session, meter: str) -> dict[str, Any]:
    length = session.duration or timedelta()
    _check(session, length)
    numbers = {person.id: number for number, person in enumerate(session.participants, start=1)}
    local = next((numbers[person.id] for person in session.participants if person.local), None)
    totals = {name: session.facts.get(name) for name in ("total_damage", "total_heal")}
    return {
        "schemaVersion": SCHEMA_VERSION,
        "encounterId": int(session.started_at.timestamp()) % _IDS or 1,
        "startedAtMs": _ms(session.started_at),
        "endedAtMs": _ms(session.started_at) + length // _MILLISECOND,
        "durationMs": length // _MILLISECOND,
        "totalDamage": _whole(totals["total_damage"]),
        "totalHeal": _whole(totals["total_heal"]),
        "bosses": _bosses(session.bosses),
        "players": [_player(session, person, numbers[person.id]) for person in session.participants],
        "meterVersion": meter,
        **foreign.known(localPlayerUid=local),
    }


def _check(session: Session, length: timedelta) -> None:
    if length < _MILLISECOND:
        raise _beyond("it took no time at all")
    if length > LONGEST:
        raise _beyond(f"it took {length}, and the limit is {LONGEST}")
    if len(session.participants) > MOST_PLAYERS:
        raise _beyond(f"it has {len(session.participants)} players, and the limit is {MOST_PLAYERS}")
    most = max((max(skill.uses, len(skill.timeline)) for skill in session.skills), default=0)
    if most > MOST_HITS:
        raise _beyond(f"one of its skills has {most:,} hits, and the limit is {MOST_HITS:,}")


def _beyond(why: str) -> Refused:
    return Refused("beyond-limits", f"resonance does not take this encounter: {why}")


def _player(session: Session, person: Participant, number: int) -> dict[str, Any]:
    """Their id is their place in this encounter: the game's own id would tell who they are."""
    done = person.figures
    skills = [skill for skill in session.skills if skill.participant == person.id]
    hits, heals = done.get("hits_dealt", 0.0), done.get("hits_heal", 0.0)
    facts = {
        "classId": _fact(person, "class_id"),
        "classSpec": _fact(person, "class_spec"),
        "abilityScore": _fact(person, "ability_score"),
        "level": _fact(person, "level"),
    }
    return {
        "actorId": number,
        "name": foreign.name_of(session, person),
        **foreign.known(**facts),
        "damageDealt": _whole(done.get("damage_dealt")),
        "healDealt": _whole(done.get("heal_dealt")),
        "damageTaken": _whole(done.get("damage_taken")),
        "bossDamageDealt": _whole(done.get("boss_damage_dealt")),
        "hitsDealt": _whole(hits),
        "hitsHeal": _whole(heals),
        "critHitsDealt": _whole(done.get("crit_hits_dealt")),
        "luckyHitsDealt": _whole(done.get("lucky_hits_dealt")),
        "dps": done.get("dps", 0.0),
        "hps": done.get("hps", 0.0),
        "critRate": _share(done.get("crit_hits_dealt", 0.0), hits),
        "luckyRate": _share(done.get("lucky_hits_dealt", 0.0), hits),
        "damageSkills": [_skill(skill) for skill in skills if skill.category == "damage"],
        "healSkills": [_skill(skill) for skill in skills if skill.category == "heal"],
    }


def _skill(skill: Skill) -> dict[str, Any]:
    number = int(skill.name) if skill.name.lstrip("-").isdecimal() else UNKNOWN_SKILL
    return {
        "skillId": number,
        "skillName": "Unknown skill" if number == UNKNOWN_SKILL else f"Skill {number}",
        "totalValue": _whole(skill.total),
        "hits": skill.uses,
        "critHits": _whole(skill.figures.get("critical_hits")),
        "luckyHits": _whole(skill.figures.get("lucky_hits")),
        "critTotal": _whole(skill.figures.get("critical_total")),
        "luckyTotal": _whole(skill.figures.get("lucky_total")),
        "timeline": [_hit(hit) for hit in skill.timeline],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {"timestampMs": hit.at, "value": _whole(hit.value), "isCrit": hit.critical, "isLucky": hit.lucky} | (
        foreign.known(
            hpLoss=None if hit.hp_loss is None else _whole(hit.hp_loss),
            shieldLoss=None if hit.shield_loss is None else _whole(hit.shield_loss),
        )
    )


def _bosses(bosses: Sequence[Boss]) -> list[dict[str, Any]]:
    """One of each name: the server has room for no more."""
    found: dict[str, dict[str, Any]] = {}
    for boss in bosses:
        one = found.setdefault(boss.name, {"name": boss.name, "totalDamage": 0, "hits": 0})
        one["totalDamage"] += _whole(boss.damage)
        one["hits"] += boss.hits
    return list(found.values())


def _fact(person: Participant, name: str) -> int | None:
    value = person.facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _whole(value: Any) -> int:  # noqa: ANN401 -- a figure, or whatever a fact holds
    """The server counts in whole numbers and refuses 1.0."""
    return round(value) if isinstance(value, int | float) else 0


def _share(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
