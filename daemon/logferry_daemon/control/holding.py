"""Breaks off what is on its way and may not go there any more, by its owner's word."""

from __future__ import annotations

from logferry_daemon.core.delivery import State
from logferry_daemon.core.identities import Standing
from logferry_daemon.fleet import Fleet
from logferry_daemon.ports import Ledger


async def hold_back(fleet: Fleet, ledger: Ledger, destination: str) -> None:
    """What is being sent of players who may not go there, or not any more, or of trackers that are left out."""
    barred = {
        delivery.id
        for _, deliveries in await ledger.sessions()
        for delivery in deliveries
        if (delivery.destination, delivery.state) == (destination, State.UPLOADING)
        and delivery.standing is not Standing.ALLOWED
    }
    if barred:
        await fleet.couriers[destination].hold(barred)
    await fleet.leave_barred(destination)
