"""The server that Artemis Tracker's upload plan describes: one post of `session` and `user`, gzip, a bearer key. Pure.

It stores by the session's own id, so a later post of the same session takes the place of the earlier one. What its
plan says should not be sent, is not: events have no line of the chat log. `uploadedAt` is left to the server's clock,
as every try sends the same bytes.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from logferry_daemon.core.exchange import (
    Conversation,
    ErasingConversation,
    Letter,
    Outcome,
    Parcel,
    Report,
    Request,
    Response,
    Stop,
)
from logferry_daemon.core.offer import Offer
from logferry_daemon.dialects import foreign
from logferry_daemon.dialects.company import Talk
from logferry_daemon.dialects.foreign_batch import MOST, batched
from logferry_daemon.dialects.health import probing
from logferry_daemon.dialects.status import unproven
from logferry_model.envelope import ReceiptStatus
from logferry_model.session import Event, Loadout, Session

PATH = "/api/sessions"
BATCH = "/api/sessions/batch"
TAKES = frozenset({"artemis", "entropia-chat"})
"""Both are of Entropia Universe and tell their events in the same words."""
LEVEL = 6
_OWN_ID = re.compile(r"(session-\d{1,20})@[^/]*")
"""The tracker's own id in a natural key; a part of a session that was cut has another end."""


class ArtemisDialect:
    """Believes a whole answer that says `"success": true` and names no other session."""

    name = "artemis"
    takes_partials = True
    takes_summaries = False  # it has no fields for sums: over there they are made of the events
    takes = TAKES

    def write(self, parcel: Parcel) -> Letter:
        """The session as the tracker itself would write it, and who sends it."""
        session = foreign.session_of(
            parcel, dialect=self.name, takes=self.takes, what="hunts of Artemis Tracker and Entropia's chat log"
        )
        body = foreign.encoded({"session": _session(session), "user": _user(parcel)})
        # mtime=0: the same session makes the same bytes.
        return foreign.letter(parcel, gzip.compress(body, LEVEL, mtime=0), session_id(session), encoding="gzip")

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """A bearer key."""
        return {"Authorization": f"Bearer {secret}"}

    def probe(self, *, url: str, now: datetime) -> Generator[Request, Response, Stop | None]:
        """`HEAD /health`."""
        return probing("HEAD", url=url, now=now)

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """One post."""
        response = yield Request(method="POST", path=PATH, headers=letter.headers, body=letter.body)
        return outcome(letter, response, url=url, now=now)

    def most_together(self, offer: Offer) -> int:
        """The plan recommends it wherever more than one session waits."""
        return MOST

    def together(self, letters: Sequence[Letter], *, url: str, now: datetime) -> Talk:
        """One post of `sessions`; each is to the byte what it is alone."""
        return batched(letters, BATCH, _together, lambda letter, said: outcome(letter, said, url=url, now=now), now=now)

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """The plan has no route for it."""
        return foreign.undeletable("an artemis server has no way to delete a session: ask whoever runs it")


class _Alone(msgspec.Struct):
    """A letter, as far as it is taken apart."""

    session: msgspec.Raw
    user: msgspec.Raw


def _together(letters: Sequence[Letter]) -> tuple[bytes, Mapping[str, str]]:
    """The sessions of the letters; who sends them is told once, as the newest of them has it."""
    alone = [msgspec.json.decode(gzip.decompress(one.body), type=_Alone) for one in letters]
    body = foreign.encoded({"sessions": [one.session for one in alone], "user": alone[-1].user})
    return gzip.compress(body, LEVEL, mtime=0), {"Content-Encoding": "gzip"}


def session_id(session: Session) -> str:
    """Its name over there: the tracker's own where it has one."""
    own = _OWN_ID.fullmatch(session.natural_key)
    return own[1] if own else f"session-{session.id}"


def outcome(letter: Letter, response: Response, *, url: str, now: datetime) -> Outcome:
    """What the answer to the post means."""
    if foreign.is_there(letter, response):
        return foreign.stored(letter, {}, url=url, now=now, status=ReceiptStatus.DUPLICATE)
    said = foreign.read(response, now)
    if not isinstance(said, Mapping):
        return said
    if said.get("success") is not True:
        return unproven(f'the answer ({response.status}) does not say "success": true')
    if foreign.text_in(said, "sessionId", "session_id") not in {"", letter.headers[foreign.NAME]}:
        return unproven("the answer is about another session")
    return foreign.unfinished(response, said) or foreign.stored(letter, said, url=url, now=now)


def _user(parcel: Parcel) -> dict[str, Any]:
    platform = {"macos": "darwin"}.get(parcel.platform, parcel.platform)
    return {"userId": parcel.account or parcel.install_id, "version": parcel.app_version, "platform": platform}


def _session(session: Session) -> dict[str, Any]:
    economy = session.statistics.economy
    costs = {
        "manualArmorCost": economy.armour_cost if economy else 0.0,
        "manualFapCost": economy.healing_cost if economy else 0.0,
        "manualMiscCost": economy.miscellaneous_cost if economy else 0.0,
        "totalPausedTime": session.facts.get("paused_ms"),
    }
    names = {person.id: foreign.name_of(session, person) for person in session.participants}
    return {
        "id": session_id(session),
        "name": session.name or f"Hunt {session.started_at:%Y-%m-%d %H:%M} UTC",
        "tags": session.tags,
        "startedAt": _iso(session.started_at),
        **({"endedAt": _iso(session.ended_at)} if session.ended_at and session.end else {}),
        "events": [_event(event, names) for event in session.events],
        "loadoutSnapshots": {
            loadout.id: _loadout(loadout, number) for number, loadout in enumerate(session.loadouts, 1)
        },
        "manualCostPerShot": _cost_per_shot(session),
        **{name: cost for name, cost in costs.items() if cost},
        "partial": session.end is None,
    }


def _event(event: Event, names: Mapping[str, str]) -> dict[str, Any]:
    hit = event.critical or event.type == "damage_dealt"
    return {"timestamp": event.at, "raw": "", "type": event.type} | foreign.known(
        amount=event.amount,
        critical=event.critical if hit else None,
        value=event.value,
        quantity=event.quantity,
        skillName=event.skill,
        skillCategory=event.skill_category,
        itemName=event.item,
        creature=event.creature,
        damageType=event.damage_type,
        player=names.get(event.participant or ""),
        loadoutId=event.loadout,
    )


def _loadout(loadout: Loadout, number: int) -> dict[str, Any]:
    name = loadout.name or f"Loadout {number}"
    return {"id": loadout.id, "name": name} | foreign.known(costPerShot=loadout.cost_per_shot)


def _cost_per_shot(session: Session) -> float:
    """Of a shot with a loadout that has no price of its own, or with none."""
    priced = {one.id for one in session.loadouts if one.cost_per_shot is not None}
    rest = [one for one in session.statistics.loadouts if one.loadout not in priced and one.shots]
    return round(rest[0].cost / rest[0].shots, 9) if rest else 0.0


def _iso(at: datetime) -> str:
    """As JavaScript writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
