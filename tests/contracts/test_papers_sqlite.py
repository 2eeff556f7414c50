"""Papers in a real database file: what is known survives, and the journal says what became of each."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.adapters import papers_sqlite
from logferry_daemon.adapters.database_sqlite import connect, migrate
from logferry_daemon.adapters.papers_sqlite import forget_papers, note_papers, paper_changes
from logferry_daemon.core.papers import Action
from logferry_daemon.core.reading import Paper
from logferry_daemon.sql.load import load_migrations, load_queries
from tests.daemon.papers import applied
from tests.factories import START

QUERIES = load_queries("papers.sql")
A, B = (Paper(kind="party", id=one, digest=f"{one}1") for one in "ab")
A2 = Paper(kind="party", id="a", digest="a2")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(path)) as connection:
        migrate(connection, load_migrations())
        yield connection


def note(path: Path, *papers: Paper, file: str = "export.json", source: str = "table") -> list[Action]:
    """What happened, written in a transaction of its own and the database closed again."""
    with opened(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        happened = note_papers(connection, source, file, papers, START)
        connection.execute("COMMIT")
    return [change.action for change in happened]


def journal(path: Path, after: int = 0) -> list[tuple[str, Action]]:
    with opened(path) as connection:
        return [(line.change.id, line.change.action) for line in paper_changes(connection, after)]


def test_what_is_seen_for_the_first_time_is_created(path: Path) -> None:
    assert note(path, A, B) == [Action.CREATE, Action.CREATE]


def test_what_is_seen_again_unchanged_is_no_news_after_a_restart_either(path: Path) -> None:
    note(path, A, B)
    assert (note(path, B, A), len(journal(path))) == ([], 2)


def test_changed_and_missing_papers_are_told(path: Path) -> None:
    note(path, A, B)
    assert note(path, A2) == [Action.UPDATE, Action.DELETE]


def test_the_journal_keeps_the_order_of_what_happened(path: Path) -> None:
    for papers in ((A,), (A2, B), (B,)):
        note(path, *papers)
    assert journal(path) == [("a", Action.CREATE), ("a", Action.UPDATE), ("b", Action.CREATE), ("a", Action.DELETE)]


def test_a_journal_line_says_where_what_and_when(path: Path) -> None:
    with opened(path) as connection:
        note_papers(connection, "table", "export.json", [A], START + timedelta(milliseconds=1))
        (line,) = paper_changes(connection, 0)
    assert (line.source, line.path, line.at) == ("table", "export.json", START + timedelta(milliseconds=1))
    assert (line.change.kind, line.change.id, line.change.action, line.change.digest) == (
        "party",
        "a",
        Action.CREATE,
        "a1",
    )


def test_who_asks_for_what_came_after_a_line_gets_that_and_no_more(path: Path) -> None:
    note(path, A, B)
    with opened(path) as connection:
        first, second = paper_changes(connection, 0)
        assert [line.seq for line in paper_changes(connection, first.seq)] == [second.seq]


def test_no_more_is_told_at_once_than_was_asked_for(path: Path) -> None:
    note(path, A, B)
    with opened(path) as connection:
        assert len(paper_changes(connection, 0, limit=1)) == 1


def test_files_and_sources_do_not_know_each_others_papers(path: Path) -> None:
    note(path, A)
    assert note(path, A, file="other.json") == note(path, A, source="other") == [Action.CREATE]


def test_a_deleted_file_deletes_every_paper_of_it_and_no_other(path: Path) -> None:
    note(path, A, B)
    note(path, A, file="other.json")
    with opened(path) as connection:
        gone = forget_papers(connection, "table", "export.json", START)
    assert sorted((change.id, change.action) for change in gone) == [("a", Action.DELETE), ("b", Action.DELETE)]
    assert note(path, A, file="other.json") == []


def test_what_comes_back_is_created_again(path: Path) -> None:
    for papers in ((A,), (), (A,)):
        note(path, *papers)
    assert [action for _, action in journal(path)] == [Action.CREATE, Action.DELETE, Action.CREATE]


def test_what_is_taken_back_never_happened(path: Path) -> None:
    note(path, A)
    with opened(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        note_papers(connection, "table", "export.json", [B], START)
        connection.execute("ROLLBACK")
    assert (note(path, A), journal(path)) == ([], [("a", Action.CREATE)])


def test_a_number_of_the_journal_is_never_used_again(path: Path) -> None:
    note(path, A)
    with opened(path) as connection:
        connection.execute("DELETE FROM paper_changes")
        note_papers(connection, "table", "export.json", [B], START)
        assert paper_changes(connection, 0)[0].seq > 1


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_compiles_and_is_used(path: Path, name: str) -> None:
    with opened(path) as connection:
        values = dict.fromkeys(re.findall(r"(?<!\w):(\w+)", re.sub(r"--.*", "", QUERIES[name])))
        connection.execute(f"EXPLAIN {QUERIES[name]}", values)
    assert f'"{name}"' in Path(papers_sqlite.__file__).read_text("utf-8")


@pytest.mark.parametrize("name", ["papers_of", "changes_after"])
def test_the_daemons_own_questions_are_answered_by_an_index(path: Path, name: str) -> None:
    with opened(path) as connection:
        values = dict.fromkeys(re.findall(r"(?<!\w):(\w+)", re.sub(r"--.*", "", QUERIES[name])))
        plan = [step["detail"] for step in connection.execute(f"EXPLAIN QUERY PLAN {QUERIES[name]}", values)]
    assert [step for step in plan if step.startswith("SCAN")] == []


STATES = st.lists(
    st.lists(
        st.builds(Paper, kind=st.just("party"), id=st.sampled_from("abc"), digest=st.sampled_from("12")), max_size=4
    ),
    max_size=6,
)


@settings(max_examples=25)
@given(STATES)
def test_whatever_the_file_held_one_after_the_other_the_journal_leads_to_what_it_holds_now(
    states: list[list[Paper]],
) -> None:
    with TemporaryDirectory() as folder, opened(Path(folder) / "spool.db") as connection:
        for papers in states:
            note_papers(connection, "table", "export.json", papers, START)
        told = applied((), (line.change for line in paper_changes(connection, 0)))
    now = {paper.id: paper.digest for paper in (states[-1] if states else ())}
    assert {paper.id: paper.digest for paper in told} == now
