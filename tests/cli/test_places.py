import json
from pathlib import Path

import msgspec
import pytest

from logferry.exits import Exit
from logferry_daemon.home import Home
from tests.cli.conftest import Command
from tests.cli.test_pins import Typed
from tests.conftest import only_on
from tests.factories import artemis_document, encode_document, file_name, journal
from tests.ipc.serving import ThreadedDaemon

URL = "http://127.0.0.1:8765"


def test_an_added_source_is_listed_with_its_whole_path(
    logferry: Command, daemon: ThreadedDaemon, tmp_path: Path
) -> None:
    ran = logferry("sources", "add", "artemis", "--path", str(tmp_path), "--name", "main")
    assert ran.code == Exit.DONE
    assert f"main reads {tmp_path}" in ran.out
    told = logferry("sources", "list", "--json").json
    assert [(each["name"], each["tracker"], each["path"]) for each in told["sources"]] == [
        ("main", "artemis", str(tmp_path))
    ]
    assert told["trackers"] == ["artemis", "resonance"]


def test_a_relative_path_is_made_whole_for_the_daemon(
    logferry: Command, daemon: ThreadedDaemon, tmp_path: Path
) -> None:
    logferry("sources", "add", "artemis", "--path", "somewhere")
    assert daemon.control.watched["artemis"].path == str(Path.cwd() / "somewhere")


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with a tracker that was used."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".artemis-tracker" / "sessions"
    folder.mkdir(parents=True)
    document = artemis_document()
    (folder / file_name(document)).write_bytes(encode_document(document))
    (folder / "notes.txt").write_text("not a session")
    return folder


@only_on("linux", "darwin")
def test_without_a_path_a_tracker_is_found_where_it_usually_is(
    logferry: Command, daemon: ThreadedDaemon, user: Path
) -> None:
    ran = logferry("sources", "add", "artemis")
    assert ran.code == Exit.DONE
    assert f"Source artemis reads {user}." in ran.out
    assert daemon.control.watched["artemis"].path == str(user)


@only_on("linux", "darwin")
def test_a_tracker_that_is_in_no_usual_place_wants_a_path(
    logferry: Command, daemon: ThreadedDaemon, user: Path
) -> None:
    ran = logferry("sources", "add", "resonance")
    assert ran.code == Exit.FAILED
    assert "none of the usual places" in ran.err
    assert "--path FOLDER" in ran.err
    assert str(user.parents[1] / ".local/share/resonance-logs") in ran.err
    assert daemon.control.watched == {}


def test_an_unknown_tracker_is_looked_for_nowhere(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert 'There is no tracker "astemis".' in logferry("sources", "add", "astemis").err


def test_a_folder_is_tried_without_a_daemon(logferry: Command, user: Path) -> None:
    ran = logferry("sources", "test", str(user))
    assert ran.code == Exit.DONE
    assert "explicit: endedAt" in ran.out
    assert "1 file, 1 session, 0 problems; nothing was sent" in ran.out, "what no tracker knows is left out"


def test_a_source_is_tried_by_its_name_and_its_tracker_alone(logferry: Command, home: Home, user: Path) -> None:
    home.config.mkdir(parents=True)
    made = journal()
    (user / made.name).write_bytes(made.encode())
    home.settings_file.write_text(f'[sources.hunts]\ntracker = "artemis"\npath = {json.dumps(str(user))}\n')
    files = logferry("sources", "test", "hunts", "--json").json["files"]
    assert [each["tracker"] for each in files] == ["artemis"]


def test_a_place_where_nothing_is_to_be_read_is_a_failure(logferry: Command, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a session")
    ran = logferry("sources", "test", str(tmp_path))
    assert ran.code == Exit.FAILED
    assert "No file that a tracker knows" in ran.err
    ran = logferry("sources", "test", "hunts")
    assert ran.code == Exit.FAILED
    assert "no source either" in ran.err


def test_the_name_that_the_daemon_made_up_is_told(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert "Source artemis reads" in logferry("sources", "add", "artemis", "--path", ".").out


def test_a_removed_source_is_gone(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("sources", "add", "artemis", "--path", ".")
    assert logferry("sources", "remove", "artemis").code == Exit.DONE
    assert logferry("sources", "list", "--json").json["sources"] == []
    assert logferry("sources", "remove", "artemis").code == Exit.FAILED


def test_an_empty_list_says_how_to_begin(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert "logferry sources add TRACKER --path PATH" in logferry("sources", "list").out
    assert "logferry destinations add NAME" in logferry("destinations", "list").out


def test_an_added_destination_says_what_it_still_needs(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL)
    assert ran.code == Exit.DONE
    assert "logferry consent grant home" in ran.out
    assert "logferry login home" in ran.out


def test_where_there_is_a_key_or_none_is_needed_nobody_is_asked_for_one(
    logferry: Command, daemon: ThreadedDaemon
) -> None:
    daemon.control.secrets["disk"] = "none"
    ran = logferry("destinations", "add", "disk", "--dialect", "folder", "--url", "file:///out")
    assert "it needs one thing of you:" in ran.out
    assert "logferry consent grant disk" in ran.out
    assert "login" not in ran.out


def test_destinations_are_listed_without_secrets(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL)
    daemon.control.secrets["home"] = "hunter2-hunter2"
    ran = logferry("destinations", "list", "--json")
    assert ran.json["destinations"] == [
        {
            "name": "home",
            "dialect": "logferry",
            "url": URL,
            "consent": False,
            "credential": "available",
            "pin": "",
            "account": "",
            "trackers": [],
            "upload_hosts": [],
            "token_url": "",
            "own_key": False,
            "lost_with_key": "",
        }
    ]
    assert "hunter2" not in ran.out + logferry("destinations", "list").out


def test_a_name_is_given_once(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL)
    ran = logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL)
    assert ran.code == Exit.FAILED
    assert "There is a destination home already." in ran.err


def test_a_removed_destination_is_gone(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL)
    assert logferry("destinations", "remove", "home").code == Exit.DONE
    assert logferry("destinations", "list", "--json").json["destinations"] == []


def test_whoever_removes_one_sees_first_what_is_lost_with_its_secret(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL)
    home = daemon.control.places["home"]
    daemon.control.places["home"] = msgspec.structs.replace(home, lost_with_key="It opens what was sent.")
    ran = logferry("destinations", "remove", "home")
    assert (ran.code, "It opens what was sent." in ran.err + ran.out) == (Exit.WAITING, True)
    assert "logferry destinations remove home --yes" in ran.err
    assert "home" in daemon.control.places
    assert logferry("destinations", "remove", "home", "--yes").code == Exit.DONE
    assert daemon.control.places == {}


# Who he is there


def add_home(logferry: Command, *more: str) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL, *more)


def test_a_destination_is_added_with_a_name_and_shown_with_it(logferry: Command, daemon: ThreadedDaemon) -> None:
    add_home(logferry, "--account", "mila@example.org")
    assert daemon.control.places["home"].account == "mila@example.org"
    assert "mila@example.org" in logferry("destinations", "list").out
    assert "you are mila@example.org" in logferry("destinations", "account", "home").out


def test_without_a_name_he_is_anonymous_and_told_so(logferry: Command, daemon: ThreadedDaemon) -> None:
    add_home(logferry)
    ran = logferry("destinations", "account", "home")
    assert (ran.code, "nobody by name" in ran.out) == (Exit.DONE, True)
    assert "change_account" not in daemon.control.calls


@pytest.mark.parametrize(("words", "account"), [(("mila",), "mila"), (("--anonymous",), "")])
def test_another_name_or_none_is_agreed_to_anew(
    logferry: Command, daemon: ThreadedDaemon, words: tuple[str, ...], account: str
) -> None:
    add_home(logferry, "--account", "before")
    logferry("consent", "grant", "home", "--yes")
    ran = logferry("destinations", "account", "home", *words)
    assert ran.code == Exit.DONE
    assert daemon.control.places["home"].account == account
    assert "logferry consent grant home" in ran.out


def test_nobody_is_two_things_at_once(logferry: Command, daemon: ThreadedDaemon) -> None:
    add_home(logferry)
    assert logferry("destinations", "account", "home", "mila", "--anonymous").code == Exit.USAGE


def test_a_destination_that_is_not_there_has_no_account(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("destinations", "account", "nowhere")
    assert (ran.code, 'There is no destination "nowhere".' in ran.err) == (Exit.FAILED, True)


def test_a_destination_may_be_for_some_trackers_and_have_hosts_for_uploads(
    logferry: Command, daemon: ThreadedDaemon
) -> None:
    words = ("--tracker", "artemis", "--tracker", "putt", "--upload-host", "a.example", "--upload-host", "b.example")
    assert logferry("destinations", "add", "home", "--dialect", "s3", "--url", URL, *words).code == Exit.DONE
    (told,) = logferry("destinations", "list", "--json").json["destinations"]
    assert told["trackers"] == ["artemis", "putt"]
    assert told["upload_hosts"] == ["a.example", "b.example"]
    shown = logferry("destinations", "list").out
    assert "home is sent sessions of artemis and putt only" in shown
    assert "home may have uploads put to a.example and b.example" in shown


def test_whose_sessions_go_there_is_changed_and_all_go_again(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL)
    assert "home is sent all." in logferry("destinations", "trackers", "home").out
    assert "sessions of putt only" in logferry("destinations", "trackers", "home", "putt").out
    assert "sessions of putt only" in logferry("destinations", "trackers", "home").out
    assert "putt only" in logferry("status").out
    assert "home is sent all." in logferry("destinations", "trackers", "home", "--all").out
    assert daemon.control.places["home"].trackers == ()


def test_where_a_dialect_takes_one_tracker_the_filter_is_proposed(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("destinations", "add", "club", "--dialect", "putt", "--url", URL)
    assert "putt has fields for sessions of putt only" in ran.out
    assert "logferry destinations trackers club putt" in ran.out
    ran = logferry("destinations", "add", "other", "--dialect", "putt", "--url", URL, "--tracker", "putt")
    assert "logferry destinations trackers" not in ran.out


@pytest.mark.parametrize(("typed", "trackers"), [("y\n", ("putt",)), ("\n", ())])
def test_whoever_agrees_to_the_proposal_has_the_filter(
    logferry: Command, daemon: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch, typed: str, trackers: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(typed))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    logferry("destinations", "add", "club", "--dialect", "putt", "--url", URL)
    assert daemon.control.places["club"].trackers == trackers


def test_where_tokens_are_made_of_the_key_is_shown(logferry: Command, daemon: ThreadedDaemon) -> None:
    tokens = "https://tokens.example/v1/token"
    words = ("--dialect", "firebase", "--url", URL, "--token-url", tokens)
    assert logferry("destinations", "add", "home", *words).code == Exit.DONE
    assert logferry("destinations", "list", "--json").json["destinations"][0]["token_url"] == tokens
    assert f"home has tokens made of its key at {tokens}" in logferry("destinations", "list").out
