"""What goes together to one destination: how many letters in one request, and what comes of each of them.

Letters in company are the same to the byte as alone. Where some of them together had no good end, they go one by one
for a while.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from logferry_daemon.conversing import converse, proofs
from logferry_daemon.core.company import for_all
from logferry_daemon.core.evening import Gathering
from logferry_daemon.core.exchange import Acked, Alone, Batching, Later, Letter, Outcome, Recalling, Stop, Upload
from logferry_daemon.core.hushing import hushed
from logferry_daemon.ports import Claimed
from logferry_daemon.road import AT_ONCE, Post

TOGETHER = 25
"""Letters in one request at the most: all of them are in memory, and beyond this a round trip is no cost any more."""
APART = timedelta(minutes=10)
"""How long letters go one by one after a request with several had no good end."""


class Convoys:
    """Of one destination."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._at_once = 1 if isinstance(post.dialect, Gathering) else AT_ONCE
        self._apart_until: datetime | None = None
        """Letters go one by one: some of them together had no good end."""

    async def limit(self) -> tuple[int, int]:
        """How many deliveries make sense together, and how many letters one request may have."""
        dialect, limit = self._post.dialect, self._post.gates.at_once(self._post.name, self._at_once)
        apart = self._apart_until is not None and self._apart_until > self._post.road.clock.steady()
        if limit < AT_ONCE or apart or not isinstance(dialect, Batching):
            return limit, 1
        most = min(dialect.most_together(await self._post.road.offers.known(self._post.destination)), TOGETHER)
        return max(most, limit), most

    async def recall(self, claimed: Sequence[Claimed], most: int) -> Mapping[str, Acked]:
        """Delivery -> proof, of those whose sending was broken off: asked for before they are sent again."""
        dialect, destination, road = self._post.dialect, self._post.destination, self._post.road
        broken_off = {one.row.id: one.letter for one in claimed if one.letter and _is_broken_off(one)}
        if not (isinstance(dialect, Recalling) and min(most, len(broken_off)) > 1):
            return {}
        secret = await self._post.gates.keys.secret(destination)
        if secret is None:
            return {}
        talk = dialect.recall(tuple(broken_off.values()), url=destination.url, now=road.clock.now())
        found = await converse(road.sender, destination, proofs(dialect, secret, road.clock), talk)
        if isinstance(found, Later | Stop):
            return {}  # what is wrong is told by whatever is sent next
        return {delivery: proof for delivery, proof in zip(broken_off, found, strict=True) if proof}

    async def send(self, letters: Sequence[Letter]) -> Sequence[Outcome | Alone]:
        """In one request; where it had no good end, letters go one by one for a while."""
        dialect, destination, road = self._post.dialect, self._post.destination, self._post.road
        now, secret = road.clock.now(), await self._post.gates.keys.secret(destination)
        if secret is None or not isinstance(dialect, Batching):
            return [Alone()] * len(letters)
        talk = dialect.together(letters, url=destination.url, now=now)
        found = await converse(road.sender, destination, proofs(dialect, secret, road.clock), talk)
        outcomes = for_all(found, len(letters)) if isinstance(found, Later | Stop) else found
        if isinstance(found, Later) or any(isinstance(one, Alone) for one in outcomes):
            self._apart_until = road.clock.steady() + APART
        return [one if isinstance(one, Alone) else hushed(one, secret) for one in outcomes]


def _is_broken_off(claimed: Claimed) -> bool:
    """Whether nobody knows what came of its last try: a daemon ended in it, or it was held."""
    return not claimed.row.last_error and claimed.row.last_attempt is not None and claimed.upload == Upload()
