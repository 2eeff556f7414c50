"""Sends one letter in pieces: the client's side of tus 1.0 as a conversation. Pure.

What an answer means is trust.md 3.5.

The destination's count is the only truth about what has arrived: after every doubt it is asked for (HEAD), and the next
piece begins there. So no byte is sent twice but those of a piece that was cut, and none is left out.

Whoever forgets what it acknowledged, or counts what it likes, ends the conversation: what is sent in one is bounded,
and the next one is for later.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from logferry_daemon.core.exchange import Later, Letter, Outcome, Request, Response, Stop, Upload
from logferry_daemon.core.giving_up import PARKS_AFTER, PARKS_AGE
from logferry_daemon.core.http_date import read_http_date
from logferry_daemon.core.offer import TUS, Pieces
from logferry_model.envelope import sha256_hex
from logferry_model.errors import Unreachable

PATH = "/api/v1/uploads"
CUT = frozenset({"cut", "timeout"})
"""Codes of Unreachable after which a part of the request may have arrived."""
TRIES = 3
"""Doubts without progress after which this attempt is over, and pieces that may be sent again in all of it."""
FINEST = 16
"""Cuts after which a piece has the smallest size that is offered."""
_AGAIN = "it forgets what it was sent, or counts it wrongly, and would have it again and again"
_ID = re.compile(r"[A-Za-z0-9_~+=-][A-Za-z0-9._~+=-]{0,254}")
_COUNT = re.compile(r"[0-9]{1,15}")
_HASHES: Mapping[str, Callable[[bytes], bytes]] = {
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """The destination has every byte; the receipt says what it made of them."""

    upload: Upload
    """As it is now: to be on the disk before the receipt is asked for, since a finished upload is never taken back."""


@dataclass(frozen=True, slots=True)
class NotOffered:
    """It takes nothing in pieces after all, or not by this version."""


End = Outcome | Arrived | NotOffered
Step = Generator[Request, Response, End | None]
"""One exchange: how it all ended, or None to go on."""


def upload_in_pieces(
    letter: Letter,
    upload: Upload,
    pieces: Pieces,
    *,
    tracker: str,
    url: str,
    failure: Callable[[Response], Outcome],
) -> Generator[Request, Response, End]:
    """The whole conversation; Unreachable comes out of it where it had come no farther than those before it.

    It sends no more than the letter and `TRIES` pieces besides, whatever the answers are.
    """
    sending = _Sending(letter, upload, pieces, tracker=tracker, url=url, failure=failure)
    try:
        return (yield from sending.run())
    except Unreachable as error:
        if sending.progressed and error.code in CUT:
            return Later(reason=error.message, free=True)
        raise


class _Sending:
    """One upload under way."""

    def __init__(
        self,
        letter: Letter,
        upload: Upload,
        pieces: Pieces,
        *,
        tracker: str,
        url: str,
        failure: Callable[[Response], Outcome],
    ) -> None:
        self._body = letter.body
        self._letter = letter
        self._pieces = pieces
        self._tracker = tracker
        self._url = url
        self._failure = failure
        self._path = upload.path
        self._told = upload.offset
        self._expires = upload.expires
        self._offset: int | None = None
        """None: to be asked for."""
        self._cuts = upload.cuts
        self._doubts = 0
        self._farthest = upload.offset
        """What was acknowledged at most, before this conversation and in it: only what is beyond it is progress."""
        self._forgot = False
        self._sent = 0
        """Bytes of all pieces."""
        self._advanced = False

    @property
    def progressed(self) -> bool:
        """Whether it got farther than those before it, and nothing was lost over there on the way."""
        return self._advanced and not self._forgot

    def run(self) -> Generator[Request, Response, End]:
        """Until it has arrived, or cannot for now."""
        while True:
            if not self._path:
                end = yield from self._create()
            elif self._offset is None:
                end = yield from self._ask_offset()
            elif self._offset < len(self._body):
                end = yield from self._send_piece(self._offset)
            else:
                return Arrived(self._kept())
            if end is not None:
                return end

    def _create(self) -> Step:
        headers = {
            "Tus-Resumable": TUS,
            "Upload-Length": str(len(self._body)),
            "Upload-Metadata": _metadata(self._letter, self._tracker),
            "Idempotency-Key": self._letter.headers["Idempotency-Key"],
        }
        answer = yield Request(method="POST", path=PATH, headers=headers, keep=self._kept())
        if answer.status == 201:
            return self._created(answer)
        if answer.status in {404, 405, 412, 501}:
            return NotOffered()
        return self._failure(answer)

    def _created(self, answer: Response) -> Stop | None:
        path = own_path(self._url, answer.headers.get("location", ""))
        if path is None:
            return Stop(
                reason="it names an upload address that is not its own, which is never followed",
                hint="Check how the collector is set up behind its proxy, then: logferry retry --all",
            )
        self._path, self._offset, self._told = path, 0, 0
        self._expires = _expiry(answer)
        return None

    def _ask_offset(self) -> Step:
        answer = yield Request(method="HEAD", path=self._path, headers={"Tus-Resumable": TUS}, keep=self._kept())
        if answer.status in {404, 410}:
            return self._vanished()
        if answer.status == 412:
            return NotOffered()
        offset = count_of(answer.headers.get("upload-offset"))
        if not 200 <= answer.status < 300 or offset is None:
            return self._failure(answer)
        length = count_of(answer.headers.get("upload-length"))
        if offset > len(self._body) or length not in {None, len(self._body)}:
            return self._vanished()  # it is another one's, by whatever accident
        self._forgot = self._forgot or offset < self._told
        self._expires = _expiry(answer) or self._expires
        self._offset = self._told = offset
        return None

    def _send_piece(self, offset: int) -> Step:
        piece = self._body[offset : offset + self._size()]
        self._sent += len(piece)
        if self._sent > len(self._body) + TRIES * self._pieces.usual:
            return replace(_stuck(_AGAIN), free=self.progressed)
        headers = {
            "Tus-Resumable": TUS,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        if self._pieces.checksum:
            digest = base64.b64encode(_HASHES[self._pieces.checksum](piece)).decode()
            headers["Upload-Checksum"] = f"{self._pieces.checksum} {digest}"
        try:
            answer = yield Request(method="PATCH", path=self._path, headers=headers, body=piece, keep=self._kept())
        except Unreachable as error:
            if error.code not in CUT:
                raise
            self._cuts += 1
            return self._doubt(Later(reason=error.message))
        return self._answered(answer, offset, len(piece))

    def _answered(self, answer: Response, offset: int, size: int) -> End | None:
        if answer.status in {404, 410}:
            return self._vanished()
        if answer.status == 409:
            return self._doubt(_stuck("it has another part of the upload than was thought"))
        if answer.status == 460:
            return self._doubt(_stuck("a piece arrived damaged, again and again"))
        if answer.status == 412:
            return NotOffered()
        if answer.status == 413 and size > self._pieces.smallest:
            # A gateway may take less at once than its collector offers; nobody says how much.
            self._cuts = FINEST
            return self._doubt(_stuck("its pieces are refused as too big, also the smallest"))
        now_there = count_of(answer.headers.get("upload-offset"))
        if not 200 <= answer.status < 300 or now_there is None:
            return self._failure(answer)
        if not offset + size // 2 < now_there <= offset + size:
            # The piece was taken whole: whoever counts a few bytes of it would have it sent again and again.
            return self._doubt(replace(_stuck("its count of bytes cannot be"), trouble=True))
        self._offset = self._told = now_there
        self._expires = _expiry(answer) or self._expires
        if now_there == offset + size and now_there > self._farthest:
            self._farthest, self._doubts, self._advanced = now_there, 0, True
        return None

    def _doubt(self, otherwise: Later) -> Later | None:
        """Ask what has arrived, some times; `otherwise` after that."""
        self._offset = None
        self._doubts += 1
        return otherwise if self._doubts > TRIES else None

    def _vanished(self) -> Later | None:
        """It expired, or was lost: another one, under the same key."""
        self._path, self._told, self._expires, self._forgot = "", 0, None, True
        return self._doubt(_stuck("the upload was forgotten over there, again and again"))

    def _size(self) -> int:
        """Of the next piece: the worse the network, the less is lost by a cut."""
        return max(self._pieces.usual >> min(self._cuts, FINEST), self._pieces.smallest)

    def _kept(self) -> Upload:
        return Upload(path=self._path, offset=self._told, cuts=self._cuts, expires=self._expires)


def _stuck(reason: str) -> Later:
    """It was reached and does not get on: that is not asked for for ever."""
    return Later(reason=reason, trouble=False, parks_after=PARKS_AFTER, parks_age=PARKS_AGE)


def own_path(url: str, location: str) -> str | None:
    """Where the upload is, below the destination's `url`; None when its address is anywhere else.

    Of what the other side says only the upload's name is used, so that no answer can lead a request anywhere.
    """
    try:
        base = urlsplit(url.rstrip("/") + PATH)
        named = urlsplit(urljoin(base.geturl(), location))
        same = (named.scheme, named.netloc) == (base.scheme, base.netloc)
    except ValueError:
        return None
    folder, _, name = named.path.rpartition("/")
    if not same or named.query or named.fragment or not folder.endswith(PATH) or not _ID.fullmatch(name):
        return None
    return f"{PATH}/{name}"


def is_own_path(path: str) -> bool:
    """Whether an upload can be there, below its destination's address."""
    folder, _, name = path.rpartition("/")
    return folder == PATH and _ID.fullmatch(name) is not None


def _metadata(letter: Letter, tracker: str) -> str:
    said = {
        "idempotency_key": letter.headers["Idempotency-Key"].strip('"'),
        "sha256": sha256_hex(letter.body),
        "tracker": tracker,
        "content_encoding": letter.headers.get("Content-Encoding", "identity"),
        "filename": "session.json",
    }
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())


def count_of(header: str | None) -> int | None:
    """A count of bytes as a header has it; None where it is none."""
    return int(header) if header is not None and _COUNT.fullmatch(header) else None


def _expiry(answer: Response) -> datetime | None:
    """Until when it keeps what it has of an upload that is not ended; None where it says nothing that can be read."""
    return read_http_date(answer.headers.get("upload-expires"))
