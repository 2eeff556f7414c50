"""The daemon at a glance: what it does, how much of everything there is, and what a person should know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from logferry_daemon.control import given_up, views
from logferry_daemon.control.attention import attention, tokens_renewed
from logferry_daemon.control.deleting import attention as deletion_attention
from logferry_daemon.control.identities import IdentityDesk
from logferry_daemon.control.keys import KeyDesk
from logferry_daemon.control.parts import Parts
from logferry_daemon.control.queue_state import queue_attention, rebuilt_attention, without_queue
from logferry_daemon.core.gate import Gate
from logferry_daemon.core.salvage import REBUILT_NOTE
from logferry_daemon.ports import Totals
from logferry_daemon.scribe import RENEWED_NOTE, renewed_at
from logferry_ipc.messages import Attention, Status

MAX_FAILURES = 20


@dataclass(frozen=True, slots=True)
class Glance:
    """Asks everybody once."""

    parts: Parts
    identities: IdentityDesk
    keys: KeyDesk

    async def status(self) -> Status:
        """As of now."""
        fleet, spool, live = self.parts.fleet, self.parts.spool, self.parts.live
        gates, totals, holds = await fleet.all_gates(), await spool.totals(), fleet.gates.holds
        counts, sources = views.counts(totals, gates), without_queue(fleet.runners, spool.trouble)
        questions = await self.identities.questions(totals)
        return Status(
            state=views.daemon_state(
                counts,
                gates,
                sources,
                paused=holds.paused,
                asked=bool(questions or spool.trouble),
                not_yet=views.not_yet(gates, totals),
            ),
            version=self.parts.version,
            counts=counts,
            destinations=views.destinations(gates, totals, fleet.filters()),
            attention=await self._attention(gates, totals, sources, questions),
            metrics=views.metrics(totals, gates),
            paused=holds.paused,
            paused_until=holds.paused_until if holds.paused else None,
            last_report_url=totals.last_report_url,
            running=live.summaries,
            copy_report_url=self.parts.copy_report_url,
        )

    async def _attention(
        self, gates: Mapping[str, Gate], totals: Totals, sources: Mapping[str, str], questions: Sequence[Attention]
    ) -> tuple[Attention, ...]:
        spool, now = self.parts.spool, self.parts.clock.now()
        rebuilt, renewed = await spool.note(REBUILT_NOTE), renewed_at(await spool.note(RENEWED_NOTE))
        return attention(
            gates,
            await spool.failures(MAX_FAILURES),
            sources,
            await spool.troubles(),
            recipes=self.parts.recipe_troubles,
            backlog=totals.backlog,
            keys=await self.parts.credentials.notes(tuple(gates)),
            questions=questions,
            waiting=views.waiting(totals, gates),
            now=now,
            queue=(*queue_attention(spool.trouble), *rebuilt_attention(rebuilt, now)),
            deletions=deletion_attention(await spool.deleted(), unscrubbed=await spool.unscrubbed()),
            tokens=(*tokens_renewed(renewed, now), *given_up.attention(await self.keys.lost(), now)),
        )
