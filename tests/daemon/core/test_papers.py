from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.papers import Action, PaperChange, changes
from logferry_daemon.core.reading import Paper
from tests.daemon.papers import applied

PAPERS = st.lists(
    st.builds(
        Paper, kind=st.sampled_from(("party", "creature")), id=st.sampled_from("abcd"), digest=st.sampled_from("123")
    ),
    max_size=8,
)


def paper(identity: str = "a", digest: str = "1", kind: str = "party") -> Paper:
    return Paper(kind=kind, id=identity, digest=digest)


def keys(papers: Sequence[Paper]) -> dict[tuple[str, str], str]:
    return {(one.kind, one.id): one.digest for one in papers}


def test_a_paper_that_was_not_there_is_created() -> None:
    assert changes([], [paper()]) == (PaperChange(kind="party", id="a", action=Action.CREATE, digest="1"),)


def test_a_paper_with_another_digest_is_updated() -> None:
    assert changes([paper(digest="1")], [paper(digest="2")]) == (
        PaperChange(kind="party", id="a", action=Action.UPDATE, digest="2"),
    )


def test_a_paper_that_is_gone_is_deleted() -> None:
    assert changes([paper()], []) == (PaperChange(kind="party", id="a", action=Action.DELETE),)


def test_the_same_id_of_another_kind_is_another_paper() -> None:
    happened = changes([paper(kind="party")], [paper(kind="creature")])
    assert [(one.kind, one.action) for one in happened] == [("creature", Action.CREATE), ("party", Action.DELETE)]


def test_of_a_paper_that_is_told_twice_the_later_counts() -> None:
    assert [one.digest for one in changes([], [paper(digest="1"), paper(digest="2")])] == ["2"]


def test_changes_are_told_in_the_order_of_the_document() -> None:
    assert [one.id for one in changes([], [paper("c"), paper("a"), paper("b")])] == ["c", "a", "b"]


@pytest.mark.parametrize("action", Action)
def test_only_a_deleted_paper_has_no_digest(action: Action) -> None:
    happened = changes([paper("a"), paper("b")], [paper("b", "2"), paper("c")])
    assert [one.digest is None for one in happened if one.action is action] == [action is Action.DELETE]


@given(PAPERS, PAPERS)
def test_what_happened_leads_from_before_to_after(before: list[Paper], after: list[Paper]) -> None:
    assert keys(applied(before, changes(before, after))) == keys(after)


@given(PAPERS)
def test_nothing_changed_is_no_change_in_whatever_order(papers: list[Paper]) -> None:
    single = list({(one.kind, one.id): one for one in papers}.values())
    assert changes(single, sorted(single, key=lambda one: (one.digest, one.id), reverse=True)) == ()


@given(PAPERS, PAPERS)
def test_no_paper_changes_twice(before: list[Paper], after: list[Paper]) -> None:
    touched = [(one.kind, one.id) for one in changes(before, after)]
    assert len(touched) == len(set(touched))


@given(PAPERS, PAPERS)
def test_the_way_back_undoes_it(before: list[Paper], after: list[Paper]) -> None:
    there = applied(before, changes(before, after))
    assert keys(applied(there, changes(there, before))) == keys(before)
