"""The table of rejections is whole: every code in the program has its meaning, and no meaning leaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import logferry_collector
from logferry_collector.rejections import MEANINGS, Unacceptable, problem, unacceptable
from logferry_model.envelope import FieldProblem
from logferry_model.errors import Damaged, Refused

from .factories import START

STARTUP_ONLY = {
    "tls-unusable",
    "database-url-invalid",
    "database-driver-missing",
    "database-newer",
    "key-unknown",
    "account-name-invalid",
    "port-unavailable",
}
"""Codes a person at a terminal sees; they never reach a client."""


def test_every_code_in_the_program_has_a_meaning() -> None:
    folder = Path(logferry_collector.__file__).parent
    sources = "\n".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
    raised = set(re.findall(r'(?:Refused|Unreachable|Misconfigured|[Uu]nacceptable|_first)\(\s*"([a-z-]+)"', sources))
    assert len(raised) > 20
    assert raised - STARTUP_ONLY == set(MEANINGS)


@pytest.mark.parametrize("code", MEANINGS)
def test_every_meaning_is_an_error_with_a_title(code: str) -> None:
    told = problem(Refused(code, "Detail."), request_id="r", now=START)
    assert told.status >= 400
    assert told.title
    assert (told.type, told.code, told.instance) == (f"urn:logferry:problem:{code}", code, "r")


def test_only_what_may_pass_by_itself_is_retryable() -> None:
    retryable = {code for code, meaning in MEANINGS.items() if meaning.retryable}
    assert retryable == {
        "digest-mismatch",
        "body-incomplete",
        "body-too-slow",
        "in-flight",
        "too-many-newcomers",
        "internal",
        "database-unavailable",
    }


def test_a_code_outside_the_table_tells_nothing() -> None:
    told = problem(Damaged("disk-exploded", "/var/lib/secret"), request_id="r", now=START)
    assert (told.status, told.code) == (500, "internal")
    assert "secret" not in told.detail


def test_at_most_twenty_places_are_listed() -> None:
    places = tuple(FieldProblem(pointer=f"/{at}", reason="wrong") for at in range(30))
    told = problem(Unacceptable("schema-invalid", "Wrong.", errors=places), request_id="r", now=START)
    assert told.errors == places[:20]


def test_a_place_is_told_in_words_too() -> None:
    assert "/payload/events" in str(unacceptable("limit-exceeded", "/payload/events", "more than 3"))
