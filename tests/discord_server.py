"""Discord as far as a webhook meets it: messages under a secret address, its limits, and its own words for refusals.

Written from Discord's documentation of webhooks and not from our dialect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from logferry_daemon.core.exchange import Request, Response

FIRST = 1_334_567_890_123_456_789
SECRET = "1200000000000000002/s3cret-Token_1"
UNKNOWN_MESSAGE = {"message": "Unknown Message", "code": 10008}
UNKNOWN_WEBHOOK = {"message": "Unknown Webhook", "code": 10015}
_TEXTS = ("title", "description")


@dataclass
class Discord:
    """One channel with one webhook, and every message in it."""

    base: str = "/api/webhooks"
    secret: str = SECRET
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Method, and for a message its number: `PATCH 1` is about the first one that was ever posted."""
    posted: int = 0

    def answer(self, request: Request) -> Response:
        """As Discord would; the path holds the key."""
        path, _, query = request.path.partition("?")
        own = f"{self.base}/{self.secret}"
        if path != own and not path.startswith(f"{own}/messages/"):
            return says(404, UNKNOWN_WEBHOOK)
        name = path.removeprefix(own).removeprefix("/messages/")
        self.asked.append(f"{request.method} {int(name) - FIRST}".strip() if name.isdecimal() else request.method)
        if not name:
            return self._webhook() if request.method == "GET" else self._post(request, query)
        if name not in self.messages:
            return says(404, UNKNOWN_MESSAGE)
        if request.method == "DELETE":
            del self.messages[name]
            return Response(status=204, headers={}, body=b"")
        return self._patch(name, request) if request.method == "PATCH" else says(200, self.messages[name])

    def _webhook(self) -> Response:
        identity, _, token = self.secret.partition("/")
        return says(200, {"id": identity, "type": 1, "name": "Hunts", "channel_id": "11", "token": token})

    def _post(self, request: Request, query: str) -> Response:
        told = json.loads(request.body)
        if wrong := _wrong(told):
            return wrong
        self.posted += 1
        name = str(FIRST + self.posted)
        embeds = [_decorated(embed) for embed in told.get("embeds", ())]
        fixed = {"type": 0, "channel_id": "11", "webhook_id": self.secret.partition("/")[0], "attachments": []}
        self.messages[name] = {"id": name, **fixed, "content": told.get("content", ""), "embeds": embeds}
        return says(200, self.messages[name]) if query == "wait=true" else Response(status=204, headers={}, body=b"")

    def _patch(self, name: str, request: Request) -> Response:
        told = json.loads(request.body)
        if wrong := _wrong(self.messages[name] | told):
            return wrong
        if "embeds" in told:
            self.messages[name]["embeds"] = [_decorated(embed) for embed in told["embeds"]]
        self.messages[name]["edited_timestamp"] = "2026-03-01T23:00:00.000000+00:00"
        return says(200, self.messages[name])

    def footers(self) -> list[list[str]]:
        """What stands below the embeds of each message."""
        return [[embed["footer"]["text"] for embed in one["embeds"]] for one in self.messages.values()]

    def sessions(self) -> list[list[str]]:
        """The same without the version."""
        return [[footer.partition(" ")[0] for footer in one] for one in self.footers()]


def says(status: int, value: Any) -> Response:  # noqa: ANN401 -- any JSON value
    """An answer in JSON."""
    return Response(status=status, headers={"content-type": "application/json"}, body=json.dumps(value).encode())


def characters(embeds: Sequence[Mapping[str, Any]]) -> int:
    """Those that count towards the limit of a message."""
    return sum(len(text.encode("utf-16-le")) // 2 for embed in embeds for text in _texts(embed))


def _texts(embed: Mapping[str, Any]) -> list[str]:
    fields = [text for one in embed.get("fields", ()) for text in (one["name"], one["value"])]
    return [*(embed.get(name, "") for name in _TEXTS), embed.get("footer", {}).get("text", ""), *fields]


def _decorated(embed: Mapping[str, Any]) -> dict[str, Any]:
    """With what Discord adds of its own."""
    fields = [{"inline": False, **one} for one in embed.get("fields", ())]
    return {"type": "rich", **embed, **({"fields": fields} if fields else {}), "content_scan_version": 0}


def _wrong(message: Mapping[str, Any]) -> Response | None:
    embeds = message.get("embeds", ())
    fields = [one for embed in embeds for one in embed.get("fields", ())]
    fits = len(embeds) <= 10 and characters(embeds) <= 6000 and all(len(one.get("fields", ())) <= 25 for one in embeds)
    fits = fits and all(len(one["name"]) <= 256 and len(one["value"]) <= 1024 for one in fields)
    if fits and (embeds or message.get("content")):
        return None
    code = 50035 if not fits else 50006
    return says(400, {"message": "Invalid Form Body" if not fits else "Cannot send an empty message", "code": code})
