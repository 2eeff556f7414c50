"""The menu as a function of the status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logferry_ipc.messages import Attention, Counts, DaemonState, Identity, IdentityDecision, Status
from logferry_tray.menu import (
    ENTRY_UNITS,
    MOST_ATTENTION,
    MOST_QUESTIONS,
    TITLE_UNITS,
    Act,
    Command,
    Entry,
    Look,
    Menu,
    clamp,
    menu,
)

IDLE = Status(state=DaemonState.IDLE, version="1", counts=Counts())
AT = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)


def texts(shown: Menu) -> list[str]:
    return [entry.text for entry in shown.entries]


def find(shown: Menu, text: str) -> Entry:
    return next(entry for entry in shown.entries if entry.text.startswith(text))


@pytest.mark.parametrize(
    ("status", "look", "line"),
    [
        (None, Look.DISCONNECTED, 'Not running; start it with "logferry run"'),
        (replace(IDLE, counts=Counts(found=2, pending=2)), Look.IDLE, "Idle, 2 waiting"),
        (replace(IDLE, counts=Counts(found=4, pending=1, held=2, excluded=1)), Look.IDLE, "Idle, 1 waiting, 2 held"),
        (replace(IDLE, counts=Counts(found=12_000, held=12_000)), Look.IDLE, "Idle, 12,000 held"),
        (replace(IDLE, counts=Counts(found=3, uploaded=2, excluded=1)), Look.IDLE, "Idle, all is uploaded"),
        (
            replace(IDLE, state=DaemonState.WORKING, counts=Counts(found=3, pending=2, uploading=1)),
            Look.WORKING,
            "Uploading, 3 to go",
        ),
        (replace(IDLE, state=DaemonState.PAUSED, paused=True), Look.PAUSED, "Paused until you resume"),
        (replace(IDLE, state=DaemonState.PAUSED), Look.PAUSED, "Paused while you play"),
        (
            replace(IDLE, state=DaemonState.PAUSED, paused=True, paused_until=AT),
            Look.PAUSED,
            "Paused until 2026-03-01 20:30",
        ),
        (replace(IDLE, state=DaemonState.ATTENTION), Look.ATTENTION, "Needs your attention"),
        (
            replace(IDLE, state=DaemonState.OFFLINE, counts=Counts(found=4, pending=4)),
            Look.OFFLINE,
            "Offline, 4 waiting",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and not isinstance(value, Look) else "",
)
def test_the_state_comes_first_in_shape_tooltip_and_menu(status: Status | None, look: Look, line: str) -> None:
    shown = menu(status, zone=UTC)
    assert shown.look is look
    assert shown.entries[0] == Entry(text=line, enabled=False, default=True)
    assert shown.title.casefold() == f"logferry: {line}".casefold()


def test_every_state_has_a_look() -> None:
    assert {menu(replace(IDLE, state=state)).look for state in DaemonState} == set(Look) - {Look.DISCONNECTED}


def test_an_idle_daemon_offers_pauses_upload_and_quit() -> None:
    assert texts(menu(IDLE))[1:] == [
        "Pause 30 minutes",
        "Pause 1 hour",
        "Pause until resumed",
        "Upload all",
        "Open last report",
        "Quit (Logferry goes on in the background)",
    ]
    commands = [entry.command for entry in menu(IDLE).entries]
    assert commands[1:5] == [
        Command(Act.PAUSE, timedelta(minutes=30)),
        Command(Act.PAUSE, timedelta(hours=1)),
        Command(Act.PAUSE),
        Command(Act.UPLOAD_ALL),
    ]


@pytest.mark.parametrize("state", [DaemonState.PAUSED, DaemonState.ATTENTION])
def test_a_paused_daemon_offers_resume_whatever_else_is_the_matter(state: DaemonState) -> None:
    shown = menu(replace(IDLE, state=state, paused=True))
    assert find(shown, "Resume").command == Command(Act.RESUME)
    assert not any(text.startswith("Pause ") for text in texts(shown))
    assert not find(shown, "Upload all").enabled


def test_without_a_daemon_there_is_only_quit() -> None:
    shown = menu(None)
    assert texts(shown)[1:] == ["Quit"]
    assert shown.entries[-1].command == Command(Act.QUIT)


@pytest.mark.parametrize(("pending", "uploading", "said"), [(1, 0, "1"), (2, 1, "3"), (1999, 0, "1,999")])
def test_quit_says_how_many_wait_and_that_they_go_all_the_same(pending: int, uploading: int, said: str) -> None:
    shown = menu(replace(IDLE, counts=Counts(found=pending + uploading, pending=pending, uploading=uploading)))
    assert texts(shown)[-1] == f"Quit ({said} waiting; Logferry goes on in the background)"
    assert shown.entries[-1].command == Command(Act.QUIT)


@pytest.mark.parametrize("failed", [0, 1, 5])
def test_retry_is_there_only_when_something_failed(failed: int) -> None:
    shown = menu(replace(IDLE, counts=Counts(found=failed, failed=failed)))
    assert (f"Retry failed ({failed})" in texts(shown)) is (failed > 0)


@pytest.mark.parametrize(
    ("url", "enabled"),
    [
        (None, False),
        ("", False),
        ("https://collector.example/r/1", True),
        ("http://127.0.0.1:8000/r/1", True),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("C:\\Windows\\System32\\calc.exe", False),
        ("HTTPS//x", False),
    ],
)
def test_open_last_report_opens_web_addresses_only(url: str | None, enabled: bool) -> None:
    entry = find(menu(replace(IDLE, last_report_url=url)), "Open last report")
    assert entry.enabled is enabled
    assert entry.command == (Command(Act.OPEN_REPORT, url=str(url)) if enabled else None)


def test_attention_says_what_happened_and_what_to_do() -> None:
    told = Attention(code="c", message="consent is missing for home.", hint="Run logferry consent grant home.")
    entry = find(menu(replace(IDLE, state=DaemonState.ATTENTION, attention=(told,))), "Needs attention (1)")
    assert [line.text for line in entry.entries] == [
        "Consent is missing for home.",
        "Run logferry consent grant home.",
    ]


def test_a_long_list_of_attention_is_cut_and_says_so() -> None:
    many = tuple(Attention(code="c", message=f"Trouble {number}.") for number in range(30))
    entry = find(menu(replace(IDLE, attention=many)), "Needs attention (30)")
    assert len(entry.entries) == MOST_ATTENTION + 1
    assert entry.entries[-1].text == 'And 22 more, see "logferry status"'


def player(name: str, *, state: str = "unknown", to: str = "home", tracker: str = "elite-dangerous") -> Identity:
    return Identity(
        destination=to, tracker=tracker, title="Elite Dangerous", identity=name, sessions=2, waiting=2, state=state
    )


def test_an_unknown_player_is_asked_about_with_two_answers_for_each_destination() -> None:
    shown = menu(IDLE, [player("MILA"), player("MILA", to="away"), player("OLE", state="denied")])
    entry = find(shown, 'Who is "MILA" (Elite Dangerous)?')
    assert [line.text for line in entry.entries] == ["Allow for home", "Not for home", "Allow for away", "Not for away"]
    allow, deny = (line.command for line in entry.entries[:2])
    about = IdentityDecision(destination="home", tracker="elite-dangerous", identity="MILA", allowed=True)
    assert allow == Command(Act.DECIDE, decision=about)
    assert deny == Command(Act.DECIDE, decision=replace(about, allowed=False))
    assert not [line for line in texts(shown) if "OLE" in line]


def test_sessions_that_do_not_say_who_played_are_asked_about_in_words() -> None:
    entry = find(menu(IDLE, [player("?")]), "Who played Elite Dangerous? No name")
    assert [line.text for line in entry.entries] == ["Allow for home", "Not for home"]


def test_many_unknown_players_do_not_fill_the_screen() -> None:
    shown = menu(IDLE, [player(f"P{number}") for number in range(9)])
    assert sum(line.startswith("Who is") for line in texts(shown)) == MOST_QUESTIONS
    assert 'And 5 more, see "logferry identities list"' in texts(shown)


@given(st.lists(st.builds(player, st.text(min_size=1), tracker=st.text(), to=st.text(min_size=1))))
def test_whatever_players_are_called_the_menu_fits(players: list[Identity]) -> None:
    shown = menu(IDLE, players)
    for entry in (*shown.entries, *(line for each in shown.entries for line in each.entries)):
        assert units(entry.text) <= ENTRY_UNITS
        assert entry.text.isprintable()


statuses = st.none() | st.builds(
    Status,
    state=st.sampled_from(DaemonState),
    version=st.just("1"),
    counts=st.builds(Counts, failed=st.integers(0, 10**9), pending=st.integers(0, 10**9)),
    attention=st.lists(st.builds(Attention, code=st.just("c"), message=st.text(), hint=st.text())).map(tuple),
    paused=st.booleans(),
    last_report_url=st.none() | st.text() | st.just("https://x.example/"),
)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(statuses)
def test_every_menu_fits_and_has_one_default_and_a_way_out(status: Status | None) -> None:
    shown = menu(status, zone=UTC)
    assert units(shown.title) <= TITLE_UNITS
    assert sum(entry.default for entry in shown.entries) == 1
    assert shown.entries[-1].command == Command(Act.QUIT)
    below = [line for entry in shown.entries for line in entry.entries]
    for entry in (*shown.entries, *below):
        assert units(entry.text) <= ENTRY_UNITS
        assert entry.text.isprintable()


@given(st.text(), st.integers(2, 200))
def test_clamped_text_fits_on_one_line_and_is_whole(text: str, limit: int) -> None:
    clamped = clamp(text, limit)
    assert units(clamped) <= limit
    assert clamp(clamped, limit) == clamped


@pytest.mark.parametrize(
    ("text", "limit", "clamped"),
    [
        ("short", 10, "short"),
        ("x" * 10_000, 5, "xxxx…"),
        ("🛳" * 10, 7, "🛳🛳🛳…"),
        ("🛳" * 10, 6, "🛳🛳…"),
        ("a\nb\tc\x00d", 20, "a b c d"),
        ("safe\u202egpj.exe", 20, "safe gpj.exe"),
        ("ab cdef", 4, "ab…"),
    ],
)
def test_clamp(text: str, limit: int, clamped: str) -> None:
    assert clamp(text, limit) == clamped
