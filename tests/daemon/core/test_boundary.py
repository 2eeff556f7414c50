from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from logferry_daemon.core.boundary import CONFIDENCE, end_by, end_of
from logferry_daemon.core.reading import EndRules, Found, Signals, found_whole
from logferry_model.session import End, EndRule
from tests.factories import HOUR, START, session

SILENCE = timedelta(minutes=30)
LAST = START + HOUR
"""The time of the last event."""
RULES = EndRules(silence=SILENCE, processes=("game.exe",))


def found(end: End | None = None) -> Found:
    return found_whole(session(end=None), end=end)


def signals(*, quiet: timedelta, gone: bool = False, later: bool = False, rules: EndRules = RULES) -> Signals:
    """The file fell quiet right after its last event, `quiet` ago."""
    return Signals(
        now=LAST + quiet,
        quiet_since=LAST,
        process_gone="game.exe" if gone else None,
        next_start=LAST + timedelta(seconds=1) if later else None,
        rules=rules,
    )


def rule_of(end: End | None) -> EndRule | None:
    return end.rule if end else None


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_what_the_file_says_itself_counts_without_any_quiet() -> None:
    end = end_by(EndRule.EXPLICIT, "line 9: Shutdown")
    assert end_of(found(end), signals(quiet=seconds(0))) is end


def test_an_end_that_the_file_implies_is_not_replaced_by_a_stronger_rule_outside() -> None:
    end = end_by(EndRule.NEXT_START, "line 9: LoadGame begins another session")
    assert end_of(found(end), signals(quiet=SILENCE, gone=True)) is end


def test_without_any_sign_the_session_may_go_on() -> None:
    assert end_of(found(), signals(quiet=seconds(60))) is None


SIGNS: list[tuple[EndRule, timedelta, Callable[[timedelta], Signals]]] = [
    (EndRule.PROCESS_GONE, seconds(2), lambda quiet: signals(quiet=quiet, gone=True)),
    (EndRule.NEXT_START, seconds(10), lambda quiet: signals(quiet=quiet, later=True)),
    (EndRule.SILENCE, SILENCE, lambda quiet: signals(quiet=quiet)),
]


@pytest.mark.parametrize(("rule", "needed", "sign"), SIGNS)
def test_a_sign_counts_once_the_file_was_quiet_for_long_enough(
    rule: EndRule, needed: timedelta, sign: Callable[[timedelta], Signals]
) -> None:
    assert rule_of(end_of(found(), sign(needed))) is rule


@pytest.mark.parametrize(("rule", "needed", "sign"), SIGNS)
def test_a_sign_does_not_count_a_moment_earlier(
    rule: EndRule, needed: timedelta, sign: Callable[[timedelta], Signals]
) -> None:
    assert end_of(found(), sign(needed - timedelta(milliseconds=1))) is None


@pytest.mark.parametrize(("rule", "needed", "sign"), SIGNS)
def test_an_end_has_the_confidence_of_its_rule(
    rule: EndRule, needed: timedelta, sign: Callable[[timedelta], Signals]
) -> None:
    end = end_of(found(), sign(needed))
    assert end is not None
    assert end.confidence == CONFIDENCE[rule]


@pytest.mark.parametrize("sign", ["app_closed", "demanded"])
@pytest.mark.parametrize(("before", "counts"), [(0.0, True), (5.0, True), (5.001, False)])
def test_a_program_may_stamp_its_last_line_a_little_later_than_it_tells_that_it_closes(
    sign: str, before: float, counts: bool
) -> None:
    told, quiet = LAST - seconds(before), signals(quiet=seconds(60))
    signal = replace(quiet, app_closed=told) if sign == "app_closed" else replace(quiet, demanded=told)
    assert (end_of(found(), signal) is not None) == counts


def test_a_stronger_rule_is_surer() -> None:
    assert [CONFIDENCE[rule] for rule in EndRule] == sorted(CONFIDENCE.values(), reverse=True)


def test_of_all_signs_together_the_strongest_counts() -> None:
    assert rule_of(end_of(found(), signals(quiet=SILENCE, gone=True, later=True))) is EndRule.PROCESS_GONE


def test_a_later_file_is_a_stronger_sign_than_silence() -> None:
    assert rule_of(end_of(found(), signals(quiet=SILENCE, later=True))) is EndRule.NEXT_START


def test_a_file_that_began_before_the_last_event_ends_nothing() -> None:
    both = Signals(now=LAST + seconds(60), quiet_since=LAST, next_start=LAST, rules=RULES)
    assert end_of(found(), both) is None


def test_where_files_run_side_by_side_a_later_one_ends_nothing() -> None:
    rules = EndRules(next_start=False)
    assert end_of(found(), signals(quiet=seconds(60), later=True, rules=rules)) is None


def test_a_tracker_without_a_limit_is_never_ended_by_silence() -> None:
    assert end_of(found(), signals(quiet=timedelta(days=9), rules=EndRules())) is None


def test_an_old_log_that_is_still_being_copied_is_not_ended_by_silence() -> None:
    copying = Signals(now=LAST + timedelta(days=30), quiet_since=LAST + timedelta(days=30), rules=RULES)
    assert end_of(found(), copying) is None


def test_an_old_log_that_is_still_being_copied_is_not_ended_by_a_later_file() -> None:
    now = LAST + timedelta(days=30)
    copying = Signals(now=now, quiet_since=now - seconds(3), next_start=LAST + HOUR, rules=RULES)
    assert end_of(found(), copying) is None


@pytest.mark.parametrize("ahead", [HOUR, 12 * HOUR, 72 * HOUR])
def test_lines_that_were_stamped_by_a_clock_that_was_ahead_keep_no_session_open(ahead: timedelta) -> None:
    """Since that clock is right again, the file has been quiet for long enough."""
    now = LAST - ahead
    quiet = Signals(now=now, quiet_since=now - SILENCE, process_gone=None, next_start=None, rules=RULES)
    assert rule_of(end_of(found(), quiet)) is EndRule.SILENCE
    busy = replace(quiet, quiet_since=now - SILENCE + seconds(1))
    assert end_of(found(), busy) is None
    assert rule_of(end_of(found(), replace(busy, demanded=now))) is EndRule.DEMAND
    assert rule_of(end_of(found(), replace(busy, app_closed=now, noticed=now - HOUR))) is EndRule.APP_CLOSED


def test_a_clock_ahead_of_the_file_counts_the_silence_from_when_the_file_fell_quiet() -> None:
    late = Signals(now=LAST + SILENCE, quiet_since=LAST + seconds(1), rules=RULES)
    assert end_of(found(), late) is None


@pytest.mark.parametrize(
    ("rule", "evidence"),
    [
        (EndRule.PROCESS_GONE, "game.exe was running and is not any more"),
        (EndRule.NEXT_START, "a later file begins at 2026-03-01 21:00:01 UTC"),
        (EndRule.SILENCE, "nothing written for 0:30:00 after 2026-03-01 21:00:00 UTC"),
    ],
)
def test_the_evidence_says_what_was_seen(rule: EndRule, evidence: str) -> None:
    sign = next(sign for one, _, sign in SIGNS if one is rule)
    end = end_of(found(), sign(SILENCE))
    assert end is not None
    assert end.evidence == evidence
