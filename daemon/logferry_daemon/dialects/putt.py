"""The server that Proof of Putt's upload review describes: `/api/sessions/upload` takes figures, then the report. Pure.

The figures go as JSON; where the tracker had written its report (only paying players have it), that is built again of
the putts and goes after them, as a file of a form. A server that keeps reports for its paying users may say no to the
second one: the session is there all the same.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from logferry_daemon.core.exchange import (
    Acked,
    Conversation,
    ErasingConversation,
    Letter,
    Outcome,
    Parcel,
    Report,
    Request,
    Response,
)
from logferry_daemon.core.identity import to_ms
from logferry_daemon.dialects import foreign
from logferry_daemon.dialects.status import unproven
from logferry_model.envelope import ReceiptStatus
from logferry_model.session import Event, Session

PATH = "/api/sessions/upload"
FIGURES: Mapping[str, str] = {
    "putts": "total_putts",
    "makes": "total_makes",
    "misses": "total_misses",
    "accuracy": "make_percentage",
    "best_streak": "best_streak",
    "makes_per_minute": "makes_per_minute",
    "putts_per_minute": "putts_per_minute",
    "fastest_21_makes": "fastest_21_makes_seconds",
    "most_makes_in_60_seconds": "most_makes_in_60_seconds",
}
"""Our name -> the tracker's."""
MAKE = "make"
_STAMP = re.compile(r"\d{8}_\d{6}")
_GROUP = re.compile(r"(putts|makes|misses) (from )?(.+)", re.IGNORECASE)
_SECOND = timedelta(seconds=1)
_PAID = re.compile(r"premium|subscri|upgrade|\bplan\b")


class PuttDialect:
    """Believes a whole answer that says `"success": true`, names the session and is done with it."""

    name = "putt"
    takes = ("putt",)

    def write(self, parcel: Parcel) -> Letter:
        """The figures, and the putts that the report is built of."""
        session = foreign.session_of(parcel, dialect=self.name, takes=self.takes, what="sessions of Proof of Putt")
        document = _document(session)
        return foreign.letter(parcel, foreign.encoded(document), document["session_id"])

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """A bearer key."""
        return {"Authorization": f"Bearer {secret}"}

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """The figures; the report behind them where there is one."""
        response = yield Request(method="POST", path=PATH, headers=letter.headers, body=letter.body)
        found = outcome(letter, response, url=url, now=now)
        document = foreign.object_in(letter.body) or {}
        if not isinstance(found, Acked) or not document.get("premium_csv"):
            return found
        response = yield report_of(letter, document)
        second = outcome(letter, response, url=url, now=now)
        return found if isinstance(second, Acked) or _is_for_payers(response) else second

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """The review has no route for it."""
        return foreign.undeletable("a putt server has no way to delete a session: ask whoever runs it")


def outcome(letter: Letter, response: Response, *, url: str, now: datetime) -> Outcome:
    """What the answer to either post means."""
    if foreign.is_there(letter, response):
        return foreign.stored(letter, {}, url=url, now=now, status=ReceiptStatus.DUPLICATE)
    said = foreign.read(response, now)
    if not isinstance(said, Mapping):
        return said
    if said.get("success") is not True:
        return unproven(f'the answer ({response.status}) does not say "success": true')
    if foreign.text_in(said, "session_id") != letter.headers[foreign.NAME]:
        return unproven(f"the answer ({response.status}) does not name the session that was sent")
    return foreign.unfinished(response, said) or foreign.stored(letter, said, url=url, now=now)


def report_of(letter: Letter, document: Mapping[str, Any]) -> Request:
    """The report as a file of a form; the same letter makes the same bytes."""
    stamp, key = document["stamp"], document["session_id"]
    boundary = f"logferry-{letter.payload_digest}"
    parts = (
        ('name="session_id"', "", key.encode()),
        (f'name="file"; filename="session_report_{stamp}.csv"', "Content-Type: text/csv\r\n", table(document)),
    )
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {what}\r\n{kind}\r\n".encode() + value + b"\r\n"
        for what, kind, value in parts
    )
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        foreign.KEY: f'"{letter.headers[foreign.KEY].strip(chr(34))}-csv"',
        foreign.NAME: letter.headers[foreign.NAME],
        foreign.REVISION: letter.headers[foreign.REVISION],
    }
    return Request(method="POST", path=PATH, headers=headers, body=body + f"--{boundary}--\r\n".encode())


def table(document: Mapping[str, Any]) -> bytes:
    """The report as the tracker lays it out: who and when, the figures, the putts."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("Player Name", document["player_name"]))
    rows.writerow(("Report Generated At", document["stamp"]))
    rows.writerows(((), ("Analytic Stats", "")))
    rows.writerows((_label(key), document[key]) for key in FIGURES.values() if key in document)
    rows.writerows(((), ("Session Duration (seconds)", document["session_duration_seconds"])))
    rows.writerows(((), ("Putt History", "")))
    rows.writerow(("Putt Index", "Time (s)", "Classification", "Detailed Classification"))
    for number, putt in enumerate(document["putt_list"], start=1):
        rows.writerow((number, f"{putt['time']:.2f}", putt["classification"], putt["detailed_classification"]))
    return out.getvalue().encode()


def _label(key: str) -> str:
    return key.replace("_", " ").title()


def _is_for_payers(response: Response) -> bool:
    said = foreign.reason_in(response).casefold()
    return response.status == 402 or (response.status == 403 and _PAID.search(said) is not None)


def _document(session: Session) -> dict[str, Any]:
    ended = session.ended_at or session.started_at
    measures = {one.name: foreign.plain(one.value) for one in session.statistics.measures}
    own_stamp = _STAMP.fullmatch(session.natural_key)
    return {
        "session_id": f"desktop_{session.id}",
        "stamp": own_stamp[0] if own_stamp else f"{ended.astimezone(UTC):%Y%m%d_%H%M%S}",
        "player_name": foreign.own_name(session),
        "start_time": session.started_at.isoformat(),
        "end_time": ended.isoformat(),
        "session_duration_seconds": round((ended - session.started_at) / _SECOND, 2),
        **{theirs: measures[ours] for ours, theirs in FIGURES.items() if ours in measures},
        **_groups(session),
        "premium_csv": session.facts.get("premium_csv") is True and bool(session.events),
        "putt_list": [_putt(session, event) for event in session.events],
    }


def _groups(session: Session) -> dict[str, dict[str, int | float]]:
    """Figures by distance and by category, told by their labels: `Putts from 3-5 ft`, `Makes left`."""
    found: dict[str, dict[str, int | float]] = {}
    for what, by, group, value in _labelled(session):
        found.setdefault(f"{what}_by_{by}", {})[group] = foreign.plain(value)
    return found


def _labelled(session: Session) -> Iterator[tuple[str, str, str, float]]:
    for one in session.statistics.measures:
        label = _GROUP.fullmatch(one.label)
        if one.name in FIGURES or label is None:
            continue
        group = label[3] if label[2] else label[3].upper()
        yield label[1].lower(), "distance" if label[2] else "category", group, one.value


def _putt(session: Session, event: Event) -> dict[str, Any]:
    word = "MAKE" if event.type == MAKE else "MISS"
    category, distance = event.fields.get("category"), event.fields.get("distance")
    return {
        "time": round((event.at - to_ms(session.started_at)) / 1000, 3),
        "classification": word,
        "detailed_classification": f"{word} - {category.upper()}" if isinstance(category, str) else word,
        **foreign.known(distance=distance),
    }
