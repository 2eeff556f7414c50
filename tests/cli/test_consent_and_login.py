import io

import msgspec
import pytest

from logferry.exits import Exit
from logferry_ipc.messages import DestinationTest
from tests.cli.conftest import Command, Ran
from tests.ipc.serving import ThreadedDaemon

URL = "http://127.0.0.1:8765"
POLICY = f"Finished sessions are sent to {URL}, without names and chat."
SECRET = "lf_s3cret0123456789abcdef"


class Typed(io.StringIO):
    """What a person types into a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def destination(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL)


def test_show_prints_the_whole_text_and_that_nothing_is_agreed(logferry: Command) -> None:
    ran = logferry("consent", "show", "home")
    assert ran.code == Exit.DONE
    assert POLICY in ran.out
    assert "not agreed" in ran.out


def test_show_as_json_names_the_text_by_its_digest(logferry: Command) -> None:
    told = logferry("consent", "show", "home", "--json").json
    assert told["policy"] == POLICY
    assert told["granted"] is False
    assert len(told["policy_digest"]) == 64


def test_grant_without_a_person_waits_for_one_and_says_how(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("consent", "grant", "home")
    assert ran.code == Exit.WAITING
    assert POLICY in ran.out
    assert "logferry consent grant home --yes" in ran.err
    assert daemon.control.granted_at == {}


def test_grant_with_yes_shows_the_text_and_agrees_to_it(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("consent", "grant", "home", "--yes")
    assert ran.code == Exit.DONE
    assert POLICY in ran.out
    assert "home" in daemon.control.granted_at


@pytest.mark.parametrize(("answer", "code"), [("y\n", Exit.DONE), ("n\n", Exit.WAITING), ("\n", Exit.WAITING)])
def test_a_person_at_a_terminal_is_asked(
    logferry: Command, daemon: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch, answer: str, code: Exit
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(answer))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert logferry("consent", "grant", "home").code == code
    assert ("home" in daemon.control.granted_at) == (code is Exit.DONE)


def test_what_is_agreed_already_is_not_asked_again(logferry: Command) -> None:
    logferry("consent", "grant", "home", "--yes")
    assert logferry("consent", "grant", "home").code == Exit.DONE


def test_revoke_takes_it_back(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("consent", "grant", "home", "--yes")
    assert logferry("consent", "revoke", "home").code == Exit.DONE
    assert daemon.control.granted_at == {}


def test_login_reads_the_secret_from_a_pipe_and_never_shows_it(
    logferry: Command, daemon: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    ran = logferry("login", "home", "--stdin")
    assert ran.code == Exit.DONE
    assert daemon.control.secrets == {"home": SECRET}
    assert SECRET not in ran.out + ran.err


def test_login_tells_what_its_owner_should_know(
    logferry: Command, daemon: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.control.login_note = "It is not used."
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    ran = logferry("login", "home", "--stdin")
    assert ran.code == Exit.DONE
    assert "It is not used." in ran.out


def test_login_without_a_person_waits_for_one_and_says_how(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("login", "home")
    assert ran.code == Exit.WAITING
    assert "--stdin" in ran.err
    assert daemon.control.secrets == {}


def test_an_empty_secret_changes_nothing(
    logferry: Command, daemon: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.control.secrets["home"] = SECRET
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert logferry("login", "home", "--stdin").code == Exit.FAILED
    assert daemon.control.secrets == {"home": SECRET}


def test_logout_forgets_the_secret(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.secrets["home"] = SECRET
    assert logferry("logout", "home").code == Exit.DONE
    assert daemon.control.secrets == {}


# Without an account


def test_an_anonymous_login_asks_for_no_secret(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("login", "home", "--anonymous")
    assert (ran.code, daemon.control.logins) == (Exit.DONE, [(True, False)])
    assert "No name goes with it." in ran.out


def test_that_there_is_a_key_already_is_told_instead(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.login_note = "It has one already."
    ran = logferry("login", "home", "--anonymous")
    assert ("It has one already." in ran.out, "is made" in ran.out) == (True, False)


def test_a_secret_is_made_or_read_and_not_both(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert logferry("login", "home", "--anonymous", "--stdin").code == Exit.USAGE
    assert daemon.control.logins == []


def test_a_login_may_take_over_what_was_sent_before(
    logferry: Command, daemon: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.control.login_note = "12 reports are the account's now."
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    ran = logferry("login", "home", "--stdin", "--join")
    assert (ran.code, daemon.control.logins) == (Exit.DONE, [(False, True)])
    assert "12 reports" in ran.out
    assert daemon.control.secrets == {"home": SECRET}


def test_a_logout_says_what_is_lost_with_the_key(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.logout_note = "It cannot be deleted any more."
    assert "It cannot be deleted any more." in logferry("logout", "home").out


@pytest.mark.parametrize(("answer", "code"), [("y\n", Exit.DONE), ("\n", Exit.WAITING)])
def test_it_is_said_and_asked_before_the_key_is_gone(
    logferry: Command, daemon: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch, answer: str, code: Exit
) -> None:
    daemon.control.secrets["home"] = SECRET
    home = daemon.control.places["home"]
    daemon.control.places["home"] = msgspec.structs.replace(home, lost_with_key="2 deletions wait for it.")
    ran = logferry("logout", "home")
    assert (ran.code, daemon.control.secrets) == (Exit.WAITING, {"home": SECRET})
    assert ("2 deletions wait" in ran.out + ran.err, "logferry logout home --yes" in ran.err) == (True, True)
    monkeypatch.setattr("logferry.output.Output.interactive", True)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert logferry("logout", "home").code == code
    assert bool(daemon.control.secrets) is (code is Exit.WAITING)
    daemon.control.secrets["home"] = SECRET
    assert logferry("logout", "home", "--yes").code == Exit.DONE
    assert daemon.control.secrets == {}


def test_a_destination_shows_that_no_account_is_behind_its_key(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert "no account" not in logferry("destinations", "list").out
    home = daemon.control.places["home"]
    daemon.control.places["home"] = msgspec.structs.replace(home, own_key=True)
    assert "no account is behind it" in logferry("destinations", "list").out


def said(daemon: ThreadedDaemon, **fields: str) -> None:
    daemon.control.tests["home"] = DestinationTest(name="home", state="ready", **fields)


def log_in(logferry: Command, monkeypatch: pytest.MonkeyPatch) -> Ran:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    return logferry("login", "home", "--stdin")


def test_a_good_key_is_told_at_once(logferry: Command, daemon: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    said(daemon, key="valid", account="mila")
    ran = log_in(logferry, monkeypatch)
    assert ran.code == Exit.DONE
    assert "home takes it, as mila." in ran.out


def test_a_bad_key_is_kept_and_told_at_once(
    logferry: Command, daemon: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(daemon, key="invalid", key_reason="It is revoked")
    ran = log_in(logferry, monkeypatch)
    assert ran.code == Exit.FAILED
    assert "home does not take it: It is revoked." in ran.err
    assert "logferry login home" in ran.err
    assert daemon.control.secrets["home"] == SECRET


def test_a_key_that_cannot_be_checked_is_kept_and_that_is_said(
    logferry: Command, daemon: ThreadedDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(daemon, key="unclear", key_reason="nobody answers there")
    ran = log_in(logferry, monkeypatch)
    assert ran.code == Exit.DONE
    assert "It was not checked: nobody answers there. Later: logferry destinations test home" in ran.out


@pytest.mark.parametrize(
    ("granted", "fields", "ends"),
    [
        (True, {"key": "valid"}, (Exit.DONE, "key taken")),
        (True, {"key": "unclear", "key_reason": "nobody answers"}, (Exit.DONE, "not be checked: nobody answers")),
        (True, {"key": "invalid", "key_reason": "It is revoked"}, (Exit.FAILED, "key refused: It is revoked.")),
        (False, {"key": "unclear", "key_reason": "not before you agree"}, (Exit.WAITING, "held")),
    ],
)
def test_a_destination_is_tested(
    logferry: Command, daemon: ThreadedDaemon, granted: bool, fields: dict[str, str], ends: tuple[Exit, str]
) -> None:
    if granted:
        logferry("consent", "grant", "home", "--yes")
    daemon.control.tests["home"] = DestinationTest(name="home", state="ready", **fields)
    ran = logferry("destinations", "test", "home")
    assert (ran.code, ends[1] in ran.out) == (ends[0], True)
    told = logferry("destinations", "test", "home", "--json").json
    assert (told["name"], told["key"]) == ("home", fields["key"])
