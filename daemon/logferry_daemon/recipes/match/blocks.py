"""Takes fixed numbers of bytes from a stream of pieces. Holds no more than one piece and what is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from logferry_model.errors import Damaged

CUT_OFF = "cut-off"
"""The code of a file that stops in the middle: it may still be being written."""
PIECE = 2**18


def cut_off() -> Damaged:
    """The file ends before it is over."""
    return Damaged(CUT_OFF, "the file stops in the middle.")


def pieces_of(data: bytes) -> Iterator[bytes]:
    """`data`, a piece at a time."""
    return (data[start : start + PIECE] for start in range(0, len(data), PIECE))


class Blocks:
    """Reads forward only."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = b""
        self.over = 0
        """How many bytes were left after the last whole record."""

    def take(self, size: int) -> bytes:
        """The next `size` bytes; Damaged when the stream has fewer."""
        parts, have = [self._held], len(self._held)
        while have < size:
            piece = next(self._pieces, None)
            if piece is None:
                raise cut_off()
            parts.append(piece)
            have += len(piece)
        held = b"".join(parts)
        taken, self._held = held[:size], held[size:]
        return taken

    def skip(self, size: int) -> None:
        """Go on after the next `size` bytes."""
        while size:
            step = min(size, PIECE)
            self.take(step)
            size -= step

    def records(self, size: int) -> Iterator[bytes]:
        """All the rest, in pieces that hold whole records of `size` bytes."""
        for piece in self._pieces:
            held = self._held + piece
            whole = len(held) // size * size
            self._held = held[whole:]
            yield held[:whole]
        whole = len(self._held) // size * size
        self.over = len(self._held) - whole
        yield self._held[:whole]
        self._held = b""
