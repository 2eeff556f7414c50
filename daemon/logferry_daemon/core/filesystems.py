"""Which kinds of drives tell about changes, and which stay silent and have to be looked at again and again. Pure."""

from __future__ import annotations

import re

_SILENT = frozenset(
    {"9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "gfs2", "glusterfs", "gpfs", "lustre"}
    | {"ncpfs", "network", "nfs", "nfs4", "ocfs2", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs"}
    | {"webdav", "wslfs"}
)
"""What another computer changes on them, or Windows beside its Linux, brings no event here."""
_LOCAL_FUSE = frozenset({"fuseblk", "fuse.ntfs-3g", "fuse.exfat", "fuse.mergerfs", "fuse.encfs", "fuse.gocryptfs"})
_ESCAPED = re.compile(r"\\(\d{3})")


def is_silent(kind: str) -> bool:
    """Whether a drive of this kind may change without an event; unknown programs behind FUSE may do anything."""
    return kind in _SILENT or (kind.startswith("fuse") and kind not in _LOCAL_FUSE)


def kind_at(mounts: str, path: str) -> str:
    """The kind of the drive that holds `path`, by the text of Linux's mountinfo; empty when it does not say."""
    found = ("", "")
    for place, kind in map(_mount, mounts.splitlines()):
        # The last one wins: a later mount lies over an earlier one of the same place.
        if _is_below(path, place) and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def _mount(line: str) -> tuple[str, str]:
    before, _, after = line.partition(" - ")
    places, kinds = before.split(" "), after.split(" ")
    if len(places) < 5:
        return "", ""
    return _ESCAPED.sub(lambda code: chr(int(code[1], 8)), places[4]), kinds[0]


def _is_below(path: str, place: str) -> bool:
    return bool(place) and (path == place or path.startswith(place.rstrip("/") + "/"))
