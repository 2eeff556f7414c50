from __future__ import annotations

from msgspec.structs import replace

from logferry_daemon.core.bounds import MAX_PARTICIPANTS, bounded
from logferry_model.session import Participant, Session, Skill
from tests.factories import event, session


def crowd(number: int) -> Session:
    """So many people, the last of them the player; each did one thing and has one skill."""
    people = [Participant(id=f"p{one}", local=one == number - 1) for one in range(number)]
    return session(
        participants=tuple(people),
        events=tuple(replace(event("death"), participant=one.id) for one in people),
        skills=tuple(Skill(name="bite", participant=one.id) for one in people),
    )


def test_as_many_as_are_allowed_stay() -> None:
    assert bounded(crowd(MAX_PARTICIPANTS)) == crowd(MAX_PARTICIPANTS)


def test_of_a_crowd_the_player_and_the_first_stay() -> None:
    kept = [one.id for one in bounded(crowd(MAX_PARTICIPANTS + 7)).participants]
    assert (len(kept), kept[0], kept[-1]) == (MAX_PARTICIPANTS, "p0", f"p{MAX_PARTICIPANTS + 6}")


def test_what_the_others_did_is_still_there_and_nobodys() -> None:
    session = bounded(crowd(MAX_PARTICIPANTS + 7))
    assert (len(session.events), len(session.skills)) == (MAX_PARTICIPANTS + 7,) * 2
    assert sum(one.participant is None for one in session.events) == 7
    assert sum(one.participant is None for one in session.skills) == 7
