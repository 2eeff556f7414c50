"""Keys are found in whatever usual code they stand, the field is named, and whoever looks for them shows none."""

from __future__ import annotations

import json
import pickle
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logferry_daemon.core.known_secrets import MASKED, MOST, NO_SECRETS, Secrets
from logferry_model.envelope import encode_session
from tests.factories import event, session

KEY = 's3cret+lantern/"of\\brass"=='
SLOT = "@players:00"
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40)
beside = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=9)


def in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


CODES: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON-escaped": in_json,
    "JSON-escaped with slashes": lambda text: in_json(text).replace("/", "\\/"),
    "JSON in JSON": lambda text: in_json(in_json(text)),
    "JSON-escaped by numbers": lambda text: "".join(f"\\u{ord(char):04X}" for char in text),
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded in part": quote,
    "percent-encoded in small letters": lambda text: quote_plus(text).lower() if text.islower() else quote_plus(text),
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent-encoded in JSON": lambda text: in_json(quote(text)),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 for addresses": lambda text: urlsafe_b64encode(text.encode()).decode(),
    "base64, percent-encoded": lambda text: quote(b64encode(text.encode()).decode(), safe=""),
}
each_code = pytest.mark.parametrize("code", CODES)


@each_code
def test_a_key_is_found_in_every_usual_code(code: str) -> None:
    assert Secrets([KEY]).stand_in(f"see {CODES[code](KEY)}, twice")


@each_code
@given(keys, beside, beside)
@example("0%00\\0", "", "")
@example("a\\\\%41%2541b", "", "")
def test_whatever_the_key_and_whatever_stands_beside_it(code: str, key: str, before: str, after: str) -> None:
    # In one text with other marks of a code nobody can tell where the code begins.
    plain = str.maketrans("", "", "%\\")
    assert Secrets([key]).stand_in(before.translate(plain) + CODES[code](key) + after.translate(plain))


@given(keys, beside, beside)
def test_a_key_is_found_in_a_longer_text_in_base64(key: str, before: str, after: str) -> None:
    assert Secrets([key]).stand_in(b64encode((before + key + after).encode()).decode())


@each_code
def test_the_field_is_named(code: str) -> None:
    document = encode_session(session(events=(event("loot", item="Hat"), event("loot", item=CODES[code](KEY)))))
    assert Secrets([KEY]).places(document) == ("events.1.item",)


def test_a_field_whose_name_is_a_key_is_named_without_it() -> None:
    document = encode_session(session(facts={"s3cretlantern": "a", "b": "c"}))
    assert Secrets(["s3cretlantern"]).places(document) == (f"facts.{MASKED}",)


def test_a_key_of_digits_is_found_as_a_number_and_not_in_a_longer_one() -> None:
    known = Secrets(["20260102"])
    assert known.places(encode_session(session(facts={"a": 20260102}))) == ("facts.a",)
    assert known.places(encode_session(session(facts={"a": 1202601023}))) == ()


def test_a_text_that_a_slot_stands_for_counts_where_the_slot_is() -> None:
    document = encode_session(session(facts={"a": SLOT}))
    assert Secrets([KEY]).places(document, {SLOT: f"by {KEY}"}) == ("facts.a",)
    assert Secrets([KEY]).places(document, {SLOT: "by somebody"}) == ()


def test_of_a_key_in_parts_each_is_looked_for_but_the_name_at_its_front() -> None:
    known = Secrets(["mila@home:s3cret-s3cret:signer-of-all"])
    assert [known.stand_in(text) for text in ("s3cret-s3cret", "signer-of-all", "mila@home")] == [True, True, False]


TOKEN = "s3cret-Token_1abcdefghijklmnop"
ID = "1200000000000000002"


@pytest.mark.parametrize("given", [f"https://discord.com/api/webhooks/{ID}/{TOKEN}", f"{ID}/{TOKEN}"])
@pytest.mark.parametrize(
    "text",
    [TOKEN, f"{ID}/{TOKEN}", f"https://discordapp.com/api/webhooks/{ID}/{TOKEN}", f"/api/v10/webhooks/{ID}/{TOKEN}"],
)
def test_of_a_key_that_is_an_address_every_way_to_write_it_is_found(given: str, text: str) -> None:
    assert Secrets([given]).stand_in(f"see {text}, twice")


def test_neither_the_host_nor_a_number_of_such_an_address_is_a_key() -> None:
    known = Secrets([f"https://hooks.long-name.example/api/webhooks/{ID}/{TOKEN}"])
    assert [known.stand_in(text) for text in ("hooks.long-name.example", ID)] == [False, False]


@pytest.mark.parametrize("text", ["my+secret+key", "my%20secret+key", "my secret key"])
def test_a_blank_may_be_written_as_a_plus(text: str) -> None:
    assert Secrets(["my secret key"]).stand_in(f"q={text.replace('%20', '+')}&x")


def test_a_letter_that_is_no_json_is_searched_as_a_text() -> None:
    known = Secrets([KEY])
    assert known.in_letter(f"a,b\n{KEY},c".encode()) == ("what was written",)
    assert known.in_letter(json.dumps({"account": KEY}).encode()) == ("account",)
    assert known.in_letter(b"a,b") == ()


def test_only_the_first_few_places_are_told() -> None:
    many = session(events=tuple(event("loot", item=f"{KEY} {number}") for number in range(MOST + 3)))
    assert len(Secrets([KEY]).places(encode_session(many))) == MOST


@given(st.text(max_size=60), st.lists(keys, max_size=3))
def test_nothing_is_found_where_nothing_is(text: str, some: list[str]) -> None:
    # What stands between slashes or colons is looked for by itself.
    whole = str.maketrans("/:", "..")
    absent = [f"{key.translate(whole)}s3cret-lantern" for key in some]
    assert not Secrets(absent).stand_in(text)
    assert not NO_SECRETS.stand_in(text)


def test_a_key_that_is_shorter_than_any_stops_nothing() -> None:
    assert not Secrets(["abc", ""]).stand_in("abc")


def test_it_shows_nothing_and_cannot_be_sent_elsewhere() -> None:
    known = Secrets([KEY])
    assert (repr(known), str(known), f"{[known]}") == ("Secrets(***)", "Secrets(***)", "[Secrets(***)]")
    with pytest.raises(TypeError):
        pickle.dumps(known)
