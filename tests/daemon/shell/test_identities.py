"""Who played: asked about, allowed, denied and forgotten, through the whole daemon over fakes."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logferry_daemon.control.answers import DaemonControl
from logferry_daemon.core.delivery import DENIED_REASON, UNKNOWN_REASON
from logferry_daemon.core.identities import ANY, UNSURE, Binding
from logferry_ipc.messages import (
    ConsentGrant,
    DaemonState,
    DeliveryState,
    EventKind,
    IdentityDecision,
    Login,
    NewSource,
    Player,
    UploadAll,
)
from logferry_ipc.routes import BY_CALL, Scope
from logferry_model.errors import LogferryError
from tests.contracts.spooling import HOME, admit, found
from tests.counting_loop import run
from tests.daemon.shell.house import House
from tests.daemon.shell.office import Office, name_of, problem
from tests.daemon.shell.stage import jump, line, shutdown

MINUTE = timedelta(minutes=1)
MILA, OLE = "MILA QUELLMONT", "OLE BRACKWATER"
ELITE = "elite-dangerous"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    async with made.open():
        await made.control.add_source(NewSource(tracker=ELITE, path=str(made.logs), name="flights"))
        await made.add_destination()
        await made.control.login("home", Login(secret="s3cret"))
        yield made


@pytest.fixture
def control(house: House) -> DaemonControl:
    return house.control


async def fly(house: House, commander: str | None, number: int = 1) -> None:
    """A finished flight lies in the folder, and the daemon has looked at it."""
    at = house.clock.now() - timedelta(hours=number)
    who = {} if commander is None else {"Commander": commander}
    told = line("LoadGame", at, **who, Credits=1) + jump(at + MINUTE) + shutdown(at + 2 * MINUTE)
    house.files.write(f"Journal.{at:%Y-%m-%dT%H%M%S}.01.log", told, mtime=at + 2 * MINUTE)
    await house.fleet.rescan()
    await house.quiet()


async def agree_to_what_is_shown(house: House) -> None:
    shown = await house.control.consent("home")
    players = tuple(Player(tracker=one.tracker, identity=one.identity) for one in shown.identities)
    await house.control.grant("home", ConsentGrant(policy_digest=shown.policy_digest, identities=players))
    await house.quiet()


async def deliveries(house: House) -> set[tuple[DeliveryState, str]]:
    sessions = (await house.control.sessions()).sessions
    return {(one.state, one.reason) for session in sessions for one in session.deliveries}


async def asked(house: House) -> list[str]:
    return [one.message for one in (await house.control.status()).attention if one.code == "identity-unknown"]


async def test_whoever_plays_alone_is_asked_nothing_but_for_consent(house: House, control: DaemonControl) -> None:
    await fly(house, MILA, 1)
    await fly(house, MILA, 2)
    (shown,) = (await control.consent("home")).identities
    assert (shown.identity, shown.title, shown.sessions, shown.state) == (MILA, "Elite Dangerous", 2, "unknown")
    assert await asked(house) == [], "consent asks"
    await agree_to_what_is_shown(house)
    await fly(house, MILA, 3)
    assert await deliveries(house) == {(DeliveryState.UPLOADED, "")}
    assert len(house.sender.sent) == 3


async def test_consent_is_for_the_players_that_were_shown_with_it(house: House, control: DaemonControl) -> None:
    await fly(house, MILA, 1)
    shown = await control.consent("home")
    await fly(house, OLE, 2)
    players = tuple(Player(tracker=one.tracker, identity=one.identity) for one in shown.identities)
    given = await control.grant("home", ConsentGrant(policy_digest=shown.policy_digest, identities=players))
    assert {one.identity: one.state for one in given.identities} == {MILA: "allowed", OLE: "unknown"}
    await house.quiet()
    assert len(house.sender.sent) == 1


async def test_consent_that_names_nobody_allows_nobody(house: House) -> None:
    await fly(house, MILA)
    await house.agree()
    await house.quiet()
    assert await deliveries(house) == {(DeliveryState.HELD, UNKNOWN_REASON)}
    assert house.sender.sent == []


async def test_consent_cannot_name_everybody(house: House, control: DaemonControl) -> None:
    await fly(house, "*")
    shown = await control.consent("home")
    everybody = (Player(tracker=ELITE, identity=ANY), Player(tracker=ANY, identity=ANY))
    await control.grant("home", ConsentGrant(policy_digest=shown.policy_digest, identities=everybody))
    assert (await control.identities()).rules == ()
    await agree_to_what_is_shown(house)
    await fly(house, MILA, 2)
    assert len(house.sender.sent) == 1, "the one who is called like the sign for everybody"


async def test_a_later_player_is_held_and_asked_about_without_a_name(house: House, control: DaemonControl) -> None:
    await agree_to_what_is_shown(house)
    await fly(house, MILA, 1)
    await fly(house, MILA, 2)
    await fly(house, OLE, 3)
    assert await deliveries(house) == {(DeliveryState.HELD, UNKNOWN_REASON)}
    assert await asked(house) == [
        "2 sessions were played by somebody new (Elite Dangerous). May they go to home?",
        "1 session was played by somebody new (Elite Dangerous). May it go to home?",
    ]
    status = await control.status()
    assert (status.state, status.counts.held, status.counts.found) == (DaemonState.ATTENTION, 3, 3)
    assert {one.identity: one.waiting for one in (await control.identities()).identities} == {MILA: 2, OLE: 1}
    assert house.sender.sent == []


async def test_a_log_that_does_not_say_who_played_is_held_and_asked_about(house: House, control: DaemonControl) -> None:
    await agree_to_what_is_shown(house)
    await fly(house, None, 1)
    assert await deliveries(house) == {(DeliveryState.HELD, UNKNOWN_REASON)}
    assert await asked(house) == ["1 session does not say who played (Elite Dangerous). May it go to home?"]
    await fly(house, None, 2)
    assert await asked(house) == ["2 sessions do not say who played (Elite Dangerous). May they go to home?"]
    await control.decide_identity(IdentityDecision(destination="home", tracker=ANY, identity=ANY, allowed=False))
    await house.quiet()
    assert house.sender.sent == []
    await control.decide_identity(IdentityDecision(destination="home", tracker=ANY, identity=UNSURE, allowed=True))
    await house.quiet()
    assert len(house.sender.sent) == 2


async def test_whoever_may_only_read_learns_no_name(house: House, control: DaemonControl) -> None:
    await agree_to_what_is_shown(house)
    await fly(house, MILA)
    (session,) = (await control.sessions()).sessions
    readable = [await control.status(), await control.sessions(), await control.session(session.id)]
    readable += [await control.upload_all(), await control.running()]
    for answer in readable:
        assert b"QUELLMONT" not in msgspec.json.encode(answer)
    naming = {"identities", "decide_identity", "consent", "grant", "revoke"}
    assert {BY_CALL[call].scope for call in naming} == {Scope.ADMIN}


async def test_an_answer_sends_what_was_held_and_all_that_comes(house: House, control: DaemonControl) -> None:
    await agree_to_what_is_shown(house)
    await fly(house, MILA, 1)
    await house.decide(MILA)
    await fly(house, MILA, 2)
    await house.quiet()
    assert await deliveries(house) == {(DeliveryState.UPLOADED, "")}
    assert await asked(house) == []


async def test_a_denied_player_is_excluded_until_the_answer_is_another(house: House, control: DaemonControl) -> None:
    await agree_to_what_is_shown(house)
    await fly(house, MILA)
    await house.decide(MILA, allowed=False)
    await house.quiet()
    assert await deliveries(house) == {(DeliveryState.EXCLUDED, DENIED_REASON)}
    status = await control.status()
    assert (status.counts.excluded, status.counts.found, await asked(house)) == (1, 1, [])
    assert (await control.consent("home")).waiting == 0
    await house.decide(MILA)
    await house.quiet()
    assert await deliveries(house) == {(DeliveryState.UPLOADED, "")}


async def test_a_denial_breaks_off_what_is_being_sent_and_a_permission_sends_it(
    house: House, control: DaemonControl
) -> None:
    await agree_to_what_is_shown(house)
    await house.decide(MILA)
    house.sender.free.clear()
    at = house.clock.now() - timedelta(hours=1)
    told = line("LoadGame", at, Commander=MILA, Credits=1) + jump(at + MINUTE) + shutdown(at + 2 * MINUTE)
    house.files.write(f"Journal.{at:%Y-%m-%dT%H%M%S}.01.log", told, mtime=at + 2 * MINUTE)
    await house.fleet.rescan()
    async with asyncio.timeout(30):
        while not house.sender.sent:  # its letter is written on another thread
            await asyncio.sleep(0)
    await house.decide(MILA, allowed=False)
    assert house.sender.broken_off == 1
    assert await deliveries(house) == {(DeliveryState.EXCLUDED, DENIED_REASON)}
    house.sender.free.set()
    await house.quiet()
    assert len(house.sender.sent) == 1
    await house.decide(MILA)
    await house.quiet()
    assert await deliveries(house) == {(DeliveryState.UPLOADED, "")}


async def test_a_forgotten_answer_is_asked_for_again(house: House, control: DaemonControl) -> None:
    await agree_to_what_is_shown(house)
    await house.decide(MILA)
    await house.decide(MILA, allowed=None)
    await fly(house, MILA)
    assert len(await asked(house)) == 1
    assert (await control.identities()).rules == ()


async def test_a_refused_session_of_a_denied_player_needs_nobody(house: House, control: DaemonControl) -> None:
    await agree_to_what_is_shown(house)
    await house.decide(MILA)
    house.sender.script = [problem(422)]
    await fly(house, MILA)
    assert (await control.status()).counts.failed == 1
    await house.decide(MILA, allowed=False)
    status = await control.status()
    assert (status.counts.failed, status.counts.excluded, status.attention) == (0, 1, ())


async def test_consent_does_not_undo_a_denial(house: House) -> None:
    await fly(house, MILA)
    await house.decide(MILA, allowed=False)
    await agree_to_what_is_shown(house)
    assert await deliveries(house) == {(DeliveryState.EXCLUDED, DENIED_REASON)}


async def test_what_was_found_before_waits_for_its_own_question_first(tmp_path: Path) -> None:
    house = House(tmp_path / "old", backfill=False)
    async with house.open():
        await house.control.add_source(NewSource(tracker=ELITE, path=str(house.logs), name="flights"))
        await house.add_destination()
        await house.control.login("home", Login(secret="s3cret"))
        await agree_to_what_is_shown(house)
        await fly(house, MILA)
        assert await asked(house) == []
        await house.control.upload_all(UploadAll())
        assert len(await asked(house)) == 1


async def test_an_answer_is_told_to_whoever_follows(house: House) -> None:
    before = house.log.follow(None)
    await house.decide(MILA)
    event = await asyncio.wait_for(anext(before), 60)
    assert event.kind is EventKind.STATE_CHANGED
    assert "QUELLMONT" not in repr(event)


async def test_upload_says_what_waits_for_an_answer(house: House, control: DaemonControl) -> None:
    await agree_to_what_is_shown(house)
    await fly(house, MILA)
    note = (await control.upload_all()).note
    assert "somebody new" in note
    assert "logferry identities list" in note


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "nope"}, "destination-unknown"),
        ({"tracker": "nope"}, "tracker-unknown"),
        ({"identity": ""}, "identity-empty"),
        ({"allowed": None}, "identity-undecided"),
    ],
)
async def test_a_decision_about_nothing_is_refused_with_a_way_on(
    house: House, fields: dict[str, object], code: str
) -> None:
    with pytest.raises(LogferryError) as caught:
        await house.decide(**({"identity": MILA} | fields))  # type: ignore[arg-type]  # one of them
    assert caught.value.code == code
    assert caught.value.hint


async def test_an_address_that_changed_makes_every_answer_void(house: House) -> None:
    await house.decide(MILA)
    assert len(await house.spool.bindings()) == 1
    await house.spool.enlist("home", "elsewhere", house.clock.now())
    assert await house.spool.bindings() == []


def test_who_played_is_in_no_letter() -> None:
    async def live() -> None:
        office = Office()
        await office.agree()
        await office.spool.bind([answer(ANY, allowed=True)])
        await admit(office.spool, found("aa", player=MILA))
        await office.work()
        (sent,) = office.sender.sent
        assert "QUELLMONT" not in repr(sent)
        assert b"QUELLMONT" not in gzip.decompress(sent.request.body)

    run(live())


def answer(identity: str, *, allowed: bool) -> Binding:
    return Binding(destination=HOME, tracker=ANY, identity=identity, allowed=allowed, decided_at=Office().clock.now())


names = st.sampled_from(["mila", "ole"])
acts = st.one_of(
    st.tuples(st.just("find"), st.none() | names),
    st.tuples(st.just("allow"), names | st.just(ANY)),
    st.tuples(st.just("deny"), names | st.just(ANY)),
    st.tuples(st.just("forget"), names | st.just(ANY)),
    st.tuples(st.just("agree"), st.none()),
    st.tuples(st.just("withdraw"), st.none()),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(acts, max_size=14))
def test_nothing_is_ever_sent_whose_player_is_not_allowed_at_that_moment(history: list[tuple[str, str | None]]) -> None:
    async def live() -> None:
        office, whose, said, agreed = Office(), dict[str, str | None](), dict[str, bool](), False
        for what, who in history:
            match what:
                case "find":
                    name = f"s{len(whose)}"
                    whose[name] = who
                    await admit(office.spool, found(name, age=len(whose), player=who))
                case "agree":
                    agreed = True
                    await office.agree()
                case "withdraw":
                    agreed = False
                    await office.gates.consents.withdrawn(HOME)
                case "forget":
                    said.pop(str(who), None)
                    await office.spool.unbind(HOME, ANY, str(who))
                case _:
                    said[str(who)] = what == "allow"
                    await office.spool.bind([answer(str(who), allowed=what == "allow")])
            before = len(office.sender.sent)
            await office.work()
            went = {name_of(sent) for sent in office.sender.sent[before:]}
            may = {name for name, player in whose.items() if player is None or said.get(player, said.get(ANY, False))}
            assert went <= (may if agreed else set())
            uploaded = {name for name, state in (await office.states()).items() if state == "uploaded"}
            assert not agreed or may <= uploaded, "and whatever may go goes"

    run(live())
