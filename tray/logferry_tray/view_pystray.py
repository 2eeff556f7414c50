"""The icon on the screen, by pystray. The only file that imports it; owns the main thread while it shows.

pystray chooses its backend while it is imported and lets whatever goes wrong then escape, so it is imported late and
inside a guard. Callbacks do nothing but hand a command on.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from logferry_tray.icon import draw
from logferry_tray.menu import NOTICE_TITLE_UNITS, NOTICE_UNITS, Command, Entry, Menu, clamp

NAME = "logferry"
_NOTICE_TITLE = clamp("Logferry", NOTICE_TITLE_UNITS)

log = logging.getLogger(__name__)


class NoTray(Exception):
    """There is no tray here that can show a menu."""


def load() -> Any:  # noqa: ANN401 -- pystray ships no types
    """pystray with a backend that has menus, or NoTray."""
    try:
        import pystray

        has_menu = bool(pystray.Icon.HAS_MENU)
    except Exception as error:
        # Not only ImportError: with no display it is Xlib's own, with half a GTK it is GLib's.
        raise NoTray(type(error).__name__) from error
    if not has_menu:
        raise NoTray("the backend has no menus")
    _be_sharp()
    return pystray


class View:
    """One icon; `run` shows it until `close`."""

    def __init__(self, pystray: Any, *, press: Callable[[Command], None]) -> None:  # noqa: ANN401
        self._pystray = pystray
        self._press = press
        self._icon: Any = None
        self._shown: Menu | None = None
        self._closing = threading.Event()

    def run(self, first: Menu, started: Callable[[], None]) -> None:
        """Show `first`, call `started` once it is up, and stay until closed; NoTray when it cannot be shown."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the tray belongs to the main thread")
        try:
            self._icon = self._pystray.Icon(NAME, draw(first.look), first.title, self._menu(first))
            self._shown = first
            self._icon.run(setup=lambda icon: self._set_up(icon, started))
        except Exception as error:
            # Without a notification service GTK raises out of `run` after a proper end, and that is no trouble.
            if not self._closing.is_set():
                self._release()
                raise NoTray(type(error).__name__) from error
            log.debug("tray ended with an error", extra={"action": "tray-end", "error": type(error).__name__})

    def show(self, menu: Menu) -> None:
        """Change what is shown, from any thread; what is the same is left alone."""
        if not self._closing.is_set():
            _on_main_thread(lambda: self._try_to_change(menu))

    def notify(self, text: str) -> None:
        """Tell about something the person has just asked for, where the system can."""
        if not self._closing.is_set() and self._icon is not None and self._icon.HAS_NOTIFICATION:
            _on_main_thread(lambda: self._icon.notify(clamp(text, NOTICE_UNITS), _NOTICE_TITLE))

    def close(self) -> None:
        """End `run`, from any thread."""
        self._closing.set()
        if self._icon is not None:
            self._icon.stop()

    def _set_up(self, icon: Any, started: Callable[[], None]) -> None:  # noqa: ANN401
        """pystray calls this on a thread of its own once its loop runs."""
        if not self._closing.is_set():
            _on_main_thread(lambda: setattr(icon, "visible", True))
            started()

    def _release(self) -> None:
        """Let go the thread that pystray has started and that waits for a loop which never came."""
        self._closing.set()
        with suppress(Exception):
            self._icon._mark_ready()  # noqa: SLF001 -- there is no public way, and it would hold up the exit for ever

    def _try_to_change(self, menu: Menu) -> None:
        try:
            self._change(menu)
        except Exception as error:  # noqa: BLE001 -- a backend's trouble with one update must not end all others
            fields = {"action": "tray-update-failed", "error": type(error).__name__}
            log.warning("tray not updated: %s", type(error).__name__, extra=fields)

    def _change(self, menu: Menu) -> None:
        before, self._shown = self._shown, menu
        if before is None or before.look is not menu.look:
            self._icon.icon = draw(menu.look)
        if before is None or before.title != menu.title:
            self._icon.title = menu.title
        if before is None or before.groups != menu.groups:
            self._icon.menu = self._menu(menu)

    def _menu(self, menu: Menu) -> Any:  # noqa: ANN401
        items: list[Any] = []
        for group in menu.groups:
            items += [self._pystray.Menu.SEPARATOR, *map(self._item, group)]
        return self._pystray.Menu(*items[1:])

    def _item(self, entry: Entry) -> Any:  # noqa: ANN401
        action: Any = None
        if entry.entries:
            action = self._pystray.Menu(*map(self._item, entry.entries))
        elif (command := entry.command) is not None:
            action = _pressing(self._press, command)
        return self._pystray.MenuItem(entry.text, action, enabled=entry.enabled, default=entry.default)


def _be_sharp() -> None:
    """Windows stretches the icons of a program that does not say, before its first window, that it knows better."""
    if sys.platform == "win32":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.windll.shcore.SetProcessDpiAwareness(2)


def _pressing(press: Callable[[Command], None], command: Command) -> Callable[[], None]:
    """What a press does. It must not wait: on some systems the whole menu would wait with it."""
    return lambda: press(command)


def _on_main_thread(act: Callable[[], None]) -> None:
    """macOS stops a program that touches a menu from another thread; the other backends pass it on themselves."""
    if sys.platform == "darwin":
        from PyObjCTools import AppHelper  # type: ignore[import-not-found,import-untyped,unused-ignore]

        AppHelper.callAfter(act)
    else:
        act()
