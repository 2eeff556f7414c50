"""Which drives have to be looked at again and again: by the kind of their file system alone."""

from __future__ import annotations

import pytest

from logferry_daemon.core.filesystems import is_silent, kind_at

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:5 / /proc rw - proc proc rw
40 22 0:44 / /mnt/games rw,relatime - nfs4 server:/games rw
41 40 8:2 / /mnt/games/ssd rw,relatime shared:7 master:2 - ext4 /dev/sdb1 rw
42 22 0:50 / /mnt/c rw - 9p C:\\134 rw
43 22 0:51 / /media/my\\040drive rw - fuse.sshfs host: rw
44 22 0:52 / /over rw - ext4 /dev/sdc1 rw
45 22 0:53 / /over rw - cifs //nas/over rw
nonsense
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/mila", "ext4"),
        ("/mnt/games/logs", "nfs4"),
        ("/mnt/games", "nfs4"),
        ("/mnt/gamesandmore", "ext4"),
        ("/mnt/games/ssd/logs", "ext4"),
        ("/mnt/c/Users", "9p"),
        ("/media/my drive/logs", "fuse.sshfs"),
        ("/over/there", "cifs"),
    ],
)
def test_a_path_is_on_the_innermost_and_latest_mount(path: str, kind: str) -> None:
    assert kind_at(MOUNTS, path) == kind


@pytest.mark.parametrize("mounts", ["", "\n", "1 2 3\n", " - ", "22 1 8:1 / /other rw - ext4 x rw"])
def test_where_nothing_is_said_nothing_is_known(mounts: str) -> None:
    assert kind_at(mounts, "/home") == ""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "drvfs", "fuse.sshfs", "fuse.rclone", "network"])
def test_what_others_change_is_not_heard_of(kind: str) -> None:
    assert is_silent(kind)


@pytest.mark.parametrize("kind", ["", "ext4", "btrfs", "xfs", "apfs", "fuseblk", "tmpfs", "overlay"])
def test_drives_of_this_computer_tell(kind: str) -> None:
    assert not is_silent(kind)
