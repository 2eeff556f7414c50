from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from logferry_daemon.adapters.log_files import MAX_DEPTH, FolderFiles
from logferry_daemon.ports import FileSeen
from logferry_model.errors import Damaged, Unreachable
from tests.conftest import only_on
from tests.contracts.hands import DiskHand, Hand, MemoryHand

PATTERNS = ("session-*.json",)
NAME = "session-1.json"
OLD = datetime(2020, 1, 1, tzinfo=UTC)
MIB = 2**20


@pytest.fixture(params=["disk", "memory"])
def hand(request: pytest.FixtureRequest, tmp_path: Path) -> Hand:
    return DiskHand(tmp_path) if request.param == "disk" else MemoryHand()


@pytest.fixture
def disk(tmp_path: Path) -> DiskHand:
    return DiskHand(tmp_path)


async def scanned(hand: Hand) -> dict[str, FileSeen]:
    return {seen.path: seen for seen in await hand.files.scan(hand.root, PATTERNS)}


async def whole(hand: Hand, path: str = NAME) -> bytes:
    return await hand.files.read(hand.root, path, offset=0, limit=MIB)


async def looked(hand: Hand, path: str = NAME) -> FileSeen:
    seen = await hand.files.look(hand.root, path)
    assert seen is not None
    return seen


# What both do


async def test_a_scan_finds_the_names_that_fit_in_every_folder_by_path(hand: Hand) -> None:
    for path in ("session-2.json", "notes.txt", "deep/er/session-3.json", NAME):
        hand.write(path, b"x")
    assert list(await scanned(hand)) == ["deep/er/session-3.json", NAME, "session-2.json"]


async def test_a_scan_of_a_missing_folder_is_unreachable(hand: Hand) -> None:
    hand.remove_root()
    with pytest.raises(Unreachable) as caught:
        await scanned(hand)
    assert caught.value.code == "source-missing"


async def test_looking_and_scanning_tell_the_same(hand: Hand) -> None:
    hand.write("deep/session-1.json", b"abc")
    seen = await looked(hand, "deep/session-1.json")
    assert await scanned(hand) == {"deep/session-1.json": seen}
    assert seen.signature.size == 3
    assert seen.trouble is None


async def test_there_is_nothing_to_see_of_a_file_that_is_gone(hand: Hand) -> None:
    hand.write(NAME, b"x")
    hand.delete(NAME)
    assert await hand.files.look(hand.root, NAME) is None
    with pytest.raises(Unreachable):
        await whole(hand)


async def test_a_part_of_a_file_is_read(hand: Hand) -> None:
    hand.write(NAME, b"0123456789")
    assert await hand.files.read(hand.root, NAME, offset=3, limit=4) == b"3456"
    assert await hand.files.read(hand.root, NAME, offset=8, limit=4) == b"89"
    assert await hand.files.read(hand.root, NAME, offset=10, limit=4) == b""
    assert await hand.files.read(hand.root, NAME, offset=99, limit=4) == b""


async def test_an_append_moves_the_size_and_keeps_the_inode(hand: Hand) -> None:
    hand.write(NAME, b"one")
    before = (await looked(hand)).signature
    hand.append(NAME, b" two")
    after = (await looked(hand)).signature
    assert (after.size, after.inode, after.device) == (7, before.inode, before.device)
    assert await whole(hand) == b"one two"


async def test_a_cut_moves_the_size_and_keeps_the_inode(hand: Hand) -> None:
    hand.write(NAME, b"one two")
    before = (await looked(hand)).signature
    hand.truncate(NAME, 3)
    after = (await looked(hand)).signature
    assert (after.size, after.inode) == (3, before.inode)
    assert await whole(hand) == b"one"


async def test_a_replaced_file_has_another_inode(hand: Hand) -> None:
    hand.write(NAME, b"one")
    before = (await looked(hand)).signature
    hand.replace(NAME, b"two")
    after = (await looked(hand)).signature
    assert after.inode != before.inode
    assert await whole(hand) == b"two"


async def test_a_renamed_file_keeps_its_signature(hand: Hand) -> None:
    hand.write(NAME, b"one")
    before = (await looked(hand)).signature
    hand.rename(NAME, "session-2.json")
    assert list(await scanned(hand)) == ["session-2.json"]
    assert (await looked(hand, "session-2.json")).signature == before


async def test_the_time_of_a_file_is_told_also_when_it_is_set_back(hand: Hand) -> None:
    hand.write(NAME, b"one")
    hand.touch(NAME, OLD)
    assert (await looked(hand)).signature.mtime_ns == int(OLD.timestamp()) * 10**9


@only_on("linux", "darwin")
@pytest.mark.parametrize(("kind", "code"), [("link", "symlink"), ("pipe", "not-a-file")])
async def test_what_is_no_regular_file_is_told_and_never_read(hand: Hand, kind: str, code: str) -> None:
    hand.write("session-2.json", b"fine")
    getattr(hand, kind)(NAME)
    seen = await scanned(hand)
    trouble = seen[NAME].trouble
    assert trouble is not None
    assert trouble.code == code
    assert (await looked(hand)).trouble == trouble
    assert seen["session-2.json"].trouble is None
    with pytest.raises(Damaged) as caught:
        await whole(hand)
    assert caught.value.code == code


# What only a real disk can do


if sys.platform != "win32":

    async def test_a_pipe_and_a_socket_hold_nobody_up(disk: DiskHand, monkeypatch: pytest.MonkeyPatch) -> None:
        os.mkfifo(disk.root / NAME)
        with socket.socket(socket.AF_UNIX) as listener:
            monkeypatch.chdir(disk.root)  # the path of a socket is short
            listener.bind("session-2.json")
            async with asyncio.timeout(60):
                for path in (NAME, "session-2.json"):
                    with pytest.raises((Damaged, Unreachable)):
                        await whole(disk, path)
            troubles = [seen.trouble.code for seen in (await scanned(disk)).values() if seen.trouble]
        assert troubles == ["not-a-file", "not-a-file"]

    @pytest.mark.skipif(os.geteuid() != 0, reason="platform: only root makes devices")
    async def test_a_device_is_not_read(disk: DiskHand) -> None:
        try:
            os.mknod(disk.root / NAME, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero: it never ends
        except PermissionError:
            pytest.skip("platform: no devices in this container")
        trouble = (await looked(disk)).trouble
        assert trouble is not None
        assert trouble.code == "not-a-file"
        with pytest.raises((Damaged, Unreachable)):
            await whole(disk)


async def test_a_folder_with_a_fitting_name_is_looked_into_and_no_file(disk: DiskHand) -> None:
    disk.write("session-folder.json/session-1.json", b"x")
    assert list(await scanned(disk)) == ["session-folder.json/session-1.json"]


async def test_a_linked_folder_is_not_entered(disk: DiskHand, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / NAME).write_bytes(b"secret")
    (disk.root / "below").symlink_to(elsewhere)
    assert await scanned(disk) == {}
    with pytest.raises(Damaged) as caught:
        await whole(disk, f"below/{NAME}")
    assert caught.value.code == "symlink"


async def test_folders_that_link_to_themselves_end(disk: DiskHand) -> None:
    disk.write(NAME, b"x")
    (disk.root / "loop").symlink_to(disk.root)
    assert list(await scanned(disk)) == [NAME]


async def test_a_file_that_becomes_a_link_between_looking_and_reading_gives_nothing_away(disk: DiskHand) -> None:
    for _ in range(50):
        disk.write(NAME, b"mine")
        assert NAME in await scanned(disk)
        disk.delete(NAME)
        disk.link(NAME)
        with pytest.raises(Damaged) as caught:
            await whole(disk)
        assert caught.value.code == "symlink"
        disk.delete(NAME)


async def test_a_race_for_the_name_never_yields_a_byte_from_outside(disk: DiskHand) -> None:
    disk.write("a", b"mine")
    disk.link("b")
    swap = "import os, sys; os.chdir(sys.argv[1])\nwhile True:\n for n in 'ab':\n  os.link(n, 't', follow_symlinks=False); os.rename('t', 'session-1.json')"
    with subprocess.Popen([sys.executable, "-c", swap, str(disk.root)]) as swapper:
        try:
            got = {await _attempt(disk) for _ in range(10_000)}
        finally:
            swapper.kill()
    assert got <= {b"mine", None}


async def _attempt(disk: DiskHand) -> bytes | None:
    try:
        return await whole(disk)
    except (Damaged, Unreachable):
        return None


async def test_a_name_that_is_no_text_is_a_trouble_and_the_others_go_on(disk: DiskHand) -> None:
    disk.write(NAME, b"fine")
    raw = os.fsencode(disk.root) + b"/session-\xff.json"
    Path(os.fsdecode(raw)).write_bytes(b"x")
    seen = await scanned(disk)
    trouble = seen["session-\\xff.json/"].trouble
    assert trouble is not None
    assert trouble.code == "bad-name"
    assert seen[NAME].trouble is None
    assert all(path.encode() for path in seen)


async def test_a_file_that_is_called_like_the_escape_of_another_is_read(disk: DiskHand) -> None:
    raw = os.fsencode(disk.root) + b"/session-\xff.json"
    Path(os.fsdecode(raw)).write_bytes(b"x")
    disk.write("session-\\xff.json", b"fine")
    found = await disk.files.scan(disk.root, PATTERNS)
    assert len({one.path for one in found}) == len(found) == 2
    assert [one.trouble is None for one in found if one.path == "session-\\xff.json"] == [True]


async def test_folders_are_entered_down_to_a_depth(disk: DiskHand) -> None:
    deepest = "/".join("d" * MAX_DEPTH)
    disk.write(f"{deepest}/{NAME}", b"x")
    disk.write(f"{deepest}/d/session-2.json", b"too deep")
    assert list(await scanned(disk)) == [f"{deepest}/{NAME}"]


async def test_a_path_of_more_than_a_thousand_letters_is_read(disk: DiskHand) -> None:
    path = "/".join(["d" * 200] * 6) + f"/{NAME}"
    disk.write(path, b"far down")
    assert path in await scanned(disk)
    assert await whole(disk, path) == b"far down"


async def test_a_sparse_tebibyte_costs_nothing_to_look_at(disk: DiskHand) -> None:
    disk.write(NAME, b"")
    try:
        disk.truncate(NAME, 2**40)
    except OSError:
        pytest.skip("platform: no sparse files of that size here")
    async with asyncio.timeout(60):  # to read all of it takes minutes
        assert (await scanned(disk))[NAME].signature.size == 2**40
        assert await disk.files.read(disk.root, NAME, offset=2**40 - 4, limit=MIB) == b"\0" * 4


def handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@only_on("linux")
async def test_no_handle_is_left_open(disk: DiskHand) -> None:
    disk.write(f"deep/{NAME}", b"x")
    disk.link("session-2.json")
    before = handles()
    for _ in range(20):
        await _attempt(disk)
        await whole(disk, f"deep/{NAME}")
    assert handles() == before


@only_on("linux")
@pytest.mark.parametrize("year", [-9000, 11_000])
async def test_no_time_of_a_file_is_too_much_for_the_spool(year: int) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:  # other file systems there hold few centuries
        path = Path(folder) / NAME
        path.write_bytes(b"x")
        os.utime(path, (0, (year - 1970) * 31_556_952))
        assert abs(path.stat().st_mtime_ns) > 2**63
        (seen,) = await FolderFiles().scan(Path(folder), PATTERNS)
    assert -(2**63) <= seen.signature.mtime_ns < 2**63


async def test_reading_leaves_the_folder_as_it_was(disk: DiskHand) -> None:
    disk.write(f"deep/{NAME}", b"x")
    disk.touch(f"deep/{NAME}", OLD)
    before = {path: path.stat().st_mtime_ns for path in disk.root.rglob("*")}
    await scanned(disk)
    await whole(disk, f"deep/{NAME}")
    assert {path: path.stat().st_mtime_ns for path in disk.root.rglob("*")} == before


AS_NOBODY = """
import asyncio, concurrent.futures.thread, json, os, pathlib, sys
from logferry_daemon.adapters.log_files import FolderFiles
from logferry_model.errors import LogferryError

async def main(root):
    files = FolderFiles()
    seen = [one.path for one in await files.scan(root, ["session-*.json"])]
    try:
        await files.read(root, "session-1.json", offset=0, limit=9)
        code = "read"
    except LogferryError as error:
        code = error.code
    print(json.dumps([seen, code, (await files.read(root, "session-2.json", offset=0, limit=9)).decode()]))

if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
asyncio.run(main(pathlib.Path(sys.argv[1])))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can enter; pytest's own cannot be."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@only_on("linux", "darwin")
def test_without_permission_a_file_is_a_trouble_and_the_others_are_read(open_folder: Path) -> None:
    for name, mode in ((NAME, 0o000), ("session-2.json", 0o644)):
        (open_folder / name).write_bytes(b"fine")
        (open_folder / name).chmod(mode)
    closed = open_folder / "closed"
    closed.mkdir(mode=0o000)
    child = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(open_folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(child.stdout) == [["closed", NAME, "session-2.json"], "no-permission", "fine"]


async def test_a_folder_that_is_no_folder_is_missing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unreachable) as caught:
        await FolderFiles().scan(tmp_path / "file", PATTERNS)
    assert caught.value.code == "source-missing"
