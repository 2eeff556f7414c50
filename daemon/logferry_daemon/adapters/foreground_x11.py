"""The window of an X11 desktop that has the focus, and its process, by libxcb.

Not by libX11: that one ends the whole program when a window is gone in the wrong moment, or the desktop with it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from logferry_model.errors import Unreachable

_NOBODY = frozenset({0, 1})
"""No window, or whatever is below the mouse."""
_ANY_TYPE = 0
_LEVELS = 16
"""How far above a window its program's name may be written: a frame has windows inside."""


class _Cookie(ctypes.Structure):
    """A question that was asked; libxcb hands it over by value."""

    _fields_ = (("sequence", ctypes.c_uint),)


class _Screens(ctypes.Structure):
    """Where in the list of screens one is."""

    _fields_ = (("data", ctypes.POINTER(ctypes.c_uint32)), ("rem", ctypes.c_int), ("index", ctypes.c_int))


def focused() -> int | None:
    """The process whose window has the focus; None while none has. Unreachable `focus-unknown` without a desktop."""
    with _display() as display:
        window = display.cardinal(display.root, b"_NET_ACTIVE_WINDOW")
        if window is None:
            window = display.input_focus()  # nobody manages the windows
        for _ in range(_LEVELS):
            if window is None or window in _NOBODY:
                return None
            if (pid := display.cardinal(window, b"_NET_WM_PID")) is not None:
                return pid
            window = display.parent(window)
        return None


class _Display:
    """One connection. A window that is gone meanwhile has no answer, which is no trouble."""

    def __init__(self, library: ctypes.CDLL, connection: int, screen: int) -> None:
        self._library = library
        self._connection = ctypes.c_void_p(connection)
        self.root = self._root(screen)

    def _root(self, screen: int) -> int:
        screens = self._library.xcb_setup_roots_iterator(ctypes.c_void_p(self._library.xcb_get_setup(self._connection)))
        for _ in range(screen):
            self._library.xcb_screen_next(ctypes.byref(screens))
        return int(screens.data[0])

    def cardinal(self, window: int, name: bytes) -> int | None:
        """The first number of a property; None where there is none."""
        atom = self._asked("intern_atom", (ctypes.c_uint8(1), ctypes.c_uint16(len(name)), name), word=2)
        if not atom:
            return None
        numbers = (ctypes.c_uint32(one) for one in (window, atom, _ANY_TYPE, 0, 1))
        with self._answer("get_property", (ctypes.c_uint8(0), *numbers)) as reply:
            if not reply.value or self._library.xcb_get_property_value_length(reply) < ctypes.sizeof(ctypes.c_uint32):
                return None
            value = self._library.xcb_get_property_value(reply)
            return int(ctypes.c_uint32.from_address(value).value)

    def input_focus(self) -> int | None:
        """The window that hears the keys."""
        return self._asked("get_input_focus", (), word=2)

    def parent(self, window: int) -> int | None:
        """The window around a window."""
        return self._asked("query_tree", (ctypes.c_uint32(window),), word=3)

    def _asked(self, question: str, about: tuple[Any, ...], *, word: int) -> int | None:
        """One 32-bit word of the answer."""
        with self._answer(question, about) as reply:
            return int(ctypes.c_uint32.from_address(reply.value + 4 * word).value) if reply.value else None

    @contextmanager
    def _answer(self, question: str, about: tuple[Any, ...]) -> Iterator[ctypes.c_void_p]:
        cookie = getattr(self._library, f"xcb_{question}")(self._connection, *about)
        reply = ctypes.c_void_p(getattr(self._library, f"xcb_{question}_reply")(self._connection, cookie, None))
        try:
            yield reply
        finally:
            _system.free(reply)


_system = ctypes.CDLL(None)
_system.free.argtypes = (ctypes.c_void_p,)


@contextmanager
def _display() -> Iterator[_Display]:
    """The desktop that this program was started on."""
    library, screen = _library(), ctypes.c_int()
    connection = library.xcb_connect(None, ctypes.byref(screen))
    try:
        if library.xcb_connection_has_error(ctypes.c_void_p(connection)):
            raise Unreachable("focus-unknown", "there is no X11 desktop here to say which window has the focus")
        yield _Display(library, connection, screen.value)
    finally:
        library.xcb_disconnect(ctypes.c_void_p(connection))


def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libxcb.so.1")
    except OSError:
        raise Unreachable("focus-unknown", "there is no libxcb to ask which window has the focus") from None
    for question in ("intern_atom", "get_property", "get_input_focus", "query_tree"):
        getattr(library, f"xcb_{question}").restype = _Cookie
        reply = getattr(library, f"xcb_{question}_reply")
        reply.argtypes, reply.restype = (ctypes.c_void_p, _Cookie, ctypes.c_void_p), ctypes.c_void_p
    for pointer in ("xcb_connect", "xcb_get_setup", "xcb_get_property_value"):
        getattr(library, pointer).restype = ctypes.c_void_p
    library.xcb_setup_roots_iterator.restype = _Screens
    return library
