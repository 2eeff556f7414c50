"""Which keyrings are trusted, in processes with surroundings of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from logferry_daemon.adapters.keyring_backends import TRUSTED
from tests.conftest import only_on

ASK = """
import asyncio, json, os, pathlib, sys
from logferry_daemon.adapters.credentials_keyring import KeyringCredentials
from logferry_daemon.adapters.keyring_backends import trusted_backends
from logferry_model.errors import Misconfigured

async def main(file):
    credentials = KeyringCredentials(file, os.environ)
    try:
        await credentials.keep("home", "s3cret", insecure=False)
        kept = "kept"
    except Misconfigured as error:
        kept = error.code
    evil = [name for name in sys.modules if name.startswith("rival")] + [one for one in sys.path if "injected" in one]
    print(json.dumps([len(trusted_backends()), kept, (await credentials.access("home")).value, evil]))

asyncio.run(main(pathlib.Path(sys.argv[1])))
"""
RIVAL = """
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 99

    def get_password(self, service, username): return open("PLAIN").read()
    def set_password(self, service, username, password): open("PLAIN", "w").write(password)
    def delete_password(self, service, username): pass
"""


def asked(home: Path, script: str, **variables: str) -> str:
    """What the script says, with a hostile settings file, a hostile package and hostile variables around it."""
    injected = home / "injected"
    entry = injected / "rival-1.dist-info" / "entry_points.txt"
    entry.parent.mkdir(parents=True)
    entry.write_text("[keyring.backends]\nrival = rival\n")
    (entry.parent / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 1\n")
    (injected / "rival.py").write_text(RIVAL.replace("PLAIN", str(home / "plain.txt")))
    config = home / "python_keyring" / "keyringrc.cfg"
    config.parent.mkdir()
    config.write_text(f"[backend]\ndefault-keyring=rival.Keyring\nkeyring-path={injected}\n")
    environment = {key: value for key, value in os.environ.items() if key != "DBUS_SESSION_BUS_ADDRESS"}
    environment |= {"XDG_CONFIG_HOME": str(home), "XDG_RUNTIME_DIR": str(home), **variables}
    command = [sys.executable, "-c", script, str(home / "secrets.json")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@only_on("linux")
@pytest.mark.parametrize(
    "chosen",
    [
        "keyring.backends.null.Keyring",
        "keyring.backends.fail.Keyring",
        "keyring.backends.chainer.ChainerBackend",
        "rival.Keyring",
        "",
    ],
)
def test_keyrings_that_keep_nothing_or_plain_text_are_never_used(tmp_path: Path, chosen: str) -> None:
    """Neither the environment nor a file in the config folder can choose one, or have code loaded."""
    variables = {"PYTHON_KEYRING_BACKEND": chosen} if chosen else {}
    assert json.loads(asked(tmp_path, ASK, **variables)) == [0, "no-keyring", "absent", []]
    assert not (tmp_path / "plain.txt").exists()
    assert not (tmp_path / "secrets.json").exists()


@only_on("linux")
def test_the_same_surroundings_do_choose_the_librarys_own_keyring(tmp_path: Path) -> None:
    """Without this the tests around it would pass in a harmless world, too."""
    assert "rival" in asked(tmp_path, "import keyring; print(type(keyring.get_keyring()).__module__)")


@only_on("linux")
def test_an_installed_package_with_a_keyring_of_its_own_is_not_even_loaded(tmp_path: Path) -> None:
    path = os.pathsep.join([str(tmp_path / "injected"), os.environ.get("PYTHONPATH", "")])
    found = asked(tmp_path, ASK, PYTHONPATH=path)
    assert json.loads(found)[:3] == [0, "no-keyring", "absent"]
    assert not any("rival" in name for name in json.loads(found)[3] if "/" not in name)


PROPERTIES = """
import json
from logferry_daemon.adapters.keyring_backends import _kind
one = _kind("keyring.backends.SecretService.Keyring")()
print(json.dumps([sorted(vars(one)), one.scheme]))
"""


@only_on("linux")
def test_the_environment_sets_no_property_of_a_keyring(tmp_path: Path) -> None:
    hostile = {"KEYRING_PROPERTY_PREFERRED_COLLECTION": "/evil", "KEYRING_PROPERTY_SCHEME": "KeePassXC"}
    assert json.loads(asked(tmp_path, PROPERTIES, **hostile)) == [[], "default"]


@pytest.mark.parametrize("platform", sorted(TRUSTED))
def test_no_keyring_is_trusted_that_chains_throws_away_or_writes_plain_text(platform: str) -> None:
    weak = ("null", "fail", "chainer", "keyrings.", "alt", "plaintext")
    assert not [path for path in TRUSTED[platform] if any(word in path.lower() for word in weak)]


def test_a_stuck_keyring_does_not_hold_the_end_of_the_program_up() -> None:
    script = """
import asyncio, pathlib, threading
from logferry_daemon.adapters.credentials_keyring import KeyringCredentials

class Stuck:
    def glance(self):
        threading.Event().wait()

async def main():
    keyring = KeyringCredentials(pathlib.Path("none"), {}, backends=lambda: [Stuck()], limit_seconds=0.1)
    print((await keyring.access("a")).value)

asyncio.run(main())
"""
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=10)
    assert child.stdout.strip() == "stuck"
    assert child.stderr == ""
