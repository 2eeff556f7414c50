"""Draws the icon: a ferry whose cargo is the state. Shape alone tells it, since macOS takes the colour away.

Pure: a state and a size in, an image out. Shapes are laid out on a grid of 16 by 16, so that edges fall on whole pixels
at the size most panels use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise

from PIL import Image, ImageDraw

from logferry_tray.menu import Look

GRID = 16
SIZES = (16, 20, 22, 24, 32, 40, 48, 64)
_OVERSAMPLED = 16
"""Drawn this many times larger and averaged: Pillow's own lines have hard edges."""

Point = tuple[float, float]

_CALM, _WARM, _GREY = (38, 122, 217), (222, 98, 22), (124, 131, 141)
"""Each stands out from a white and from a black panel; they only repeat what the shape says."""

_COLOURS: Mapping[Look, tuple[int, int, int]] = {
    Look.IDLE: _CALM,
    Look.WORKING: _CALM,
    Look.PAUSED: _GREY,
    Look.ATTENTION: _WARM,
    Look.OFFLINE: _GREY,
    Look.DISCONNECTED: _GREY,
}


class _Pen:
    """Fills and clears shapes of the grid on a mask."""

    def __init__(self, size: int) -> None:
        self._unit = size * _OVERSAMPLED / GRID
        self.mask = Image.new("L", (size * _OVERSAMPLED, size * _OVERSAMPLED))
        self._draw = ImageDraw.Draw(self.mask)

    def shape(self, *points: Point, ink: int = 255) -> None:
        """A filled polygon; `ink` 0 clears."""
        self._draw.polygon([self._at(point) for point in points], fill=ink)

    def block(self, left: float, top: float, right: float, bottom: float, *, ink: int = 255) -> None:
        """A filled rectangle."""
        (x0, y0), (x1, y1) = self._at((left, top)), self._at((right, bottom))
        self._draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=ink)  # Pillow counts the last pixel in

    def disc(self, centre: Point, radius: float, *, ink: int = 255) -> None:
        """A filled circle."""
        (x, y), r = self._at(centre), radius * self._unit
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=ink)

    def line(self, *points: Point, width: float, ink: int = 255) -> None:
        """A stroke through the points, with round joints and ends."""
        for start, end in pairwise(points):
            self._draw.line([self._at(start), self._at(end)], fill=ink, width=round(width * self._unit))
        for point in points:
            self.disc(point, width / 2, ink=ink)

    def _at(self, point: Point) -> Point:
        return point[0] * self._unit, point[1] * self._unit


def _hull(pen: _Pen) -> None:
    pen.shape((0, 10), (16, 10), (14.5, 13), (12.5, 15), (3.5, 15), (1.5, 13))


def _decks(pen: _Pen) -> None:
    pen.block(2, 6, 14, 9)
    pen.block(3, 3, 9, 6)
    pen.block(10, 1, 12, 6)


def _idle(pen: _Pen) -> None:
    _hull(pen)
    _decks(pen)


def _working(pen: _Pen) -> None:
    _hull(pen)
    pen.shape((8, 0), (14, 6), (2, 6))
    pen.block(6, 5, 10, 9)


def _paused(pen: _Pen) -> None:
    _hull(pen)
    pen.block(3, 1, 7, 9)
    pen.block(9, 1, 13, 9)


def _attention(pen: _Pen) -> None:
    _hull(pen)
    pen.shape((6, 0), (10, 0), (9.5, 6), (6.5, 6))
    pen.block(6.5, 7, 9.5, 9)


def _offline(pen: _Pen) -> None:
    _idle(pen)
    pen.line((1, 2), (14, 15), width=5, ink=0)
    pen.line((1, 2), (14, 15), width=2)


def _disconnected(pen: _Pen) -> None:
    """The same ferry as an empty outline: nobody is aboard."""
    _hull(pen)
    pen.shape((2.2, 11.2), (13.8, 11.2), (13.3, 12.4), (12, 13.8), (4, 13.8), (2.7, 12.4), ink=0)
    pen.block(3, 4, 13, 9)
    pen.block(4.2, 5.2, 11.8, 9, ink=0)


_CARGO: Mapping[Look, Callable[[_Pen], None]] = {
    Look.IDLE: _idle,
    Look.WORKING: _working,
    Look.PAUSED: _paused,
    Look.ATTENTION: _attention,
    Look.OFFLINE: _offline,
    Look.DISCONNECTED: _disconnected,
}


@cache
def draw(look: Look, size: int = 64) -> Image.Image:
    """The icon for a state, `size` pixels square; always the same image for the same two."""
    pen = _Pen(size)
    _CARGO[look](pen)
    alpha = pen.mask.resize((size, size), Image.Resampling.BOX)
    image = Image.new("RGBA", (size, size), (*_COLOURS[look], 0))
    image.putalpha(alpha)
    return image
