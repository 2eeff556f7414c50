"""Who the owner is, in every dialect: where the contract has a place for his name it stands there, and only if he told."""

from __future__ import annotations

import gzip
from dataclasses import replace

import msgspec
import pytest

from logferry_daemon.core.account import NAMED
from logferry_daemon.core.exchange import Dialect, Letter, Parcel
from logferry_daemon.dialects.catalogue import all_dialects
from logferry_model.envelope import Envelope
from tests.daemon.dialects.seeds import TRACKERS, parcel, session_for
from tests.daemon.dialects.talking import PARCEL

ACCOUNT = "mila.quellmont@example.org"
DIALECTS = all_dialects()
ENVELOPES = ("logferry", "folder", "s3")


def given(dialect: str) -> Parcel:
    return parcel(session_for(dialect)) if dialect in TRACKERS else PARCEL


def sent(dialect: Dialect, account: str) -> bytes:
    return body(dialect.write(replace(given(dialect.name), account=account)))


def body(letter: Letter) -> bytes:
    packed = letter.headers.get("Content-Encoding") == "gzip" or letter.body.startswith(b"\x1f\x8b")
    return gzip.decompress(letter.body) if packed else letter.body


@pytest.mark.parametrize("name", DIALECTS)
def test_a_name_goes_along_where_there_is_a_place_for_it_and_nowhere_else(name: str) -> None:
    dialect = DIALECTS[name]
    assert (ACCOUNT.encode() in sent(dialect, ACCOUNT)) is (name in NAMED)
    letter = dialect.write(replace(given(name), account=ACCOUNT))
    assert ACCOUNT not in "".join(letter.headers.values())


@pytest.mark.parametrize("name", ENVELOPES)
def test_an_envelope_has_it_beside_the_session_and_the_random_id(name: str) -> None:
    envelope = msgspec.json.decode(sent(DIALECTS[name], ACCOUNT), type=Envelope)
    assert (envelope.account, envelope.install_id) == (ACCOUNT, "5f0c")
    assert ACCOUNT.encode() not in bytes(envelope.payload)


@pytest.mark.parametrize("name", ENVELOPES)
def test_without_a_name_an_envelope_has_no_field_for_one(name: str) -> None:
    fields = msgspec.json.decode(sent(DIALECTS[name], ""))
    assert "account" not in fields
    assert fields["install_id"] == "5f0c"


@pytest.mark.parametrize(("account", "user"), [(ACCOUNT, ACCOUNT), ("", "5f0c")])
def test_artemis_calls_him_by_his_name_or_by_the_random_id(account: str, user: str) -> None:
    assert msgspec.json.decode(sent(DIALECTS["artemis"], account))["user"]["userId"] == user
