from __future__ import annotations

import pytest

from logferry_model.errors import Damaged, LogferryError, Misconfigured, Refused, Unreachable

KINDS = (Unreachable, Refused, Misconfigured, Damaged)


def test_the_base_refuses_to_be_raised() -> None:
    with pytest.raises(TypeError, match="one of the four kinds"):
        raise LogferryError("code", "message")


@pytest.mark.parametrize("kind", KINDS)
def test_each_of_the_four_kinds_is_caught_as_one(kind: type[LogferryError]) -> None:
    with pytest.raises(LogferryError):
        raise kind("code", "message")


@pytest.mark.parametrize(("kind", "status"), [(Unreachable, 503), (Refused, 409), (Misconfigured, 400), (Damaged, 500)])
def test_each_kind_has_its_own_answer_over_the_local_api(kind: type[LogferryError], status: int) -> None:
    assert kind.http_status == status


def test_an_error_reads_as_its_message_and_what_to_do() -> None:
    assert str(Refused("code", "It said no.", hint="Ask again.")) == "It said no. Ask again."


def test_an_error_without_a_hint_reads_as_its_message() -> None:
    assert str(Refused("code", "It said no.")) == "It said no."
