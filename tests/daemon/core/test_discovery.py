"""What anybody on the network may say fills a form at most."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.discovery import MAX_CANDIDATES, MAX_NAME, Answer, candidates, clean_name, is_near
from logferry_daemon.core.places import reason_against_url
from logferry_model.fingerprint import fingerprint_of

FP = fingerprint_of(b"key")


def answer(**changes: Any) -> Answer:  # noqa: ANN401 -- any field
    usual: dict[str, Any] = {
        "name": "Games",
        "addresses": ("192.168.1.20",),
        "port": 8765,
        "texts": {"path": "/", "fp": FP.digits},
    }
    return Answer(**(usual | changes))


def test_an_answer_becomes_an_address_by_https() -> None:
    (one,) = candidates([answer()])
    assert (one.name, one.url, one.fingerprint) == ("Games", "https://192.168.1.20:8765", FP)


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("127.0.0.1", True),
        ("10.0.0.7", True),
        ("172.16.3.4", True),
        ("172.31.255.254", True),
        ("192.168.1.20", True),
        ("169.254.7.7", True),
        ("172.32.0.1", False),
        ("8.8.8.8", False),
        ("203.0.113.9", False),
        ("198.18.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.251", False),
        ("100.64.0.1", False),
        ("::1", False),
        ("collector.example", False),
        ("", False),
    ],
)
def test_only_near_addresses_count(address: str, near: bool) -> None:
    assert is_near(address) is near
    assert len(candidates([answer(addresses=(address,))])) == near


@pytest.mark.parametrize(
    "changes",
    [
        {"port": 0},
        {"port": 70_000},
        {"texts": {"path": "//elsewhere.example"}, "addresses": ()},
        {"texts": {"path": "@elsewhere.example/"}},
        {"texts": {"path": "x"}},
        {"texts": {"path": "/?a=b"}},
        {"texts": {"path": "/#x"}},
        {"texts": {"path": "/ x"}},
        {"texts": {"path": "/" + "a" * 300}},
        {"texts": {"api": "2"}},
    ],
    ids=str,
)
def test_what_cannot_be_used_is_left_out(changes: dict[str, Any]) -> None:
    assert candidates([answer(**changes)]) == []


def test_a_fingerprint_that_is_none_is_no_hint() -> None:
    (one,) = candidates([answer(texts={"fp": "trust me"})])
    assert one.fingerprint is None


def test_a_flood_is_cut() -> None:
    flood = [answer(addresses=(f"10.0.{number // 250}.{number % 250}",)) for number in range(10_000)]
    assert len(candidates(flood)) == MAX_CANDIDATES


def test_a_later_answer_does_not_take_an_address_over() -> None:
    spoof = answer(name="Games", texts={"fp": fingerprint_of(b"spoof").digits})
    (one,) = candidates([answer(), spoof])
    assert one.fingerprint == FP


def test_names_are_cleaned() -> None:
    assert clean_name("Ga\x1b[31mmes\u202e\n\u200b box") == "Ga [31mmes box"
    assert clean_name("\x00\u200b") == "(no name)"


@given(st.text(), st.text(), st.integers(), st.lists(st.sampled_from(["10.0.0.1", "8.8.8.8", "x"])), st.text())
def test_whatever_comes_is_an_allowed_address_and_a_plain_name(
    name: str, path: str, port: int, addresses: list[str], fp: str
) -> None:
    for one in candidates([answer(name=name, addresses=addresses, port=port, texts={"path": path, "fp": fp})]):
        assert one.url.startswith("https://10.0.0.1:")
        assert reason_against_url(one.url) is None
        assert one.name.isprintable()
        assert 0 < len(one.name) <= MAX_NAME
