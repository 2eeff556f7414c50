"""One table: it covers Control exactly, and its paths can be filled and told apart."""

from __future__ import annotations

import inspect
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from logferry_ipc.control import Control
from logferry_ipc.routes import BY_ADDRESS, BY_CALL, HELLO, ROUTES, SAFE_METHODS, Route, Scope

CONTROL = {name for name, _ in inspect.getmembers(Control, inspect.isfunction) if not name.startswith("_")}
CALLED = [route for route in ROUTES if route.calls is not None]


def test_the_table_and_control_cover_each_other() -> None:
    assert set(BY_CALL) == CONTROL
    assert len(CALLED) == len(CONTROL)


@pytest.mark.parametrize("route", CALLED, ids=lambda route: route.name)
def test_a_route_carries_exactly_the_arguments_of_its_call(route: Route) -> None:
    hints = get_type_hints(getattr(Control, str(route.calls)))
    returned = hints.pop("return")
    if route.stream:
        assert "after" not in route.parameters
        assert hints == {"cursor": str | None}
        return
    bodies = [hint for hint in hints.values() if isinstance(hint, type) and issubclass(hint, Struct)]
    assert [hint for hint in hints.values() if hint is str] == [str] * (len(route.parameters) + len(route.query))
    assert bodies == ([route.request] if route.request else [])
    assert list(hints.values())[len(route.parameters) + len(route.query) :] == bodies, "parameters first, then the body"
    assert returned is route.response


def test_addresses_and_names_are_unique() -> None:
    assert len(BY_ADDRESS) == len({route.name for route in ROUTES}) == len(ROUTES)


def test_only_hello_answers_without_a_scope() -> None:
    assert [route for route in ROUTES if route.scope is Scope.NONE] == [HELLO]


def test_routes_that_change_something_need_more_than_a_reading_scope() -> None:
    reading = {Scope.NONE, Scope.STATUS_READ, Scope.EVENTS_READ}
    changing = [route for route in ROUTES if route.method not in SAFE_METHODS]
    assert changing
    assert not any(route.scope in reading for route in changing)
    assert not any(route.request for route in ROUTES if route.method in SAFE_METHODS)


@given(st.text(min_size=1))
def test_a_value_never_adds_a_segment_or_a_query(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    filled = BY_CALL["consent"].fill(value)
    assert filled.count("/") == "/v1/destinations/x/consent".count("/")
    assert filled.isascii()
    assert not set("?# ") & set(filled)
