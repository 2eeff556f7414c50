"""The servers that the seeds describe, as far as an upload meets them: what they check and what they answer.

Written from the seed documents and not from our dialects. A server keeps what it was sent, so that a test can look.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from logferry_daemon.core.exchange import Request, Response

SECRETS = {
    "artemis": "jwt-of-a-hunter",
    "resonance": "rl_key_7",
    "putt": "pop_key_7",
    "swgdb": "user-hash-7:api-key-7:signing-key-7",
}


@dataclass
class SeedServer:
    """One of them, with everything that it has stored."""

    name: str
    base: str = ""
    """The path of its address."""
    stored: dict[str, Any] = field(default_factory=dict)
    """What it calls a session -> what it was sent of it."""
    reports: dict[str, bytes] = field(default_factory=dict)
    """File name -> content: what came as a form."""
    asked: list[str] = field(default_factory=list)
    grudge: str = ""
    """Why it takes nothing."""
    portal: bool = False
    """A hotel's network answers in its place."""

    def answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        """As the seed's own sample would."""
        if self.portal:
            return Response(status=200, headers={"content-type": "text/html"}, body=b"<html>Welcome</html>")
        if self.grudge:
            return _says(422, success=False, error=self.grudge)
        told = {name.casefold(): value for name, value in {**request.headers, **headers}.items()}
        self.asked.append(f"{request.method} {request.path}")
        return _SERVERS[self.name](self, request, told)


def _says(code: int, /, **fields: Any) -> Response:  # noqa: ANN401 -- any JSON value
    return Response(status=code, headers={"content-type": "application/json"}, body=json.dumps(fields).encode())


def _wants(value: Any, kinds: Mapping[str, type | tuple[type, ...]]) -> str:  # noqa: ANN401 -- any JSON value
    """What is missing or of another kind; `True` is no number."""
    for name, kind in kinds.items():
        found = value.get(name)
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            return f"{name} is missing or of the wrong kind"
    return ""


# seed 000


def _artemis(server: SeedServer, request: Request, headers: Mapping[str, str]) -> Response:
    together = request.path == f"{server.base}/api/sessions/batch"
    if request.method != "POST" or (request.path != f"{server.base}/api/sessions" and not together):
        return _says(404, error="Not found")
    if headers.get("authorization") != f"Bearer {SECRETS['artemis']}":
        return _says(401, error="Invalid token")
    if headers.get("content-encoding") != "gzip":
        return _says(415, error="gzip is wanted")
    # aiohttp has unpacked it where it came over a socket.
    packed = request.body.startswith(b"\x1f\x8b")
    body = json.loads(gzip.decompress(request.body) if packed else request.body)
    sessions, user = body["sessions"] if together else [body["session"]], body["user"]
    if wrong := _wants(user, {"userId": str, "version": str, "platform": str}):
        return _says(400, error=wrong)
    for session in sessions:
        if wrong := _wrong_hunt(session):
            return _says(400, error=wrong)
    server.stored |= {session["id"]: session for session in sessions}
    return _says(200, success=True)


def _wrong_hunt(session: Any) -> str:  # noqa: ANN401 -- any JSON value
    kinds: dict[str, type | tuple[type, ...]] = {
        "id": str,
        "name": str,
        "tags": list,
        "startedAt": str,
        "endedAt": str,
        "events": list,
        "loadoutSnapshots": dict,
        "manualCostPerShot": (int, float),
        "partial": bool,
    }
    if session.get("partial"):
        del kinds["endedAt"]  # it still runs
    of_events = (_wants(event, {"timestamp": int, "raw": str, "type": str}) for event in session["events"])
    return _wants(session, kinds) or next((told for told in of_events if told), "")


# seed 001

_ENCOUNTER: Mapping[str, type] = {
    "schemaVersion": int,
    "encounterId": int,
    "startedAtMs": int,
    "endedAtMs": int,
    "durationMs": int,
    "totalDamage": int,
    "totalHeal": int,
    "bosses": list,
    "players": list,
    "meterVersion": str,
    "checksum": str,
}
_COUNTS = ("damageDealt", "healDealt", "damageTaken", "bossDamageDealt", "hitsDealt", "hitsHeal", "critHitsDealt")
_PLAYER: Mapping[str, type] = {
    "actorId": int,
    "name": str,
    **dict.fromkeys((*_COUNTS, "luckyHitsDealt"), int),
    "damageSkills": list,
    "healSkills": list,
}
_SKILL: Mapping[str, type] = {
    "skillId": int,
    "skillName": str,
    **dict.fromkeys(("totalValue", "hits", "critHits", "luckyHits", "critTotal", "luckyTotal"), int),
    "timeline": list,
}
_HIT: Mapping[str, type] = {"timestampMs": int, "value": int, "isCrit": bool, "isLucky": bool}


def _resonance(server: SeedServer, request: Request, headers: Mapping[str, str]) -> Response:
    there = server.stored.get(request.path.removeprefix(f"{server.base}/api/v1/encounters/report-"))
    if request.method == "GET" and there:
        return _says(200, **there)
    if (request.method, request.path) != ("POST", f"{server.base}/api/v1/encounters"):
        return _says(404, error="Not found")
    if headers.get("x-api-key") != SECRETS["resonance"]:
        return _says(401, error="API key is invalid")
    body = json.loads(request.body)
    if wrong := _encounter_trouble(body):
        return _says(400, error=wrong)
    number = str(body["encounterId"])
    status, report = (200, f"report-{number}") if number in server.stored else (201, f"report-{number}")
    server.stored.setdefault(number, body)
    created = body["endedAtMs"] + 1
    url = f"https://bpsr.logs/reports/{report}"
    return _says(status, encounterId=17, reportId=report, reportUrl=url, createdAt=created)


def _encounter_trouble(body: Mapping[str, Any]) -> str:
    if wrong := _wants(body, _ENCOUNTER):
        return wrong
    if not 1 <= body["durationMs"] <= 7_200_000 or len(body["players"]) > 50 or len(body["checksum"]) != 64:
        return "durationMs, players or checksum is out of range"
    if not 0 < body["encounterId"] < 2**31 or len({one["name"] for one in body["bosses"]}) != len(body["bosses"]):
        return "the row does not fit into its table"
    for player in body["players"]:
        if wrong := _wants(player, _PLAYER):
            return wrong
        for skill in (*player["damageSkills"], *player["healSkills"]):
            wrong = _wants(skill, _SKILL) or next(
                (told for hit in skill["timeline"] if (told := _wants(hit, _HIT))), ""
            )
            if wrong:
                return wrong
    return ""


# seed 002


def _putt(server: SeedServer, request: Request, headers: Mapping[str, str]) -> Response:
    if (request.method, request.path) != ("POST", f"{server.base}/api/sessions/upload"):
        return _says(404, error="Not found")
    if headers.get("authorization") != f"Bearer {SECRETS['putt']}":
        return _says(401, error="Unauthorized")
    if headers["content-type"].startswith("multipart/form-data"):
        name, kind = _form(server, request, headers), "csv"
    else:
        session = json.loads(request.body)
        name, kind = session["session_id"], "json"
        server.stored[name] = session
    return _says(
        200,
        success=True,
        session_id=name,
        message="Session data uploaded successfully",
        uploaded_at="2026-03-01T20:00:01Z",
        file_type=kind,
        processing_status="completed",
        session_updated=kind == "csv",
        stats_integrated=True,
    )


def _form(server: SeedServer, request: Request, headers: Mapping[str, str]) -> str:
    """Its session, once its file is kept."""
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    name = ""
    for part in BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if file := part.get_filename():
            server.reports[file] = content
        else:
            name = content.decode()
    return name


# seed 004


def _swgdb(server: SeedServer, request: Request, headers: Mapping[str, str]) -> Response:
    user, key, signer = SECRETS["swgdb"].split(":")
    if (headers.get("x-api-key"), headers.get("x-user-hash")) != (key, user):
        return _says(401, success=False, valid=False, error="Invalid API key")
    message = f"{headers['x-timestamp']}.{request.body.decode()}"
    signature = hmac.new(signer.encode(), message.encode(), hashlib.sha256).hexdigest()
    if headers.get("x-signature") != signature:
        return _says(401, success=False, error="Invalid signature")
    if (request.method, request.path) == ("POST", f"{server.base}/sessions/upload"):
        session = json.loads(request.body)
        if wrong := _wants(session, _SERIALISED):
            return _says(400, success=False, error=wrong)
        server.stored[session["session_id"]] = session
        return _says(202, success=True, session_id=session["session_id"], status="accepted")
    if (request.method, request.path) == ("POST", f"{server.base}/sessions/batch-upload"):
        return _uploaded(server, json.loads(request.body)["sessions"])
    if request.path == f"{server.base}/auth/validate":
        return _says(200, valid=True) if request.method == "POST" else _says(404, success=False, error="Not found")
    name = request.path.removeprefix(f"{server.base}/sessions/").removesuffix("/status")
    if name not in server.stored:
        return _says(404, success=False, error="Not found")
    url = f"https://swgdb.example/sessions/{name}"
    return _says(200, session_id=name, status="stored", processing_status="completed", report_id="r7", report_url=url)


def _uploaded(server: SeedServer, sessions: list[Any]) -> Response:
    wrong = {session["session_id"]: _wants(session, _SERIALISED) for session in sessions}
    server.stored |= {session["session_id"]: session for session in sessions if not wrong[session["session_id"]]}
    results = [
        {"session_id": name, "success": not why, **({"error": why} if why else {"status": "accepted"})}
        for name, why in wrong.items()
    ]
    bad = sum(map(bool, wrong.values()))
    return _says(200, success=not bad, uploaded=len(results) - bad, failed=bad, results=results)


_SERIALISED: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("session_id", "character_name", "start_time", "end_time"), str),
    "duration_minutes": (int, float),
    **dict.fromkeys(("xp_data", "credit_data", "quest_data", "location_data", "event_data"), dict),
    **dict.fromkeys(("performance_metrics", "metadata"), dict),
}
_SERVERS: Mapping[str, Callable[[SeedServer, Request, Mapping[str, str]], Response]] = {
    "artemis": _artemis,
    "resonance": _resonance,
    "putt": _putt,
    "swgdb": _swgdb,
}
