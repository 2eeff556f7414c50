"""The last look: a sanitiser that forgets a field is caught, and a player who is called like a word of ours stops nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.detectors import Detectors, Surroundings
from logferry_daemon.core.known_secrets import Secrets
from logferry_daemon.core.policy import Group
from logferry_daemon.core.preparing import prepare
from logferry_daemon.core.reading import found_whole
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.core.slots import Slots
from logferry_daemon.core.verify import MOST, leaks, quoted
from logferry_model.envelope import encode_session
from logferry_model.figures import LootTotal, SkillTotal, Statistics
from logferry_model.session import Attachment, Boss, End, EndRule, Loadout, Participant, Session, Skill
from tests.daemon.texts import holding
from tests.factories import event, session
from tests.model.strategies import sessions
from tests.planting import TRACKERS, made, read
from tests.privacy import ALL_LISTED, DETECTORS, SLOTS, privacy

NAME = "Oriana Quellmont"
END = end_by(EndRule.EXPLICIT, "line 9: Shutdown")


def one_event(**of: Any) -> dict[str, Any]:  # noqa: ANN401 -- any field
    return {"events": (event("loot", **of),)}


def total(**of: Any) -> dict[str, Any]:  # noqa: ANN401 -- as above
    return {"statistics": Statistics(**of)}


FIELDS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "name": ("name", {"name": NAME}),
    "a tag": ("tags.0", {"tags": (NAME,)}),
    "a participant": ("participants.0.name", {"participants": (Participant(id="p1", name=NAME),)}),
    "a participant's fact": ("participants.0.facts.a", {"participants": (Participant(id="p1", facts={"a": NAME}),)}),
    "a loadout": ("loadouts.0.name", {"loadouts": (Loadout(id="a", name=NAME),)}),
    "evidence": ("end.evidence", {"end": End(rule=EndRule.EXPLICIT, evidence=NAME, confidence=1.0)}),
    "an item": ("events.0.item", one_event(item=f"Hat of {NAME}")),
    "a creature": ("events.0.creature", one_event(creature=NAME.upper())),
    "a skill": ("events.0.skill", one_event(skill=NAME)),
    "a skill's category": ("events.0.skill_category", one_event(skill_category=NAME)),
    "a kind of damage": ("events.0.damage_type", one_event(damage_type=NAME)),
    "a field": ("events.0.fields.note", one_event(fields={"note": f"by {NAME}!"})),
    "a fact": ("facts.a", {"facts": {"a": NAME}}),
    "a skill of the session": ("skills.0.name", {"skills": (Skill(name=NAME),)}),
    "its category": ("skills.0.category", {"skills": (Skill(name="Rifle", category=NAME),)}),
    "a boss": ("bosses.0.name", {"bosses": (Boss(name=NAME),)}),
    "a total of loot": ("statistics.loot.0.item", total(loot=(LootTotal(item=NAME),))),
    "a total of a skill": ("statistics.skills.0.name", total(skills=(SkillTotal(name=NAME),))),
    "its category there": ("statistics.skills.0.category", total(skills=(SkillTotal(name="a", category=NAME),))),
    "an attachment": (
        "attachments.0.name",
        {"attachments": (Attachment(name=NAME, media_type="text/csv", size=1, digest="0"),)},
    ),
    "the natural key": ("natural_key", {"natural_key": f"session-1@{NAME}@2026-03-01T20:00:00Z"}),
}
each_field = pytest.mark.parametrize("field", FIELDS)


class Forgetful(Slots):
    """A mistake: it leaves texts as they are."""

    def slot(self, group: Group, text: str) -> str:
        return text


def found_in(document: bytes, *names: str, detectors: Detectors = DETECTORS, **more: Any) -> list[str]:  # noqa: ANN401 -- as given on
    return list(leaks(document, names=names, detectors=detectors, **more))


@each_field
def test_a_name_that_was_left_in_a_field_is_found_there(field: str) -> None:
    path, changes = FIELDS[field]
    assert found_in(encode_session(session(**changes)), NAME) == [path]


@each_field
@pytest.mark.parametrize("text", ["mila@example.org", "C:\\Users\\Mila", "sk-live-4eC39HqLyjWDarjt", "10.0.0.1"])
def test_what_looks_private_is_found_without_any_name(field: str, text: str) -> None:
    path, changes = FIELDS[field]
    document = encode_session(session(**changes)).decode().replace(NAME, text.replace("\\", "\\\\"))
    document = document.replace(NAME.upper(), text.replace("\\", "\\\\"))
    assert found_in(document.encode()) == [path]


@pytest.mark.parametrize("field", ["name", "a tag", "a participant", "a loadout"])
def test_a_session_whose_names_were_forgotten_is_kept_as_an_empty_frame(field: str) -> None:
    path, changes = FIELDS[field]
    mistaken = Privacy(slots=Forgetful(b"key"), detectors=DETECTORS, listing=ALL_LISTED, keeps=frozenset(Group))
    new = prepare(found_whole(session(**changes), names=frozenset({NAME})), END, only_grows=True, privacy=mistaken)
    assert new.leaks == (path,)
    frame = msgspec.json.decode(new.document, type=Session)
    assert (frame.events, frame.facts, new.kept) == ((), {}, {})
    assert holding(new.document, "quellmont") == []
    assert holding(new.document, new.session.natural_key) != []


def test_a_name_in_the_natural_key_itself_is_caught_and_not_kept() -> None:
    _, changes = FIELDS["the natural key"]
    found = found_whole(session(**changes), names=frozenset({NAME}))
    new = prepare(found, END, only_grows=True, privacy=privacy())
    assert new.leaks == ("natural_key",)
    assert new.session.natural_key.startswith("withheld/")
    assert holding(new.document, "quellmont") == []


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"the natural key"}))
def test_a_sanitiser_that_forgets_nothing_leaves_nothing_to_catch(field: str) -> None:
    _, changes = FIELDS[field]
    found = found_whole(session(**changes), names=frozenset({NAME}))
    new = prepare(found, END, only_grows=True, privacy=privacy())
    assert new.leaks == ()
    assert holding(new.document, "quellmont") == []


@given(sessions(), st.lists(st.text(min_size=1, max_size=12), max_size=3))
def test_whatever_a_log_holds_nothing_of_it_is_withheld(one: Session, names: list[str]) -> None:
    natural = replace(one, natural_key="session-1@2026-03-01T20:00:00+00:00")
    new = prepare(found_whole(natural, names=frozenset(names)), END, only_grows=True, privacy=privacy())
    assert new.leaks == ()


@each_field
@pytest.mark.parametrize("name", ['Nadja "Wisp" Ferrowyn', "Ferrowyn\\\\Wisp", "Zoë Müller"])
def test_a_name_with_signs_that_json_escapes_is_found_wherever_it_stands(field: str, name: str) -> None:
    path, changes = FIELDS[field]
    written = json.dumps(name, ensure_ascii=False)[1:-1]
    document = encode_session(session(**changes)).decode().replace(NAME, written).replace(NAME.upper(), written)
    assert found_in(document.encode(), name) == [path]


def test_a_name_is_found_where_the_natural_key_is_the_same_word() -> None:
    document = encode_session(session(natural_key="hans", events=(event("loot", item="hans"),)))
    assert found_in(document, "hans") == ["events.0.item"]


@each_field
def test_a_secret_is_found_wherever_it_stands(field: str) -> None:
    path, changes = FIELDS[field]
    document = encode_session(session(**changes)).decode().replace(NAME, "hunter2hunter2")
    document = document.replace(NAME.upper(), "hunter2hunter2")
    assert found_in(document.encode(), secrets=Secrets(["hunter2hunter2"])) == [path]


def test_a_secret_is_found_in_a_word_of_ours_too() -> None:
    assert found_in(encode_session(session(tracker="hunter2")), secrets=Secrets(["hunter2"])) == ["tracker"]


def test_only_the_first_few_places_are_told() -> None:
    many = session(events=tuple(event("loot", item=f"{NAME} {number}") for number in range(MOST + 3)))
    assert len(found_in(encode_session(many), NAME)) == MOST


@given(st.lists(st.text('ab"', max_size=5)).map('"'.join), st.integers(0, 12))
def test_a_document_is_searched_whole_however_it_is_cut(text: str, block: int) -> None:
    document = text.encode()
    assert quoted(document, block) == set(document.split(b'"')[1::2])


def test_a_name_at_the_end_of_a_long_session_is_found() -> None:
    events = (*(event("loot", item="Hide") for _ in range(3_000)), event("loot", item=NAME))
    assert found_in(encode_session(session(events=events)), NAME) == ["events.3000.item"]


def test_a_slot_is_no_leak() -> None:
    assert found_in(encode_session(session(name=SLOTS.slot(Group.PLAYERS, NAME))), NAME, "players") == []


# Players who are called like words of ours

OUR_WORDS = (
    "loot", "session", "damage", "removed", "other", "me", "Scan", "2026", "encounter", "explicit", "silence", "demand",
    "player", "players", "event", "events", "attachment", "loadout", "fight", "match", "run", "kill", "miss", "heal",
    "artemis", "elite", "putt", "swtor", "gw2", "text/csv", "other", "name", "item", "value", "quantity", "Docked",
    "combat", "true", "null", "withheld", "seen", "line", "Shutdown", "UTC", "000", "T20", "session-1", "p1", "killed",
    "death", "unknown", "none", "critical", "round", "turn", "quest", "putts", "makes", "won", "lost", "win", "Sound",
)  # fmt: skip


@pytest.mark.parametrize("tracker", sorted(TRACKERS))
@pytest.mark.parametrize("seed", [1, 2])
def test_a_player_who_is_called_like_a_word_of_ours_stops_nothing(tracker: str, seed: int) -> None:
    of = Privacy(slots=SLOTS, detectors=DETECTORS, listing=TRACKERS[tracker].listing)
    withheld = {}
    for found in read(tracker, made(tracker, seed, str)):
        raw = found.raw()
        for word in sorted(OUR_WORDS):
            for names in ({word}, {word.upper()}):
                known = found_whole(raw.session, names=raw.names | names)
                if left := prepare(known, found.end or END, only_grows=True, privacy=of).leaks:
                    withheld[word] = left
    assert withheld == {}


@pytest.mark.parametrize("tracker", sorted(TRACKERS))
@pytest.mark.parametrize("account", ["loot", "session", "damage", "scan", "kill", "encounter"])
def test_an_account_that_is_called_like_a_word_of_ours_stops_nothing(tracker: str, account: str) -> None:
    detectors = Detectors(Surroundings(user=account, host=account))
    of = Privacy(slots=SLOTS, detectors=detectors, listing=TRACKERS[tracker].listing)
    for found in read(tracker, made(tracker, 1, str)):
        assert prepare(found, found.end or END, only_grows=True, privacy=of).leaks == ()
