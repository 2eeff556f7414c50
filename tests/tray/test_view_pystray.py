"""The view against a stand-in for pystray: what it changes, what it survives, and that it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from logferry_ipc.messages import Attention, Counts, DaemonState, Status
from logferry_tray.menu import Act, Command, menu
from logferry_tray.view_pystray import NoTray, View

IDLE = Status(state=DaemonState.IDLE, version="1", counts=Counts())


Action = Any
"""None, a callable or a FakeMenu."""


class FakeItem:
    """Follows pystray in how it takes an action."""

    def __init__(self, text: str, action: Action, *, enabled: bool = True, default: bool = False) -> None:
        self.text, self.action, self.enabled, self.default = text, action, enabled, default


class FakeMenu:
    SEPARATOR = FakeItem("----", None)

    def __init__(self, *items: FakeItem) -> None:
        self.items = items


class FakeIcon:
    """Counts what is written to it; its loop runs until it is stopped."""

    HAS_MENU = True
    HAS_NOTIFICATION = True
    fails_at_birth: Exception | None = None
    fails_in_run: Exception | None = None
    fails_at_end: Exception | None = None

    def __init__(self, name: str, icon: object, title: str, menu: FakeMenu) -> None:
        self.writes: list[str] = []
        self.__dict__.update(name=name, icon=icon, title=title, menu=menu, visible=False)
        self.notices: list[tuple[str, str]] = []
        self.ready = threading.Event()
        self.ended = threading.Event()
        type(self).last = self
        if self.fails_at_birth:
            raise self.fails_at_birth

    last: FakeIcon

    def __setattr__(self, name: str, value: object) -> None:
        if name in {"icon", "title", "menu"}:
            self.writes.append(name)
        self.__dict__[name] = value

    def run(self, setup: Callable[[FakeIcon], None]) -> None:
        def wait_and_set_up() -> None:
            self.ready.wait()
            setup(self)

        self.setup_thread = threading.Thread(target=wait_and_set_up)
        self.setup_thread.start()
        if self.fails_in_run:
            raise self.fails_in_run
        self._mark_ready()
        assert self.ended.wait(60)
        if self.fails_at_end:
            raise self.fails_at_end

    def _mark_ready(self) -> None:
        self.ready.set()

    def stop(self) -> None:
        self.ended.set()

    def notify(self, text: str, title: str) -> None:
        self.notices.append((text, title))


def pystray(**traits: object) -> SimpleNamespace:
    return SimpleNamespace(Icon=type("Icon", (FakeIcon,), traits), Menu=FakeMenu, MenuItem=FakeItem)


def shown(view: View, act: Callable[[], None]) -> FakeIcon:
    """Run the view on this thread, `act` once it is up, then close it."""

    def started() -> None:
        try:
            act()
        finally:
            view.close()

    view.run(menu(None), started)
    icon: FakeIcon = view._icon
    icon.setup_thread.join(60)
    return icon


def test_only_what_changed_is_written() -> None:
    view = View(pystray(), press=lambda _: None)

    def act() -> None:
        for _ in range(3):
            view.show(menu(IDLE))
        view.show(menu(replace(IDLE, counts=Counts(failed=1))))
        view.show(menu(replace(IDLE, counts=Counts(failed=1), state=DaemonState.ATTENTION)))

    icon = shown(view, act)
    assert icon.writes == ["icon", "title", "menu", "title", "menu", "icon", "title", "menu"]
    assert icon.__dict__["visible"] is True


def test_an_entry_hands_its_command_on() -> None:
    pressed: list[Command] = []
    view = View(pystray(), press=pressed.append)
    icon = shown(view, lambda: view.show(menu(IDLE)))
    items = {item.text: item for item in icon.__dict__["menu"].items}
    items["Pause until resumed"].action()
    items["Upload all"].action()
    assert pressed == [Command(Act.PAUSE), Command(Act.UPLOAD_ALL)]
    assert items["Idle, all is uploaded"].action is None
    assert [item.text for item in icon.__dict__["menu"].items].count("----") == 3


def test_attention_is_a_menu_of_its_own() -> None:
    view = View(pystray(), press=lambda _: None)
    told = replace(IDLE, attention=(Attention(code="c", message="Trouble.", hint="Mend it."),))
    icon = shown(view, lambda: view.show(menu(told)))
    sub = next(item for item in icon.__dict__["menu"].items if item.text == "Needs attention (1)")
    assert [item.text for item in sub.action.items] == ["Trouble.", "Mend it."]


@pytest.mark.parametrize("has", [True, False])
def test_a_notice_is_given_where_there_are_notices(has: bool) -> None:
    view = View(pystray(HAS_NOTIFICATION=has), press=lambda _: None)
    icon = shown(view, lambda: view.notify("x" * 1000))
    assert len(icon.notices) == has
    assert all(len(text) == 255 and title == "Logferry" for text, title in icon.notices)


def test_an_update_that_fails_does_not_end_the_next_one() -> None:
    class Touchy(FakeIcon):
        def __setattr__(self, name: str, value: object) -> None:
            if name == "title" and "aused" in str(value):
                raise ValueError("string too long (299, maximum length 128)")
            super().__setattr__(name, value)

    view = View(SimpleNamespace(Icon=Touchy, Menu=FakeMenu, MenuItem=FakeItem), press=lambda _: None)

    def act() -> None:
        view.show(menu(replace(IDLE, state=DaemonState.PAUSED, paused=True)))
        view.show(menu(IDLE))

    assert shown(view, act).__dict__["title"] == "Logferry: idle, all is uploaded"


class GError(RuntimeError):
    """As GLib raises it when no notification service is there."""


def test_an_error_out_of_a_proper_end_is_no_trouble() -> None:
    shown(View(pystray(fails_at_end=GError("no service")), press=lambda _: None), lambda: None)


@pytest.mark.parametrize("where", ["fails_at_birth", "fails_in_run"])
def test_an_icon_that_cannot_be_shown_is_no_tray_and_holds_nothing_up(where: str) -> None:
    fake = pystray(**{where: GError("no bus")})
    view = View(fake, press=lambda _: None)
    with pytest.raises(NoTray):
        view.run(menu(None), started=lambda: pytest.fail("it never came up"))
    thread = getattr(fake.Icon.last, "setup_thread", None)
    if thread is not None:
        thread.join(60)
        assert not thread.is_alive()


def test_nothing_is_touched_after_the_end() -> None:
    view = View(pystray(), press=lambda _: None)
    icon = shown(view, lambda: None)
    view.show(menu(IDLE))
    view.notify("late")
    assert icon.writes == []
    assert icon.notices == []


def test_the_view_insists_on_the_main_thread() -> None:
    caught: list[Exception] = []

    def run() -> None:
        try:
            View(pystray(), press=lambda _: None).run(menu(None), started=lambda: None)
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert len(caught) == 1
