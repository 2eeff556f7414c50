"""Each state is told apart by shape alone, at the smallest size there is."""

from __future__ import annotations

from itertools import combinations

import pytest

from logferry_tray.icon import SIZES, draw
from logferry_tray.menu import Look

PAIRS = list(combinations(Look, 2))


def alpha(look: Look, size: int) -> bytes:
    return draw(look, size).getchannel("A").tobytes()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_two_states_differ_in_shape_not_only_in_colour(one: Look, other: Look, size: int) -> None:
    first, second = alpha(one, size), alpha(other, size)
    differing = sum(abs(a - b) > 127 for a, b in zip(first, second, strict=True))
    opaque = max(sum(value > 127 for value in first), sum(value > 127 for value in second))
    assert differing / opaque > 0.2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("look", Look)
def test_an_icon_fills_its_square_without_touching_all_of_it(look: Look, size: int) -> None:
    image = draw(look, size)
    assert (image.mode, image.size) == ("RGBA", (size, size))
    box = image.getchannel("A").point(lambda value: 255 * (value > 127)).getbbox()
    assert box is not None
    assert box[2] - box[0] >= 0.8 * size
    assert sum(value > 127 for value in alpha(look, size)) < 0.7 * size * size


@pytest.mark.parametrize("look", Look)
def test_its_colour_stands_out_from_a_white_and_a_black_panel(look: Look) -> None:
    colour = draw(look, 16).getpixel((8, 10))
    assert isinstance(colour, tuple)
    channels = [(part / 255 / 12.92) if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    luminance = 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    assert 1.05 / (luminance + 0.05) >= 3
    assert (luminance + 0.05) / 0.05 >= 3


def test_the_same_icon_is_drawn_once() -> None:
    assert draw(Look.IDLE, 22) is draw(Look.IDLE, 22)
