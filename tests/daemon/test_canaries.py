"""Whatever private thing stands in whatever text of whatever file: nothing of it is in what is sent on the usual terms.

What is planted: names, in every field of a name and inside other texts; what people say, in the fields that are for that;
addresses, paths, keys and passwords in any text at all. What is not: a bare unknown word where a game names its things. An
item called `Kanari` is the game's word for an item, nobody can tell it from another, and it stays.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.core.addressing import Terms, address, check_no_slot
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.exchange import Letter, Parcel
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.policy import STANDARD, Group, Policy, Treatment
from logferry_daemon.core.preparing import prepare
from logferry_daemon.core.reading import Found
from logferry_daemon.core.sanitise import Privacy
from logferry_daemon.dialects.logferry import LogferryDialect
from logferry_model.session import EndRule, Session
from tests.planting import TRACKERS, Canaries, Planter, made, planted, read, safe_places
from tests.privacy import DETECTORS, SLOTS, TOKENS

END = end_by(EndRule.SILENCE, "nothing written for 12:00:00")
SEEDS = 2
DROPPED = Policy(treatments=dict.fromkeys(Group, Treatment.DROP))

each_tracker = pytest.mark.parametrize("tracker", sorted(TRACKERS))


def kept(tracker: str, found: Found) -> NewSession:
    """As it enters the spool."""
    privacy = Privacy(slots=SLOTS, detectors=DETECTORS, listing=TRACKERS[tracker].listing)
    return prepare(found, found.end or END, only_grows=False, privacy=privacy)


def letter(new: NewSession, policy: Policy = STANDARD) -> Letter:
    """As it leaves."""
    session = new.session
    terms = Terms(policy=policy, listing=TRACKERS[session.tracker].listing, tokens=TOKENS, kept=new.kept)
    document = address(new.document, session.tracker, terms).document
    check_no_slot(document)
    parcel = Parcel(
        session=session.id,
        tracker=session.tracker,
        natural_key=session.natural_key,
        revision=1,
        started_at=session.started_at,
        ended_at=session.ended_at,
        document=document,
        idempotency_key="0" * 32,
        install_id="1" * 32,
        app_version="1.2.3",
        platform="linux",
    )
    return LogferryDialect().write(parcel)


def everything(new: NewSession, sent: Letter) -> Iterator[str]:
    """What stands in the spool and on the wire, compressed and not."""
    headers = " ".join(f"{name}: {value}" for name, value in sent.headers.items())
    yield from (headers, sent.payload_digest, str(new.removed), str(new.leaks), new.fingerprint)
    for data in (new.document, sent.body, gzip.decompress(sent.body)):
        yield data.decode("utf-8", "replace")


def come_out(canaries: Sequence[str], texts: Iterator[str]) -> set[str]:
    whole = "\n".join(texts).casefold()
    return {word for word in canaries if word.casefold() in whole}


@each_tracker
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_no_canary_comes_out_of_any_file(tracker: str, data: st.DataObject) -> None:
    seed = data.draw(st.integers(1, SEEDS))
    safe = safe_places(tracker, seed)
    places = data.draw(st.just(safe) | st.lists(st.sampled_from(safe), min_size=1, unique=True))
    canaries = Canaries()
    found = read(tracker, planted(tracker, seed, canaries, places))
    assert found
    for one in found:
        new = kept(tracker, one)
        assert new.leaks == ()
        assert come_out(canaries.words, everything(new, letter(new))) == set()
        assert come_out(canaries.words, everything(new, letter(new, DROPPED))) == set()


@each_tracker
def test_most_texts_of_a_file_can_be_planted_in(tracker: str) -> None:
    """Else the property above would say little."""
    counting = Planter(tracker, 1, Canaries())
    made(tracker, 1, counting)
    assert len(safe_places(tracker, 1)) > 0.5 * counting.number


def of_canaries() -> Mapping[str, int]:
    """Tracker -> canaries in one of its files."""
    numbers = {}
    for tracker in TRACKERS:
        canaries = Canaries()
        planted(tracker, 1, canaries, safe_places(tracker, 1))
        numbers[tracker] = len(canaries.words)
    return numbers


def test_there_are_canaries_in_every_file_and_very_many_in_all() -> None:
    numbers = of_canaries()
    assert min(numbers.values()) >= 5
    assert sum(numbers.values()) >= 500


@each_tracker
def test_a_file_whose_texts_are_the_games_own_comes_through(tracker: str) -> None:
    """What must stay is still there: nothing is proven about canaries by a session that was emptied."""
    (first, *_) = read(tracker, made(tracker, 1, lambda text: text))
    new = kept(tracker, first)
    raw = first.raw().session
    whole = msgspec.json.decode(new.document, type=Session)
    assert [event.type for event in whole.events] == [event.type for event in raw.events]
    assert whole.statistics.events == raw.statistics.events
    assert msgspec.json.decode(letter(new).body and gzip.decompress(letter(new).body))["tracker"] == tracker
