"""Keys of destinations: given by their owner, made for him where anybody is let in, forgotten. Shows none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from logferry_daemon.control.given_up import waiting_for, what_is_lost
from logferry_daemon.conversing import converse, proofs
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Stop
from logferry_daemon.core.gate import Access, Block
from logferry_daemon.core.hushing import hushed
from logferry_daemon.core.own_keys import Joining, TakenOver, is_own_key, own_key
from logferry_daemon.core.reaching import KeyInAddress
from logferry_daemon.courier import Courier
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Credentials, own_key_lost_note, own_key_note
from logferry_ipc.messages import OWN_KEY_ONLY, Done, Forgetting, Login
from logferry_model.errors import Misconfigured, Refused

HAS_ONE = "It has a key that Logferry made for itself already, and keeps it."


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """What goes in here never comes out."""

    fleet: Fleet
    credentials: Credentials
    given: Callable[[], None]
    """Told when a key was kept, before anything is sent with it."""

    async def login(self, name: str, login: Login) -> Done:
        """Keep a key, or make one."""
        courier = self.fleet.couriers[name]
        if login.anonymous:
            return await self._make(courier, login)
        secret = _meant(courier, login.secret.strip())
        if not secret or not secret.isprintable() or not secret.isascii():
            raise Misconfigured("secret-unusable", "The key is empty or has unprintable characters in it.")
        note = await self._joined(courier, secret) if login.join else await self._replacing(courier.destination, secret)
        try:
            await self._keep(courier.destination, secret, insecure=login.insecure_storage)
        finally:
            self.fleet.gates.forgive(name)
        await self.fleet.hasten_deletions(name)
        if origin := await self.credentials.origin(name):
            note = f"It is not used: the key from {origin} goes before it."
        return Done(note=note)

    async def logout(self, name: str, wanted: Forgetting) -> Done:
        """Forget it."""
        destination = self.fleet.couriers[name].destination
        lost = await self.check_loss(destination, wanted, again=f"logferry logout {name} --yes")
        await self.forget(name)
        self.fleet.gates.forgive(name)
        if origin := await self.credentials.origin(name):
            said = f"{name} still has a key: it comes from {origin}, which Logferry only reads."
            raise Refused("secret-injected", said, hint="Take it away there; what Logferry kept itself is forgotten.")
        return Done(note=lost)

    async def lost_with(self, destination: Destination) -> str:
        """What is lost when its key is, in words; empty where it is that of an account, or there is none."""
        if not await self._own_there(destination):
            return ""
        return what_is_lost(waiting_for(destination.name, await self.fleet.spool.deleted()))

    async def check_loss(self, destination: Destination, wanted: Forgetting, *, again: str) -> str:
        """The same; Refused where its owner did not agree to that. `again` is the command that says so for him."""
        lost = await self.lost_with(destination)
        if lost and wanted.confirm != OWN_KEY_ONLY:
            said = f"The secret for {destination.name} cannot be given again. {lost}"
            hint = f'If its owner wants that all the same: {again}; a program says "confirm": "{OWN_KEY_ONLY}".'
            raise Refused(OWN_KEY_ONLY, said, hint=hint)
        return lost

    async def forget(self, name: str) -> None:
        """Here and in the keyring."""
        await self.credentials.forget(name)
        await self.fleet.spool.set_note(own_key_note(name), None)

    async def lost(self) -> Mapping[str, str | None]:
        """Destination -> since when its own key is given up because its address became another."""
        return {name: await self.fleet.spool.note(own_key_lost_note(name)) for name in self.fleet.couriers}

    async def has_own(self, destination: Destination) -> bool:
        """Whether its key was made here, as far as it was written down: also while nobody can look at it."""
        return await self.fleet.spool.note(own_key_note(destination.name)) == destination.place

    async def _has_own(self, destination: Destination, access: Access) -> bool:
        """By the key itself, too: a daemon may have been killed between the two. One for another address is none."""
        if await self.has_own(destination):
            return True
        return access is Access.AVAILABLE and is_own_key(await self.credentials.secret(destination.name))

    async def _own_there(self, destination: Destination) -> bool:
        """Whether there is one, for whatever address."""
        return await self.has_own(destination) or is_own_key(await self.credentials.secret(destination.name))

    async def _access(self, destination: Destination) -> Access:
        """As of this moment, and only to a key that is for where the destination is."""
        self.fleet.gates.keys.doubt(destination.name)
        return await self.fleet.gates.keys.access(destination)

    async def _keep(self, destination: Destination, secret: str, *, insecure: bool) -> None:
        await self.credentials.keep(destination.name, secret, insecure=insecure)
        self.given()
        own = destination.place if is_own_key(secret) else None
        await self.fleet.spool.set_note(own_key_note(destination.name), own)
        await self.fleet.gates.keyed(destination)

    async def _make(self, courier: Courier, login: Login) -> Done:
        """A key that nobody gave out; there is never a second one, for the first is what reports are deleted with."""
        destination = courier.destination
        _check_anonymous(courier, login)
        access = await self._access(destination)
        if access is not Access.ABSENT:
            if await self._has_own(destination, access):
                return Done(note=HAS_ONE)
            raise _taken(destination.name, access)
        if await self._own_elsewhere(destination):
            raise _elsewhere(destination.name)
        chance = self.fleet.road.chance
        await self._keep(destination, own_key(chance.token() + chance.token()), insecure=login.insecure_storage)
        await self.fleet.hasten_deletions(destination.name)
        return Done()

    async def _own_elsewhere(self, destination: Destination) -> bool:
        """Whether one lies there that is not known to be for this address; asked where there is none that is."""
        return is_own_key(await self.credentials.secret(destination.name))

    async def _replacing(self, destination: Destination, secret: str) -> str:
        """Refused where the key that would go is the only thing that reaches what was sent with it."""
        name, access = destination.name, await self._access(destination)
        if secret == await self.credentials.secret(name):
            return ""
        if access is Access.ABSENT and await self._own_elsewhere(destination):
            raise _elsewhere(name)
        if not await self._has_own(destination, access):
            return ""
        raise Refused(
            "own-key-there",
            f"{name} has a key that Logferry made for itself: what was sent with it is deleted with it alone.",
            hint=f"Take that into the account: logferry login {name} --join. "
            f"Or give it up first: logferry logout {name}",
        )

    async def _joined(self, courier: Courier, secret: str) -> str:
        """What was sent without an account is that of `secret` now."""
        destination, dialect, road = courier.destination, courier.dialect, self.fleet.road
        if not isinstance(dialect, Joining):
            raise _nothing_to_join(destination.name)
        if not self.fleet.gates.consents.given(destination):
            said = f"{destination.name} is sent nothing before you agree to it, and no key either."
            raise Refused("no-consent", said, hint=f"Read and agree with: logferry consent grant {destination.name}")
        own = await self._own_secret(destination)
        # The key ends in the middle of it: nothing that is under way may come back as refused afterwards.
        self.fleet.gates.block(destination.name, Block(reason="its key is being replaced"))
        await courier.hold(courier.under_way)
        talk = dialect.join(own, now=road.clock.now())
        found = await converse(road.sender, destination, proofs(dialect, secret, road.clock), talk)
        if isinstance(found, TakenOver):
            return f"{found.reports:,} reports that were sent without it are the account's now."
        self.fleet.gates.forgive(destination.name)
        reason = hushed(hushed(Stop(reason=found.reason), secret), own).reason
        said = f"{destination.name} did not take over what was sent so far: {reason.rstrip('.')}."
        raise Refused("not-joined", said, hint="Nothing was changed; mend that and try again.")

    async def _own_secret(self, destination: Destination) -> str:
        name = destination.name
        if origin := await self.credentials.origin(name):
            said = f"The key of {name} comes from {origin}, which Logferry only reads."
            raise Refused("secret-injected", said, hint="Lay the account's key down there.")
        # Through the gate: one that was made for another address stays away from this one.
        access = await self._access(destination)
        secret = await self.fleet.gates.keys.secret(destination)
        if secret is not None and is_own_key(secret):
            return secret
        if access is not Access.ABSENT and secret is None and await self.has_own(destination):
            said = f"The key that Logferry made for {name} cannot be had right now."
            raise Misconfigured("keyring-closed", said, hint="Unlock the keyring and try again.")
        raise _nothing_to_join(name)


def _meant(courier: Courier, given: str) -> str:
    """Kept as it is used, so that it is found wherever it is used."""
    return courier.dialect.key_in(given) if isinstance(courier.dialect, KeyInAddress) else given


def _check_anonymous(courier: Courier, login: Login) -> None:
    name, dialect = courier.destination.name, courier.dialect
    if login.secret or login.join:
        said = "Either a key is made, or one is given."
        raise Misconfigured("anonymous-and-key", said, hint=f"As in: logferry login {name} --anonymous")
    if not isinstance(dialect, Joining):
        said = f"{name} speaks {dialect.name}, and nobody can come there by a key of his own making."
        raise Misconfigured("anonymous-unknown", said, hint=f"Give it one that you got there: logferry login {name}")


def _taken(name: str, access: Access) -> Misconfigured | Refused:
    if access in {Access.AVAILABLE, Access.FOREIGN, Access.REFUSED}:
        hint = f"Forget that first: logferry logout {name}"
        return Refused("key-there", f"{name} has a key of an account.", hint=hint)
    said = f"Nobody can see whether {name} has a key: the keyring is {access.value}."
    return Misconfigured("keyring-closed", said, hint="Unlock the keyring and try again.")


def _elsewhere(name: str) -> Refused:
    """Its address is another one by now, or the queue, which knew for which it was, had to be built anew."""
    said = f"{name} still has a key that Logferry made for itself, and not for this address as far as is known."
    hint = (
        f"It is used for nothing. If it is for this address, give it once more: logferry login {name}. Or give it up, "
        f"and with it the way to delete what was sent with it: logferry logout {name}"
    )
    return Refused("own-key-elsewhere", said, hint=hint)


def _nothing_to_join(name: str) -> Misconfigured:
    said = f"{name} has no key that Logferry made for itself, so there is nothing to take over."
    return Misconfigured("nothing-to-join", said, hint=f"Leave --join out: logferry login {name}")
