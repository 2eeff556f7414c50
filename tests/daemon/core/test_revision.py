from __future__ import annotations

import pytest

from logferry_daemon.core.revision import Version, is_news

WHOLE = Version(fingerprint="aa", events=50, end_rule="explicit")


def version(fingerprint: str = "bb", *, events: int = 50, rule: str = "explicit", grows: bool = False) -> Version:
    return Version(fingerprint=fingerprint, events=events, end_rule=rule, only_grows=grows)


def test_the_same_content_is_no_news() -> None:
    assert not is_news(WHOLE, version("aa", rule="silence"))


def test_another_content_is_news() -> None:
    assert is_news(WHOLE, version())


def test_a_correction_with_fewer_events_is_news_where_documents_are_rewritten() -> None:
    assert is_news(WHOLE, version(events=49))


def test_a_shorter_version_of_a_log_that_only_grows_is_a_cut_copy() -> None:
    assert not is_news(WHOLE, version(events=49, grows=True))


@pytest.mark.parametrize("rule", ["silence", "next-start", "process-gone"])
def test_an_older_copy_that_nobody_ended_does_not_replace_an_ended_session(rule: str) -> None:
    assert not is_news(WHOLE, version(events=5, rule=rule))


def test_a_session_that_went_on_after_its_end_is_news() -> None:
    assert is_news(WHOLE, version(events=51, rule="silence"))


def test_a_session_that_was_given_up_and_then_ended_properly_is_news() -> None:
    assert is_news(version(events=50, rule="silence"), version("aa", events=50))


@pytest.mark.parametrize("rule", ["explicit", "silence", "demand"])
def test_a_partial_version_never_replaces_a_complete_one(rule: str) -> None:
    assert not is_news(version(events=5, rule=rule), version("cc", events=99, rule="", grows=True))


@pytest.mark.parametrize("events", [0, 50, 51])
@pytest.mark.parametrize("fingerprint", ["bb", "cc"])
def test_a_complete_version_always_replaces_a_partial_one(events: int, fingerprint: str) -> None:
    assert is_news(version(events=50, rule="", grows=True), version(fingerprint, events=events, grows=True))


def test_a_partial_version_replaces_a_shorter_one_that_is_not_the_same() -> None:
    assert is_news(version(events=5, rule=""), version("cc", events=6, rule="", grows=True))
    assert not is_news(version(events=5, rule=""), version("bb", events=5, rule="", grows=True))
    assert not is_news(version(events=5, rule=""), version("cc", events=4, rule="", grows=True))
