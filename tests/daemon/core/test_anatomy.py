"""What a session is made of: counted after it was cleaned, never before."""

from __future__ import annotations

from logferry_daemon.core.anatomy import anatomy
from logferry_daemon.core.reading import Raw
from logferry_model.session import Participant
from tests.factories import event, session
from tests.privacy import privacy


def test_types_and_fields_are_counted_with_the_most_frequent_first() -> None:
    events = (event("kill", creature="Drake"), event("loot", item="Hide", value=0.5), event("loot", item="Ore"))
    found = anatomy(Raw(session=session(events=events)), privacy())
    assert list(found.types.items()) == [("loot", 2), ("kill", 1)]
    assert list(found.stays.items()) == [("item", 2), ("creature", 1), ("value", 1)]


def test_what_is_taken_out_is_counted_and_counts_nowhere_else() -> None:
    events = (event("chat", fields={"to": "Hildegard", "length": 9}), event("loot", item="Hildegard's hat"))
    people = (Participant(id="me", name="Bertram", local=True),)
    raw = Raw(session=session(events=events, participants=people), names=frozenset({"Bertram", "Hildegard"}))
    found = anatomy(raw, privacy())
    assert found.stays == {"length": 1}
    assert found.redacted == {"item": 1, "participants": 1, "to": 1}
    assert found.names == 2


def test_facts_that_name_somebody_are_not_shown() -> None:
    raw = Raw(session=session(facts={"ship": "Bertram's", "mode": "solo"}), names=frozenset({"Bertram"}))
    assert anatomy(raw, privacy()).facts == {"mode": "solo"}
