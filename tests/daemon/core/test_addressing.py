"""What becomes of a slot for one destination: a token, the text or nothing, and never itself."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logferry_daemon.core.addressing import (
    BY_POLICY,
    NO_KEY,
    NOT_KEPT,
    Addressed,
    Terms,
    Tokens,
    address,
    check_no_slot,
    is_key,
)
from logferry_daemon.core.policy import NOTHING_LISTED, Group, Listing, Policy, Treatment
from logferry_daemon.core.sanitise import UNLISTED, Sanitised, sanitise
from logferry_daemon.core.slots import SLOT, Slots, slot_of
from logferry_model.envelope import encode_session
from logferry_model.errors import Refused
from logferry_model.session import Loadout, Participant, Session
from tests.daemon.texts import texts
from tests.factories import event, session
from tests.model.strategies import sendable_text, sessions
from tests.privacy import DETECTORS, SLOTS, privacy

OWN, OTHER = "ab" * 32, "cd" * 32
NAME = "Oriana Quellmont"
TOKENS = Tokens.of(OWN, "here")
TEXT_FIELDS = {
    "who": Group.PLAYERS,
    "gun": Group.LOADOUTS,
    "run": Group.SESSION_NAMES,
    "tag": Group.TAGS,
    "said": Group.COMMUNICATIONS,
    "met": Group.ENCOUNTERS,
    "alert": Group.ALERTS,
    "did": Group.ACTIONS,
    "note": Group.TEXTS,
}
LISTING = Listing(
    fields=frozenset({"mode", "cups"}),
    groups={**TEXT_FIELDS, "body": Group.LOCATIONS, "spot": Group.LOCATIONS},
    events={
        "whispered": Group.COMMUNICATIONS,
        "met": Group.ENCOUNTERS,
        "alerted": Group.ALERTS,
        "acted": Group.ACTIONS,
    },
)
WORDS = {
    Group.PLAYERS: "player",
    Group.LOADOUTS: "loadout",
    Group.SESSION_NAMES: "session",
    Group.TAGS: "tag",
    Group.LOCATIONS: "place",
    Group.COMMUNICATIONS: "message",
    Group.ENCOUNTERS: "encounter",
    Group.ALERTS: "alert",
    Group.ACTIONS: "action",
    Group.TEXTS: "text",
}

policies = st.dictionaries(st.sampled_from(Group), st.sampled_from(Treatment)).map(lambda of: Policy(treatments=of))


def cleaned(one: Session, *names: str, listing: Listing = LISTING) -> Sanitised:
    return sanitise(one, names, privacy(listing, keeps=frozenset(Group)))


def sent(
    one: Session,
    treatments: Mapping[Group, Treatment] | None = None,
    *,
    listing: Listing = LISTING,
    tokens: Tokens | None = TOKENS,
    only: Mapping[str, frozenset[str]] | None = None,
    kept: Mapping[str, str] | None = None,
    names: tuple[str, ...] = (),
) -> Addressed:
    clean = cleaned(one, *names)
    policy = Policy(treatments=treatments or {}, only=only or {})
    terms = Terms(policy=policy, listing=listing, tokens=tokens, kept=clean.kept if kept is None else kept)
    return address(encode_session(clean.session), one.tracker, terms)


def told(one: Session, **of: Any) -> dict[str, Any]:  # noqa: ANN401 -- as given on
    document: dict[str, Any] = msgspec.json.decode(sent(one, **of).document)
    return document


# Tokens


@given(sendable_text(), st.sampled_from(Group))
def test_a_token_is_half_of_an_hmac_sha256_with_a_key_of_its_place(what: str, group: Group) -> None:
    key = hmac.new(bytes.fromhex(OWN), b"logferry tokens\nhere", hashlib.sha256).digest()
    digest = hmac.new(key, f"{group}\n{what}".encode(), hashlib.sha256).hexdigest()
    assert TOKENS.token(group, what) == f"{WORDS[group]}-{digest[:32]}"


@given(sendable_text())
def test_two_installations_and_two_places_make_tokens_that_cannot_be_compared(name: str) -> None:
    digits = {
        tokens.token(Group.PLAYERS, name).partition("-")[2]
        for tokens in (TOKENS, Tokens.of(OTHER, "here"), Tokens.of(OWN, "there"))
    }
    assert len(digits) == 3


@given(sendable_text())
def test_another_start_makes_the_same_tokens(name: str) -> None:
    assert Tokens.of(OWN, "here").token(Group.PLAYERS, name) == TOKENS.token(Group.PLAYERS, name)


def test_tokens_do_not_show_their_key() -> None:
    assert repr(TOKENS) == "Tokens(***)"


@pytest.mark.parametrize(
    ("text", "usable"),
    [("ab" * 32, True), ("ab" * 31, False), ("", False), ("zz" * 32, False), ("AB" * 32, False), ("ab" * 33, False)],
)
def test_only_256_bits_in_hex_are_a_key(text: str, usable: bool) -> None:
    assert is_key(text) is usable


def test_the_same_player_has_the_same_token_wherever_he_turns_up_in_one_report() -> None:
    one = session(
        participants=(Participant(id="p1", name="Ørn Ætling"), Participant(id="p2", name="ørn ÆTLING ")),
        events=(event("loot", fields={"who": "ØRN ÆTLING"}), event("loot", fields={"who": "Somebody Else"})),
    )
    document = told(one)
    first, second = (person["name"] for person in document["participants"])
    assert first == second == document["events"][0]["fields"]["who"]
    assert document["events"][1]["fields"]["who"] != first


def test_a_dictionary_of_names_matches_no_token() -> None:
    """Who has every name there is and no key finds nobody, whatever he hashes them with."""
    number = 100_000
    syllables = ("ka", "lo", "mir", "the", "qua", "zan", "vel", "dor", "ish", "una")
    dictionary = {f"{syllables[n % 10]}{syllables[n // 10 % 10]}{n:05x}" for n in range(number)}
    assert len(dictionary) == number
    chosen = sorted(dictionary)[:: number // 50]
    of_slots = {name: found[1] for name in chosen if (found := slot_of(SLOTS.slot(Group.PLAYERS, name)))}
    wanted = {TOKENS.token(Group.PLAYERS, digits).partition("-")[2] for digits in of_slots.values()}
    wanted |= set(of_slots.values())
    assert len(wanted) == 2 * len(chosen)
    assert wanted.isdisjoint(tried for name in dictionary for tried in guesses(name))


def guesses(name: str) -> Iterator[str]:
    data = name.encode()
    for made in (
        hashlib.sha256(data),
        hashlib.md5(data, usedforsecurity=False),
        hashlib.sha1(data, usedforsecurity=False),
    ):
        yield made.hexdigest()[:32]
    for key in (b"", b"logferry", b"logferry tokens\nhere", bytes.fromhex(OTHER)):
        yield hmac.new(key, data, hashlib.sha256).hexdigest()[:32]
        yield hmac.new(key, b"players\n" + data, hashlib.sha256).hexdigest()[:32]


# Slots


@given(sessions(), policies, st.booleans(), st.sampled_from((TOKENS, None)))
def test_no_slot_is_left_whatever_the_terms(one: Session, policy: Policy, kept: bool, tokens: Tokens | None) -> None:
    clean = sanitise(one, (), privacy(keeps=frozenset(Group)))
    listing = Listing(groups=TEXT_FIELDS | {"ship": Group.PLAYERS, "mode": Group.TEXTS, "body": Group.LOCATIONS})
    terms = Terms(policy=policy, listing=listing, tokens=tokens, kept=clean.kept if kept else {})
    document = address(encode_session(clean.session), one.tracker, terms).document
    assert [text for text in texts(document) if SLOT.search(text)] == []
    check_no_slot(document)
    msgspec.json.decode(document, type=Session)


@pytest.mark.parametrize("group", Group)
def test_a_document_with_a_slot_in_it_is_never_sent(group: Group) -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        check_no_slot(encode_session(session(facts={"a": SLOTS.slot(group, NAME)})))


@given(sessions(), st.lists(sendable_text(), max_size=3))
def test_what_was_addressed_is_not_changed_by_being_addressed_again(one: Session, names: list[str]) -> None:
    clean = sanitise(one, names, privacy())
    terms = Terms(policy=Policy(), listing=Listing(groups=TEXT_FIELDS), tokens=TOKENS, kept={})
    once = address(encode_session(clean.session), one.tracker, terms).document
    assert address(once, one.tracker, terms) == Addressed(once, {})


# Every group with every treatment


def full() -> Session:
    """Something of every group, in every place where it may stand."""
    return session(
        name=NAME,
        tags=(NAME,),
        participants=(Participant(id="p1", name=NAME, facts={"note": NAME}),),
        loadouts=(Loadout(id="a", name=NAME),),
        facts={**dict.fromkeys(TEXT_FIELDS, NAME), "body": "Sol", "mode": "solo"},
        events=(event("loot", fields={**dict.fromkeys(TEXT_FIELDS, NAME), "spot": "Sol", "cups": 3}),),
    )


def places(document: dict[str, Any], group: Group) -> list[Any]:
    """What stands in the places of a group, None where nothing does."""
    person, loadout, one = document["participants"][0], document["loadouts"][0], document["events"][0]
    fields, facts = one.get("fields", {}), document.get("facts", {})
    own = next((name for name, of in TEXT_FIELDS.items() if of is group), None)
    found = [fields.get(own), facts.get(own)] if own else [fields.get("spot"), facts.get("body")]
    more = {
        Group.PLAYERS: [person.get("name")],
        Group.LOADOUTS: [loadout.get("name")],
        Group.SESSION_NAMES: [document.get("name")],
        Group.TAGS: [(document.get("tags") or [None])[0]],
        Group.TEXTS: [person.get("facts", {}).get("note")],
    }
    return [*found, *more.get(group, [])]


@pytest.mark.parametrize("group", Group)
@pytest.mark.parametrize("treatment", Treatment)
def test_a_treatment_of_a_group_does_what_it_says_in_every_place(group: Group, treatment: Treatment) -> None:
    others = {other: Treatment.DROP for other in Group if other is not group}
    result = sent(full(), {**others, group: treatment}, kept={SLOTS.slot(group, NAME): NAME})
    document = msgspec.json.decode(result.document)
    found = places(document, group)
    if treatment is Treatment.DROP:
        assert set(found) == {None}
    elif treatment is Treatment.KEEP:
        assert set(found) == {"Sol" if group is Group.LOCATIONS else NAME}
    else:
        assert len(set(found)) == 1
        assert SLOT.fullmatch(f"@players:{found[0].removeprefix(WORDS[group] + '-')}")
    for other in others:
        assert set(places(document, other)) == {None}
    assert document["facts"]["mode"] == "solo"
    assert document["events"][0]["fields"]["cups"] == 3


@pytest.mark.parametrize(("word", "group"), LISTING.events.items())
@pytest.mark.parametrize("treatment", Treatment)
def test_what_happened_to_others_is_dropped_as_a_whole_or_stays(word: str, group: Group, treatment: Treatment) -> None:
    one = session(events=(event("loot"), event(word, fields={"note": NAME}), event(word)))
    result = sent(one, {group: treatment})
    left = [each["type"] for each in msgspec.json.decode(result.document)["events"]]
    if treatment is Treatment.DROP:
        assert left == ["loot"]
        assert result.removed == {(word, BY_POLICY): 2}
    else:
        assert left == ["loot", word, word]


@pytest.mark.parametrize(("word", "group"), LISTING.events.items())
def test_what_happened_to_others_is_dropped_where_nothing_else_is_decided(word: str, group: Group) -> None:
    result = sent(session(events=(event("loot"), event(word), event("loot"))), {group: Treatment.DROP})
    assert [each["type"] for each in msgspec.json.decode(result.document)["events"]] == ["loot", "loot"]
    assert result.removed == {(word, BY_POLICY): 1}


def test_a_text_of_such_an_event_is_of_its_group() -> None:
    one = session(events=(event("whispered", fields={"note": NAME}),))
    kept = {Group.COMMUNICATIONS: Treatment.KEEP, Group.TEXTS: Treatment.DROP}
    assert told(one, treatments=kept)["events"][0]["fields"] == {"note": NAME}


@pytest.mark.parametrize("value", [3, 2.5, True])
@pytest.mark.parametrize("treatment", [Treatment.DROP, Treatment.TOKEN])
def test_a_place_that_is_a_number_is_gone_where_places_are_not_kept(value: float, treatment: Treatment) -> None:
    result = sent(session(facts={"body": value}), {Group.LOCATIONS: treatment})
    assert msgspec.json.decode(result.document).get("facts") == {}
    assert result.removed == {("body", BY_POLICY): 1}


def test_the_same_place_has_the_same_token_in_whatever_case() -> None:
    one = session(facts={"body": "SOL"}, events=(event("loot", fields={"spot": "sol"}),))
    document = told(one, treatments={Group.LOCATIONS: Treatment.TOKEN})
    assert document["facts"]["body"] == document["events"][0]["fields"]["spot"]


# Lists


def test_only_the_fields_that_its_owner_chose_go() -> None:
    result = sent(full(), only={"artemis": frozenset({"cups"})})
    document = msgspec.json.decode(result.document)
    assert document["events"][0]["fields"] == {"cups": 3}
    assert document["facts"] == {}
    assert result.removed["mode", BY_POLICY] == 1


def test_facts_of_somebody_are_chosen_as_those_of_a_session_are() -> None:
    one = session(participants=(Participant(id="p1", facts={"mode": "solo", "cups": 3}),))
    result = sent(one, only={"artemis": frozenset({"cups"})})
    assert msgspec.json.decode(result.document)["participants"] == [{"id": "p1", "facts": {"cups": 3}}]
    assert result.removed == {("mode", BY_POLICY): 1}


@given(sessions())
def test_where_nothing_is_decided_it_goes_as_it_is_kept(one: Session) -> None:
    plain = replace(one, participants=(), name=None, tags=(), loadouts=(), facts={})
    plain = replace(plain, events=tuple(replace(each, fields={}) for each in plain.events))
    clean = cleaned(plain, listing=NOTHING_LISTED).session
    assert sent(clean, listing=NOTHING_LISTED) == Addressed(encode_session(clean), {})


def test_a_choice_for_one_tracker_is_none_for_another() -> None:
    assert told(full(), only={"swtor": frozenset()})["facts"]["mode"] == "solo"


def test_of_a_recipe_that_is_gone_no_field_leaves_and_each_is_counted() -> None:
    result = sent(full(), listing=NOTHING_LISTED)
    document = msgspec.json.decode(result.document)
    assert (document.get("facts"), document["events"][0].get("fields")) == ({}, {})
    unlisted = {field: times for (field, reason), times in result.removed.items() if reason == UNLISTED}
    assert unlisted["mode"] == unlisted["cups"] == 1
    assert sum(unlisted.values()) == 2 * len(TEXT_FIELDS) + 4 + 1


# Where there is nothing to make a token of


def test_without_a_key_names_are_dropped_and_counted_with_the_reason() -> None:
    one = session(participants=(Participant(id="p1", name=NAME), Participant(id="p2", name="Hob")))
    result = sent(one, tokens=None)
    assert [person.get("name") for person in msgspec.json.decode(result.document)["participants"]] == [None, None]
    assert result.removed == {("name", NO_KEY): 2}


def test_what_is_to_be_kept_and_was_not_is_dropped_and_counted() -> None:
    one = session(participants=(Participant(id="p1", name=NAME),))
    result = sent(one, {Group.PLAYERS: Treatment.KEEP}, kept={})
    assert result.removed == {("name", NOT_KEPT): 1}


def test_a_name_in_another_text_does_not_come_back_where_names_are_kept() -> None:
    one = session(participants=(Participant(id="p1", name=NAME),), events=(event("loot", item=f"Hat of {NAME}"),))
    document = told(one, treatments=dict.fromkeys(Group, Treatment.KEEP), names=(NAME,))
    assert document["participants"][0]["name"] == NAME
    assert "item" not in document["events"][0]


@pytest.mark.parametrize("text", ["mila@example.org", "C:\\Users\\Mila", "+49 151 23456789"])
@pytest.mark.parametrize("group", Group)
def test_what_looks_private_is_dropped_although_its_group_is_kept(group: Group, text: str) -> None:
    name = next((name for name, of in LISTING.groups.items() if of is group), "")
    document = told(session(facts={name: text}), treatments=dict.fromkeys(Group, Treatment.KEEP))
    assert "facts" not in document
    assert DETECTORS.found(text)


def test_another_spools_slot_is_another_token() -> None:
    elsewhere = Slots(b"another spool")
    ways = {sent(session(facts={"who": one.slot(Group.PLAYERS, NAME)})).document for one in (SLOTS, elsewhere)}
    assert len(ways) == 2


def test_a_text_that_is_kept_takes_no_players_name_along() -> None:
    """Another destination is sent the names, so they are there; this one is not."""
    one = session(name=f"hunt with {NAME}", participants=(Participant(id="p1", name=NAME),))
    terms = {Group.SESSION_NAMES: Treatment.KEEP, Group.PLAYERS: Treatment.TOKEN}
    both = {
        SLOTS.slot(Group.PLAYERS, NAME): NAME,
        SLOTS.slot(Group.SESSION_NAMES, f"hunt with {NAME}"): f"hunt with {NAME}",
    }
    document = msgspec.json.decode(sent(one, terms, kept=both).document)
    assert ("name" in document, document["participants"][0]["name"].startswith("player-")) == (False, True)
