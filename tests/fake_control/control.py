"""The whole of it."""

from __future__ import annotations

from tests.fake_control.agreeing import Agreeing
from tests.fake_control.looking import Looking
from tests.fake_control.places import Places
from tests.fake_control.sessions import Sessions


class FakeControl(Looking, Sessions, Places, Agreeing):
    """Implements `logferry_ipc.control.Control`; tests put sessions in and look at what became of them."""
