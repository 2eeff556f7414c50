"""What a destination is sent, for its owner: a preview to the byte, and the terms to change."""

from __future__ import annotations

import difflib

import msgspec

from logferry_daemon.control.settings_store import SettingsStore
from logferry_daemon.core.addressing import NO_KEY
from logferry_daemon.core.consent import policy_digest
from logferry_daemon.core.delivery import State, public_state
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.exchange import Letter
from logferry_daemon.core.packing import unpack
from logferry_daemon.core.policy import Group, Treatment
from logferry_daemon.core.sanitise import TakenOut
from logferry_daemon.core.writing import WOULD_LEAK, withheld_later
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Ledger, UnknownSession, terms_note
from logferry_daemon.scribe import UNKNOWN
from logferry_ipc import messages as m
from logferry_model.envelope import sha256_hex
from logferry_model.errors import Misconfigured, Refused


class PrivacyDesk:
    """Shows and changes what leaves."""

    def __init__(self, fleet: Fleet, ledger: Ledger, settings: SettingsStore) -> None:
        self._fleet = fleet
        self._ledger = ledger
        self._settings = settings

    async def preview(self, session: str, destination: str) -> m.Preview:
        """What is or would be sent, made by the same hand that writes the letters."""
        found = await self._ledger.session(session)
        if found is None:
            raise UnknownSession(session)
        courier = self._fleet.couriers[destination]
        claimed = await self._ledger.look_at(found[0].id, destination)
        if claimed is None:
            raise Misconfigured("delivery-unknown", f"Session {found[0].id} does not go to {destination}.")
        road, of_today = self._fleet.road, await self._is_of_today(courier.destination)
        kept = claimed.letter if of_today else None
        # What is shown is what is sent, also to somebody who is asked in between what he unpacks.
        offer = UNKNOWN if kept else await road.offers.shown(courier.destination, claimed.row.id)
        try:
            written = await road.scribe.write(claimed, courier.destination, courier.dialect, offer)
        except Refused as error:
            if error.code == WOULD_LEAK and await self._ledger.may_be_at(found[0].id, destination):
                raise withheld_later(error, found[0].id, destination) from error
            raise
        letter, document = written.letter, written.document
        if kept is not None:
            letter, document = kept, session_in(kept) or document
        gate = await self._fleet.gates.gate(courier.destination)
        headers = {name.casefold(): value for name, value in letter.headers.items()}
        return m.Preview(
            session=found[0].id,
            destination=destination,
            content_type=headers.get("content-type", ""),
            content_encoding=headers.get("content-encoding", "identity"),
            sha256=sha256_hex(letter.body),
            body=letter.body,
            document=msgspec.Raw(document),
            removed=_removals(written.removed),
            state=public_state(claimed.row.state, gate, claimed.row.standing)[0],
            reconstruction=claimed.row.state is State.UPLOADED,
            note="" if kept else _note(written.removed, destination),
        )

    async def _is_of_today(self, destination: Destination) -> bool:
        """Whether letters there are written on the terms it has now: others are not sent any more."""
        return await self._fleet.spool.note(terms_note(destination.name)) == policy_digest(destination.policy)

    async def change(self, destination: str, change: m.PrivacyChange) -> None:
        """Write the terms down, and hold the destination until they are agreed to."""
        for group, treatment in change.treatments.items():
            _check(group, [one.value for one in Group], "group of fields")
            _check(treatment, [one.value for one in Treatment], "treatment")
        settings = self._settings.change("destinations", destination, {"privacy": change.treatments})
        await self._fleet.change_privacy(destination, settings.destinations[destination])
        self._fleet.listeners.state_changed()


def session_in(letter: Letter) -> bytes | None:
    """The session that a letter holds, found by its digest; None where a dialect hides it."""
    try:
        encoding = next((value for name, value in letter.headers.items() if name.casefold() == "content-encoding"), "")
        body = unpack(letter.body, encoding)
        parts = [body, *map(bytes, msgspec.json.decode(body, type=dict[str, msgspec.Raw]).values())]
    except (ValueError, msgspec.DecodeError):
        return None
    return next((part for part in parts if sha256_hex(part) == letter.payload_digest), None)


def _note(removed: TakenOut, destination: str) -> str:
    """A key is made as soon as there is a place for it: what is shown without one is not what goes then."""
    if not any(reason == NO_KEY for _, reason in removed):
        return ""
    return (
        "There is no key for tokens yet: what they stand for, such as names, is shown as left out, and goes as tokens "
        f"once there is a place to keep one, as after: logferry login {destination}"
    )


def _removals(removed: TakenOut) -> tuple[m.Removal, ...]:
    found = (m.Removal(field=name, reason=reason, times=times) for (name, reason), times in removed.items())
    return tuple(sorted(found, key=lambda one: (-one.times, one.field, one.reason)))


def _check(word: str, known: list[str], kind: str) -> None:
    if word in known:
        return
    near = difflib.get_close_matches(word, known, n=1)
    hint = f'Did you mean "{near[0]}"?' if near else f"Known are: {', '.join(known)}."
    raise Misconfigured("privacy-unknown", f'There is no {kind} "{word}".', hint=hint)
