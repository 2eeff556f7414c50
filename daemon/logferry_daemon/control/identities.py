"""Answers who played, asks its owner whose sessions may go where, and takes the answers.

Names are told here alone, to those who may administer; everybody else learns only that there is a question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from logferry_daemon.control.holding import hold_back
from logferry_daemon.core.delivery import State
from logferry_daemon.core.identities import ANY, UNSURE, Binding, Player, Standing, decided, standing
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Clock, Ledger, Roster, Seen, Totals
from logferry_ipc import messages as m
from logferry_model.errors import Misconfigured


class IdentityDesk:
    """Tells players and answers, and everybody else when an answer has changed."""

    def __init__(self, fleet: Fleet, roster: Roster, ledger: Ledger, clock: Clock) -> None:
        self._fleet = fleet
        self._roster = roster
        self._ledger = ledger
        self._clock = clock

    async def identities(self) -> m.Identities:
        """Who played and what was decided, for the destinations that there are."""
        there = set(self._fleet.destinations())
        bindings = [one for one in await self._roster.bindings() if one.destination in there]
        return m.Identities(
            identities=tuple(await self._known()),
            rules=tuple(
                m.IdentityRule(
                    destination=one.destination,
                    tracker=one.tracker,
                    identity=one.identity,
                    allowed=one.allowed,
                    decided_at=one.decided_at,
                )
                for one in bindings
            ),
        )

    async def of(self, destination: str) -> tuple[m.Identity, ...]:
        """Those whose sessions there are for one destination."""
        return tuple(one for one in await self._known() if one.destination == destination)

    async def decide(self, decision: m.IdentityDecision) -> m.Identities:
        """An answer, or with `allowed` None none any more."""
        self._check(decision)
        about = decision.destination, decision.tracker, decision.identity
        if decision.allowed is not None:
            await self._roster.bind([self._binding(*about, allowed=decision.allowed)])
        elif not await self._roster.unbind(*about):
            who = "everybody" if decision.identity == ANY else f'"{decision.identity}"'
            said = f"Nothing was decided about {who} and {decision.destination}."
            raise Misconfigured("identity-undecided", said, hint="See: logferry identities list")
        await hold_back(self._fleet, self._ledger, decision.destination)
        self._fleet.listeners.state_changed()
        self._fleet.wake_couriers()
        return await self.identities()

    async def allow(self, destination: str, shown: Iterable[m.Player]) -> None:
        """Those whom the owner was shown with the policy, and about whom nothing was decided yet."""
        meant = {(one.tracker, one.identity) for one in shown}
        known = [one for one in await self.of(destination) if one.state == Standing.UNKNOWN]
        asked = [one for one in known if (one.tracker, one.identity) in meant]
        await self._roster.bind([self._binding(destination, one.tracker, one.identity, allowed=True) for one in asked])

    async def questions(self, totals: Totals) -> Sequence[m.Attention]:
        """What is to be asked, one a player and destination, without a name: whoever may read the status reads this."""
        # Looking for them reads every session, and most of the time there is no question.
        if not any(
            (state, said) == (State.PENDING, Standing.UNKNOWN) and number
            for (_, state, said), number in totals.barred.items()
        ):
            return ()
        return [self._question(one) for one in await self._open()]

    async def _open(self) -> Sequence[m.Identity]:
        """Unknown players whose sessions nothing else holds: before consent, consent asks about them."""
        agreed = {
            name for name, one in self._fleet.couriers.items() if self._fleet.gates.consents.given(one.destination)
        }
        return [
            one
            for one in await self._known()
            if one.waiting and one.state == Standing.UNKNOWN and one.destination in agreed
        ]

    async def _known(self) -> Sequence[m.Identity]:
        answers = decided(await self._roster.bindings())
        there = set(self._fleet.destinations())
        return [
            self._identity(one, standing(answers, one.destination, one.player))
            for one in await self._roster.seen()
            if one.destination in there
        ]

    def _identity(self, seen: Seen, said: Standing) -> m.Identity:
        return m.Identity(
            destination=seen.destination,
            tracker=seen.player.tracker,
            title=self._title(seen.player),
            identity=seen.player.identity,
            sessions=seen.sessions,
            waiting=seen.waiting,
            state=said.value,
        )

    def _title(self, player: Player) -> str:
        tracker = self._fleet.trackers.get(player.tracker)
        return tracker.title if tracker else player.tracker

    def _question(self, one: m.Identity) -> m.Attention:
        sessions, may = ("1 session", "it") if one.waiting == 1 else (f"{one.waiting:,} sessions", "they")
        if one.identity == UNSURE:
            said = f"{sessions} {'does' if one.waiting == 1 else 'do'} not say who played ({one.title})."
        else:
            said = f"{sessions} {'was' if one.waiting == 1 else 'were'} played by somebody new ({one.title})."
        return m.Attention(
            code="identity-unknown",
            message=f"{said} May {may} go to {one.destination}?",
            hint="See who, and answer: logferry identities list",
        )

    def _binding(self, destination: str, tracker: str, identity: str, *, allowed: bool) -> Binding:
        return Binding(
            destination=destination,
            tracker=tracker,
            identity=identity,
            allowed=allowed,
            decided_at=self._clock.now(),
        )

    def _check(self, decision: m.IdentityDecision) -> None:
        if decision.destination not in self._fleet.couriers:
            said = f'There is no destination "{decision.destination}".'
            raise Misconfigured("destination-unknown", said, hint="See: logferry destinations list")
        if decision.tracker != ANY:
            self._fleet.tracker(decision.tracker)
        if not decision.identity:
            hint = 'As in: logferry identities allow home "NAME"'
            raise Misconfigured("identity-empty", "Nobody is called by no name.", hint=hint)


def sentences(questions: Iterable[m.Attention]) -> Iterator[str]:
    """Each question with where to answer it."""
    for one in questions:
        yield f"{one.message} {one.hint}."
