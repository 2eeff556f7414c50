import pytest

from logferry.exits import Exit
from tests.cli.conftest import Command
from tests.ipc.serving import ThreadedDaemon

URL = "http://127.0.0.1:8765"


@pytest.fixture(autouse=True)
def destination(logferry: Command, daemon: ThreadedDaemon) -> None:
    logferry("destinations", "add", "home", "--dialect", "logferry", "--url", URL)


@pytest.fixture
def mila(daemon: ThreadedDaemon) -> None:
    """Somebody played three times whom nobody was asked about."""
    daemon.do(lambda: daemon.control.meet("Mila d'Arc", waiting=3))


def rules(daemon: ThreadedDaemon) -> list[tuple[str, str, str, bool]]:
    return [(one.destination, one.tracker, one.identity, one.allowed) for one in daemon.control.rules]


def test_list_says_that_nobody_played(logferry: Command) -> None:
    ran = logferry("identities", "list")
    assert ran.code == Exit.DONE
    assert ran.out.startswith("Nobody yet")


@pytest.mark.usefixtures("mila")
def test_list_asks_with_the_commands_that_answer(logferry: Command) -> None:
    out = logferry("identities", "list").out
    assert '3 sessions were played as "Mila d\'Arc" (Artemis). May they go to home?' in out
    assert "logferry identities allow home 'Mila d'\"'\"'Arc'" in out
    assert "logferry identities deny home 'Mila d'\"'\"'Arc'" in out


@pytest.mark.parametrize(("waiting", "said"), [(1, "1 session does not"), (2, "2 sessions do not")])
def test_list_asks_about_sessions_that_do_not_say_who_played(
    daemon: ThreadedDaemon, logferry: Command, waiting: int, said: str
) -> None:
    daemon.do(lambda: daemon.control.meet("?", waiting=waiting))
    out = logferry("identities", "list").out
    assert f"{said} say who played (Artemis). May " in out
    assert "logferry identities allow home '?'" in out


def test_a_name_like_an_option_is_asked_about_with_a_command_that_answers(
    logferry: Command, daemon: ThreadedDaemon
) -> None:
    daemon.do(lambda: daemon.control.meet("--tracker=evil", waiting=1))
    assert "logferry identities deny home -- --tracker=evil" in logferry("identities", "list").out
    assert logferry("identities", "deny", "home", "--", "--tracker=evil").code == Exit.DONE
    assert rules(daemon) == [("home", "*", "--tracker=evil", False)]


@pytest.mark.usefixtures("mila")
def test_list_as_json_is_the_answer_of_the_daemon(logferry: Command) -> None:
    (told,) = logferry("identities", "list", "--json").json["identities"]
    assert (told["identity"], told["destination"], told["state"], told["waiting"]) == (
        "Mila d'Arc",
        "home",
        "unknown",
        3,
    )


@pytest.mark.usefixtures("mila")
@pytest.mark.parametrize(("word", "allowed"), [("allow", True), ("deny", False)])
def test_an_answer_is_taken_and_not_asked_for_again(
    logferry: Command, daemon: ThreadedDaemon, word: str, allowed: bool
) -> None:
    ran = logferry("identities", word, "home", "Mila d'Arc")
    assert ran.code == Exit.DONE
    assert "3 sessions" in ran.out
    assert rules(daemon) == [("home", "*", "Mila d'Arc", allowed)]
    assert "May they" not in logferry("identities", "list").out


@pytest.mark.usefixtures("mila")
def test_a_name_that_nobody_has_is_remembered_and_said_to_be_new(logferry: Command, daemon: ThreadedDaemon) -> None:
    ran = logferry("identities", "allow", "home", "Mila", "--tracker", "artemis")
    assert "Nobody of that name has played yet" in ran.out
    assert rules(daemon) == [("home", "artemis", "Mila", True)]
    assert "Mila" in logferry("identities", "list").out


def test_everybody_is_a_word_of_its_own(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert logferry("identities", "allow", "home", "--all").code == Exit.DONE
    assert rules(daemon) == [("home", "*", "*", True)]
    assert "everybody else" in logferry("identities", "list").out
    assert logferry("identities", "forget", "home", "--all").code == Exit.DONE
    assert rules(daemon) == []


@pytest.mark.parametrize("words", [(), ("Mila", "--all"), ("*",)])
def test_who_is_meant_must_be_said_plainly(logferry: Command, daemon: ThreadedDaemon, words: tuple[str, ...]) -> None:
    ran = logferry("identities", "allow", "home", *words)
    assert ran.code == Exit.USAGE
    assert "--all" in ran.err
    assert rules(daemon) == []


@pytest.mark.usefixtures("mila")
def test_consent_shows_whose_sessions_there_are_and_allows_them(logferry: Command, daemon: ThreadedDaemon) -> None:
    assert "Sessions of: Mila d'Arc (3)" in logferry("consent", "grant", "home", "--yes").out
    assert rules(daemon) == [("home", "artemis", "Mila d'Arc", True)]


def test_consent_shows_what_became_another_since_it_was_agreed_to(logferry: Command, daemon: ThreadedDaemon) -> None:
    daemon.control.agreed_terms = ("of inn: table [0123456789ab]",)
    daemon.control.terms["home"] = {"players": "drop"}
    out = logferry("consent", "show", "home").out
    assert (
        "What became another since you agreed:\n  now     drop: players\n  before  of inn: table [0123456789ab]" in out
    )
    logferry("consent", "grant", "home", "--yes")
    assert "became another" not in logferry("consent", "show", "home").out


@pytest.mark.usefixtures("mila")
def test_consent_shows_who_is_left_out(logferry: Command) -> None:
    logferry("identities", "deny", "home", "Mila d'Arc")
    out = logferry("consent", "show", "home").out
    assert "Left out, as you decided: Mila d'Arc (3)" in out
    assert "Sessions of" not in out
