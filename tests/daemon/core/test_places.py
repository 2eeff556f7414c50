from __future__ import annotations

from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.places import is_loopback, reason_against_folder, reason_against_name, reason_against_url

HOME = PurePosixPath("/home/sam")
WINDOWS_HOME = PureWindowsPath("C:/Users/Sam")
MAC_HOME = PurePosixPath("/Users/sam")


@pytest.mark.parametrize(
    "folder",
    [
        "/home/sam/.artemis-tracker/sessions",
        "/home/sam/.local/share/Steam/steamapps/compatdata/359320/pfx/drive_c/users/steamuser/Saved Games",
        "/home/sam/etc",
        "/mnt/games/logs",
        "/media/sam/disk/logs",
        "/run/media/sam/disk/logs",
        "/var/games/logs",
        "/usr/local/games/logs",
        "/opt/game",
        "/srv/games",
        "/tmp/game",
        "/home/sam2",
    ],
)
def test_a_folder_where_a_game_may_write_is_taken(folder: str) -> None:
    assert reason_against_folder(PurePosixPath(folder), HOME) is None


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("sessions", "not an absolute path"),
        ("./sessions", "not an absolute path"),
        ("~/sessions", "not an absolute path"),
        ("", "not an absolute path"),
        ("/", "the whole disk"),
        ("/home/sam", "the whole home folder"),
        ("/home", "the whole home folder"),
        ("/etc", "the system"),
        ("/etc/ssh", "the system"),
        ("/proc/1", "the system"),
        ("/sys", "the system"),
        ("/dev/shm", "the system"),
        ("/boot", "the system"),
        ("/root/logs", "the system"),
        ("/var", "the system"),
        ("/usr", "the system"),
        ("/run", "the system"),
        ("/lib/x", "the system"),
        ("/System/Library", "the system"),
        ("/Library", "the system"),
    ],
)
def test_a_folder_that_was_never_meant_is_refused_with_a_reason(folder: str, reason: str) -> None:
    against = reason_against_folder(PurePosixPath(folder), HOME)
    assert against is not None
    assert reason in against


def test_the_home_of_the_administrator_is_a_home_like_any_other() -> None:
    assert reason_against_folder(PurePosixPath("/root/games"), PurePosixPath("/root")) is None


@pytest.mark.parametrize(
    "folder",
    [
        "C:/Users/Sam/Saved Games/Frontier Developments/Elite Dangerous",
        "C:/Program Files (x86)/World of Warcraft/_retail_/Logs",
        "C:/Program Files/Game/Logs",
        "C:/ProgramData/Game/Logs",
        "D:/Games/Logs",
        "//server/share/logs",
    ],
)
def test_a_folder_where_a_game_may_write_is_taken_on_windows(folder: str) -> None:
    assert reason_against_folder(PureWindowsPath(folder), WINDOWS_HOME) is None


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("C:/", "the whole disk"),
        ("D:\\", "the whole disk"),
        ("//server/share", "the whole disk"),
        ("C:", "not an absolute path"),
        ("C:logs", "not an absolute path"),
        ("/logs", "not an absolute path"),
        ("C:/Windows", "the system"),
        ("c:/windows/System32/LogFiles", "the system"),
        ("C:/Program Files", "the system"),
        ("C:/PROGRAM FILES (X86)", "the system"),
        ("C:/ProgramData", "the system"),
        ("c:/users/sam", "the whole home folder"),
        ("C:/Users", "the whole home folder"),
        ("D:/Users", "the system"),
    ],
)
def test_a_folder_that_was_never_meant_is_refused_on_windows(folder: str, reason: str) -> None:
    against = reason_against_folder(PureWindowsPath(folder), WINDOWS_HOME)
    assert against is not None
    assert reason in against


def test_the_folder_of_a_mac_application_is_taken() -> None:
    folder = MAC_HOME / "Library/Application Support/artemis-tracker/sessions"
    assert reason_against_folder(folder, MAC_HOME) is None


@given(st.text(max_size=30))
def test_no_folder_breaks_the_check(folder: str) -> None:
    for path, home in ((PurePosixPath(folder), HOME), (PureWindowsPath(folder), WINDOWS_HOME)):
        assert _is_reason(reason_against_folder(path, home), path)


def _is_reason(reason: str | None, path: PurePath) -> bool:
    return bool(reason) or path.is_absolute()


@pytest.mark.parametrize(
    "url",
    [
        "https://collector.example",
        "https://collector.example/",
        "https://collector.example:8443/logs",
        "HTTPS://collector.example",
        "https://192.0.2.7",
        "https://[2001:db8::1]:8443/",
        "https://b\u00fccher.example",
        "http://localhost:8000",
        "http://127.0.0.1:8000",
        "http://127.9.9.9",
        "http://[::1]:8000",
    ],
)
def test_an_encrypted_address_or_one_on_this_computer_is_taken(url: str) -> None:
    assert reason_against_url(url) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "https:// and a host name"),
        ("collector.example", "https:// and a host name"),
        ("//collector.example", "https:// and a host name"),
        ("ftp://collector.example", "https:// and a host name"),
        ("file:///etc/passwd", "https:// and a host name"),
        ("javascript:alert(1)", "https:// and a host name"),
        ("https://", "https:// and a host name"),
        ("https:///path", "https:// and a host name"),
        ("https://collector.example:0", "https:// and a host name"),
        ("https://collector.example:99999", "not an address"),
        ("https://collector.example:x", "not an address"),
        ("https://[::1", "not an address"),
        ("https://sam@collector.example", "user name"),
        ("https://sam:secret@collector.example", "user name"),
        ("https://@collector.example", "user name"),
        ("https://good.example\\@collector.example", "user name"),
        ("https://collector.example/?key=1", "query"),
        ("https://collector.example/?", "query"),
        ("https://collector.example/#top", "fragment"),
        ("https://collector.example/#", "fragment"),
        ("https://collector.example\\.other.example", "backslash"),
        ("https://collector .example", "blank"),
        ("https://collector.example/a b", "blank"),
        (" https://collector.example", "blank"),
        ("https://collector.exa\nmple", "blank"),
        ("https://collector.example\x00", "blank"),
        ("http://collector.example", "not encrypted"),
        ("http://192.168.1.5", "not encrypted"),
        ("http://localhost.example", "not encrypted"),
        ("http://127.0.0.1.example", "not encrypted"),
        ("http://2130706433", "not encrypted"),
        ("http://0.0.0.0", "not encrypted"),
    ],
)
def test_an_address_that_shows_too_much_or_means_too_little_is_refused_with_a_reason(url: str, reason: str) -> None:
    against = reason_against_url(url)
    assert against is not None
    assert reason in against


@given(st.text(max_size=30) | st.text(max_size=30).map("https://".__add__))
def test_no_address_breaks_the_check(url: str) -> None:
    assert reason_against_url(url) != ""


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.255.254", "::1"])
def test_this_computer_is_known_by_its_name_and_numbers(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "localhost.example", "10.0.0.1", "::", "127.1", "collector.example"])
def test_nothing_else_is_this_computer(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("name", ["home", "a", "7", "my-collector_2.local", "x" * 40])
def test_a_plain_name_is_taken(name: str) -> None:
    assert reason_against_name(name) is None


@pytest.mark.parametrize("name", ["", "Home", "my collector", ".hidden", "-x", "x" * 41, "a/b", "h\u00f6me", "home\n"])
def test_any_other_name_is_refused(name: str) -> None:
    assert reason_against_name(name)
