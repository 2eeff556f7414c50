"""The API that the SWG bot bridge uploads to: signed posts, and a status to ask for afterwards. Pure.

Each request carries the API key, the user's hash, the time, and an HMAC-SHA256 of `time.body`. The bridge's own
document does not name these headers; these are the usual ones. The signature says nothing of method and path, which is
the contract's weakness and not ours to mend. Where the server refuses the time, it is signed by the server's own clock.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

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
from logferry_daemon.core.proof import ProvingConversation
from logferry_daemon.core.validity import Unclear, ValidatingConversation
from logferry_daemon.dialects import foreign
from logferry_daemon.dialects.company import Talk
from logferry_daemon.dialects.foreign_batch import MOST, batched
from logferry_daemon.dialects.foreign_proof import asking
from logferry_daemon.dialects.its_clock import TIME, on_its_clock
from logferry_daemon.dialects.status import ACCEPTED, unproven
from logferry_daemon.dialects.swgdb_session import serialised
from logferry_daemon.dialects.validating import answer_about_key, validity
from logferry_model.envelope import Receipt, ReceiptStatus
from logferry_model.errors import Misconfigured, Unreachable

UPLOAD = "/sessions/upload"
BATCH = "/sessions/batch-upload"
STATUS = "/sessions/{}/status"
CLOCK_PAUSE = timedelta(minutes=15)
_CLOCK = re.compile(r"timestamp|clock|replay|too old|in the future")


class SwgdbDialect:
    """Believes a whole answer that says `"success": true`, or the status of a session that was accepted before."""

    name = "swgdb"
    takes = ("swg-bot",)

    def write(self, parcel: Parcel) -> Letter:
        """The session as the bridge serialises it."""
        session = foreign.session_of(parcel, dialect=self.name, takes=self.takes, what="sessions of the SWG bot")
        document = serialised(session, parcel)
        return foreign.letter(parcel, foreign.encoded(document), document["session_id"])

    def credentials(self, secret: str, request: Request, now: datetime) -> Mapping[str, str]:
        """`USER-HASH:API-KEY`, and a third part where the requests are signed with another key than the API key."""
        user, key, signer = _parts(secret)
        time = request.headers.get(TIME) or str(int(now.timestamp()))
        signature = hmac.new(signer.encode(), time.encode() + b"." + request.body, hashlib.sha256).hexdigest()
        return {"X-API-Key": key, "X-User-Hash": user, TIME: time, "X-Signature": signature}

    def deliver(self, letter: Letter, *, url: str, now: datetime) -> Conversation:
        """One post; where it is accepted only, its status is asked for."""
        return on_its_clock(_delivering(letter, url=url, now=now), _refuses_the_time, url=url, now=now)

    def validate(self, *, now: datetime) -> ValidatingConversation:
        """As dialects/validating.py has it; a signature that is too old says nothing about the key."""
        response = yield from answer_about_key()
        wrong = _clock_is_wrong(response)
        return Unclear(reason=wrong.reason) if wrong else validity(response, now)

    def verify(self, receipt: Receipt, *, now: datetime) -> ProvingConversation:
        """By the session's status."""
        name = receipt.natural_key
        return asking(
            STATUS.format(quote(name, safe="")), lambda said: foreign.text_in(said, "session_id") == name, now
        )

    def most_together(self, offer: Offer) -> int:
        """The bridge has a route for it."""
        return MOST

    def together(self, letters: Sequence[Letter], *, url: str, now: datetime) -> Talk:
        """One signed post of `sessions`, each to the byte what it is alone; of those accepted the status is asked."""
        return on_its_clock(_sharing(letters, url=url, now=now), _refuses_the_time, url=url, now=now)

    def delete(self, report: Report, *, now: datetime) -> ErasingConversation:
        """The bridge knows no route for it."""
        return foreign.undeletable("swgdb has no way to delete a session: ask whoever runs it")


def _delivering(letter: Letter, *, url: str, now: datetime) -> Conversation:
    response = yield Request(method="POST", path=UPLOAD, headers=letter.headers, body=letter.body)
    found = outcome(letter, response, url=url, now=now)
    return found if found != ACCEPTED else (yield from status_of(letter, url=url, now=now))


def _sharing(letters: Sequence[Letter], *, url: str, now: datetime) -> Talk:
    def judge(letter: Letter, said: Response) -> Outcome:
        return outcome(letter, said, url=url, now=now)

    found = list((yield from batched(letters, BATCH, _together, judge, now=now, refused=_refused)))
    try:
        for place, letter in enumerate(letters):
            if found[place] == ACCEPTED:
                found[place] = yield from status_of(letter, url=url, now=now)
    except Unreachable:
        return found  # what was told of the others stands; those that are left are asked about another time
    return found


def _together(letters: Sequence[Letter]) -> tuple[bytes, Mapping[str, str]]:
    return foreign.encoded({"sessions": [msgspec.Raw(one.body) for one in letters]}), {}


def outcome(letter: Letter, response: Response, *, url: str, now: datetime) -> Outcome:
    """What the answer to the post means."""
    if wrong := _clock_is_wrong(response):
        return wrong
    if foreign.is_there(letter, response):
        return foreign.stored(letter, {}, url=url, now=now, status=ReceiptStatus.DUPLICATE)
    said = foreign.read(response, now)
    if not isinstance(said, Mapping):
        return said
    if said.get("success") is not True:
        return unproven(f'the answer ({response.status}) does not say "success": true')
    if foreign.text_in(said, "session_id") not in {"", letter.headers[foreign.NAME]}:
        return unproven("the answer is about another session")
    return foreign.unfinished(response, said) or foreign.stored(letter, said, url=url, now=now)


def status_of(letter: Letter, *, url: str, now: datetime) -> Conversation:
    """Asks what became of a session that was accepted before."""
    response = yield Request(method="GET", path=STATUS.format(quote(letter.headers[foreign.NAME], safe="")))
    return told_by_status(letter, response, url=url, now=now)


def told_by_status(letter: Letter, response: Response, *, url: str, now: datetime) -> Outcome:
    """What the status of a session that was accepted means."""
    if response.status == 404:
        return ACCEPTED
    if wrong := _clock_is_wrong(response):
        return wrong
    said = foreign.read(response, now)
    if not isinstance(said, Mapping):
        return said
    if foreign.text_in(said, "session_id") != letter.headers[foreign.NAME]:
        return unproven("the status is not of the session that was sent")
    if not foreign.text_in(said, "processing_status", "status"):
        return unproven("the status of the session that was sent is not told")
    return foreign.unfinished(response, said) or foreign.stored(letter, said, url=url, now=now)


def _refused(response: Response, now: datetime) -> Outcome:
    return _clock_is_wrong(response) or foreign.refused(response, now)


def _refuses_the_time(response: Response) -> bool:
    return response.status in {400, 401, 403} and _CLOCK.search(foreign.reason_in(response).casefold()) is not None


def _clock_is_wrong(response: Response) -> Stop | None:
    """Signatures are good for some minutes only."""
    if not _refuses_the_time(response):
        return None
    return Stop(
        reason=f"the signature's time was refused: {foreign.printable(foreign.reason_in(response))}",
        hint="Set this computer's clock; it is tried again by itself.",
        wait=CLOCK_PAUSE,
    )


def _parts(secret: str) -> tuple[str, str, str]:
    user, _, rest = secret.strip().partition(":")
    key, _, signer = rest.partition(":")
    if not user or not key:
        raise Misconfigured(
            "secret-form",
            "the key for swgdb has to be USER-HASH:API-KEY",
            hint="Give it both, with a colon in between: logferry login {name}",
        )
    return user, key, signer or key
