"""Names of files are held as long as they are of use, and no more of them than can be looked for."""

from __future__ import annotations

from logferry_daemon.core.reading import Found, found_whole
from logferry_daemon.intake.named import MOST_FILES, MOST_NAMES, Named
from tests.factories import session


def naming(*names: str) -> Found:
    return found_whole(session(), names=frozenset(names))


def test_a_file_names_whoever_any_of_its_sessions_named() -> None:
    named = Named()
    assert named.all_in("a", [naming("Oriana"), naming("Hob")]) == {"Oriana", "Hob"}
    assert named.all_in("a", []) == {"Oriana", "Hob"}
    assert named.all_in("b", []) == frozenset()


def test_the_files_that_were_read_last_are_remembered() -> None:
    named = Named()
    named.all_in("a", [naming("Oriana")])
    for number in range(MOST_FILES - 1):
        named.all_in(f"{number}", [naming("Hob")])
    assert named.all_in("a", []) == {"Oriana"}
    for number in range(MOST_FILES):
        named.all_in(f"{number}", [])
    assert named.all_in("a", []) == frozenset()


def test_one_that_names_everybody_is_cut_off_somewhere() -> None:
    named = Named()
    many = [naming(f"guest {number}") for number in range(MOST_NAMES + 9)]
    assert len(named.all_in("a", many)) == MOST_NAMES
