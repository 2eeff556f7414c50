"""Sockets that letters go through: little waits in them, and how much of it nobody has confirmed can be asked.

Linux tells that; elsewhere the system's buffer is allowed its time.
"""

from __future__ import annotations

import socket
import sys

WAITING = 2**17
"""Bytes that may wait in one before no more are taken."""

if sys.platform == "linux":
    import fcntl
    import struct
    import termios

    def unconfirmed(sock: socket.socket) -> int:
        """Bytes that the system has taken and the other side has not."""
        try:
            return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))[0])
        except (OSError, ValueError):  # the latter of one that is closed
            return 0

    def unseen(_: socket.socket) -> int:
        """Bytes of which nobody here knows whether they are under way."""
        return 0
else:

    def unconfirmed(_: socket.socket) -> int:
        """The system does not tell."""
        return 0

    def unseen(sock: socket.socket) -> int:
        """Bytes of which nobody here knows whether they are under way."""
        try:
            return sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        except OSError:
            return 0


def attentive_socket(
    address: tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]],
) -> socket.socket:
    """One in which little waits to be sent: what a slow line does not take is seen, and does not pile up."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    if sys.platform != "win32" and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, WAITING)
    return made
