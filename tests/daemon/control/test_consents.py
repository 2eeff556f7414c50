"""What an owner agrees to is shown, given and taken back."""

from __future__ import annotations

from logferry_daemon.control.answers import DaemonControl
from logferry_ipc.messages import ConsentGrant
from logferry_model.errors import Refused
from tests.daemon.shell.house import URL, House, error_of


async def test_consent_is_shown_given_and_taken_back(house: House, control: DaemonControl) -> None:
    await house.add_destination()
    shown = await control.consent("home")
    assert (shown.granted, shown.granted_at) == (False, None)
    assert URL in shown.policy
    given = await control.grant("home", ConsentGrant(policy_digest=shown.policy_digest))
    assert (given.granted, given.granted_at) == (True, house.clock.now())
    assert not (await control.revoke("home")).granted


async def test_consent_to_another_text_is_refused(house: House, control: DaemonControl) -> None:
    await house.add_destination()
    error = await error_of(control.grant("home", ConsentGrant(policy_digest="00" * 32)))
    assert (type(error), error.code) == (Refused, "policy-changed")
    assert not (await control.consent("home")).granted
