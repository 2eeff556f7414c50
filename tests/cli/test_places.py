from pathlib import Path

from logferry.exits import Exit
from tests.cli.conftest import Command
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


def test_destinations_are_listed_without_secrets(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL)
    daemon.control.secrets["home"] = "hunter2-hunter2"
    ran = logferry("destinations", "list", "--json")
    assert ran.json["destinations"] == [
        {"name": "home", "dialect": "logferry", "url": URL, "consent": False, "credential": "available"}
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
