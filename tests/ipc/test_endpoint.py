"""The discovery file: private from its first byte, gone with its daemon, and never believed when stale."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from logferry_ipc import endpoint as discovery
from logferry_ipc.endpoint import Endpoint, Keys, process_start
from logferry_model.errors import Misconfigured
from tests.conftest import only_on

posix = only_on("linux", "darwin")
ROOT = sys.platform != "win32" and os.geteuid() == 0


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def ours() -> Endpoint:
    return Endpoint.of_this_process(instance="boot1", port=47613, keys=Keys.fresh())


def test_what_was_written_is_read(runtime: Path, ours: Endpoint) -> None:
    discovery.write(runtime, ours)
    assert discovery.read(runtime) == ours


def test_keys_are_256_bits_and_never_the_same() -> None:
    keys = [Keys.fresh() for _ in range(50)]
    secrets = {key.token for key in keys} | {key.proof_key for key in keys}
    assert len(secrets) == 100
    assert all(len(bytes.fromhex(secret)) == 32 for secret in secrets)


def test_secrets_are_not_in_a_repr(ours: Endpoint) -> None:
    assert ours.keys.token not in repr(ours)
    assert ours.keys.proof_key not in repr(ours)


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_folder_and_file_are_for_the_owner_alone(runtime: Path, ours: Endpoint, umask: int) -> None:
    before = os.umask(umask)
    try:
        path = discovery.write(runtime, ours)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700


@posix
@pytest.mark.skipif(not ROOT, reason="platform: only root can act as another user")
def test_another_user_cannot_read_the_token(ours: Endpoint) -> None:
    with tempfile.TemporaryDirectory() as shared:
        Path(shared).chmod(0o755)
        path = discovery.write(Path(shared) / "run", ours)
        nobody = subprocess.run(["cat", str(path)], user=65534, capture_output=True, check=False)
        owner = subprocess.run(["cat", str(path)], capture_output=True, check=False)
    assert nobody.returncode != 0
    assert nobody.stdout == b""
    assert ours.keys.token.encode() in owner.stdout


@posix
def test_a_folder_that_others_could_enter_is_closed_first(runtime: Path, ours: Endpoint) -> None:
    runtime.mkdir(mode=0o755)
    discovery.write(runtime, ours)
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700


@posix
def test_a_folder_that_is_a_link_is_refused(tmp_path: Path, runtime: Path, ours: Endpoint) -> None:
    (tmp_path / "elsewhere").mkdir()
    runtime.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured, match="belongs to somebody else"):
        discovery.write(runtime, ours)


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_could_read_or_write_is_not_used(runtime: Path, ours: Endpoint, mode: int) -> None:
    discovery.write(runtime, ours).chmod(mode)
    with pytest.raises(Misconfigured) as caught:
        discovery.read(runtime)
    assert caught.value.code == "endpoint-shared"


@posix
def test_a_file_that_is_a_link_is_not_followed(tmp_path: Path, runtime: Path, ours: Endpoint) -> None:
    elsewhere = discovery.write(tmp_path / "other", ours)
    runtime.mkdir(mode=0o700)
    (runtime / discovery.FILE_NAME).symlink_to(elsewhere)
    assert discovery.read(runtime) is None


def test_nothing_else_is_left_in_the_folder(runtime: Path, ours: Endpoint) -> None:
    for _ in range(3):
        discovery.write(runtime, ours)
    assert [path.name for path in runtime.iterdir()] == [discovery.FILE_NAME]


def test_no_file_means_no_daemon(runtime: Path) -> None:
    assert discovery.read(runtime) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": 1}', b"\xff\xfe", b"x" * 100_000])
def test_a_file_that_is_not_whole_means_no_daemon(runtime: Path, ours: Endpoint, content: bytes) -> None:
    discovery.write(runtime, ours).write_bytes(content)
    assert discovery.read(runtime) is None


def test_a_file_of_a_later_version_is_read(runtime: Path, ours: Endpoint) -> None:
    path = discovery.write(runtime, ours)
    path.write_bytes(path.read_bytes().replace(b'{"pid"', b'{"socket":"x","pid"', 1))
    assert discovery.read(runtime) == ours


@posix
def test_a_file_whose_process_is_dead_is_ignored(runtime: Path, ours: Endpoint) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    discovery.write(runtime, replace(ours, pid=child.pid))
    assert discovery.read(runtime) is None


def test_a_file_whose_process_id_went_to_another_process_is_ignored(runtime: Path, ours: Endpoint) -> None:
    discovery.write(runtime, replace(ours, started=100.0))
    assert discovery.read(runtime, started=lambda _: 200.0) is None
    assert discovery.read(runtime, started=lambda _: 100.0) is not None


def test_where_start_times_are_unknown_the_process_id_decides(runtime: Path, ours: Endpoint) -> None:
    discovery.write(runtime, ours)
    assert discovery.read(runtime, started=lambda _: 0) is not None
    assert discovery.read(runtime, started=lambda _: None) is None


@only_on("linux")
def test_process_start_tells_processes_apart() -> None:
    own = process_start(os.getpid())
    assert own
    assert own == process_start(os.getpid())
    time.sleep(0.02)  # the kernel counts in hundredths of a second
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        theirs = process_start(child.pid)
        child.communicate(b"\n")
    assert theirs
    assert theirs > own


def test_remove_leaves_the_file_of_another_daemon(runtime: Path, ours: Endpoint) -> None:
    discovery.write(runtime, ours)
    discovery.remove(runtime, instance="boot0")
    assert discovery.read(runtime) == ours
    discovery.remove(runtime, instance="boot1")
    discovery.remove(runtime, instance="boot1")
    assert discovery.read(runtime) is None


def test_the_file_is_there_inside_the_block_and_nowhere_else(runtime: Path, ours: Endpoint) -> None:
    with discovery.announced(runtime, ours):
        assert discovery.read(runtime) == ours
    assert list(runtime.iterdir()) == []
    with pytest.raises(KeyError), discovery.announced(runtime, ours):
        raise KeyError
    assert list(runtime.iterdir()) == []
