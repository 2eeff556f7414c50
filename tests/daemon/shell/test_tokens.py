"""A whole daemon, Firestore, and where tokens are made: the key goes there alone, and a token to Firestore alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from logferry_daemon.core.exchange import Response
from logferry_daemon.core.validity import Invalid, Unclear, Valid
from logferry_daemon.key_trial import KeyTrial
from logferry_daemon.settings import parse_settings
from logferry_ipc.messages import DeleteRequest, DestinationInfo, Login, NewDestination
from logferry_model.errors import Misconfigured, Unreachable
from tests.daemon.shell.house import House
from tests.daemon.shell.office import answer
from tests.fakes import ScriptedSender, Sent

FIRESTORE = "https://firestore.googleapis.com/v1/projects/logs-1/databases/(default)/documents"
TOKENS = "https://securetoken.googleapis.com/v1/token"
KEY = "AIza-s3cret-project:AMf-s3cret-refresh"
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Google:
    """Makes tokens, which last an hour, and takes commits of whoever has the latest."""

    def __init__(self) -> None:
        self.made = 0
        self.refuses = ""
        """Why it makes no token."""
        self.away = False
        self.asked: list[tuple[str, str]] = []
        """Method and whole address."""
        self.seen: list[str] = []
        """Everything that Firestore was shown."""

    def __call__(self, sent: Sent) -> Response:
        self.asked.append((sent.request.method, f"{sent.url}{sent.request.path}"))
        if sent.url.startswith(TOKENS):
            return self._token(sent)
        self.seen += [*sent.secret.values(), sent.request.body.decode(), *sent.request.headers.values()]
        if sent.secret != {"Authorization": f"Bearer s3cret-id-{self.made}"}:
            return answer(401, b'{"error": {"code": 401, "message": "Too old", "status": "UNAUTHENTICATED"}}')
        if sent.request.method == "DELETE":
            return answer(200, b"{}")
        return answer(200, b'{"writeResults": [{"updateTime": "2026-03-01T22:00:00Z"}]}')

    def _token(self, sent: Sent) -> Response:
        if self.away:
            raise Unreachable("refused", "nobody answers there")
        if self.refuses:
            told = {"error": {"code": 400, "message": self.refuses, "status": "INVALID_ARGUMENT"}}
            return answer(400, json.dumps(told).encode())
        assert sent.secret == {}
        assert sent.request.path == "?key=AIza-s3cret-project"
        form = parse_qs(sent.request.body.decode())
        assert form == {"grant_type": ["refresh_token"], "refresh_token": ["AMf-s3cret-refresh"]}
        self.made += 1
        return answer(200, json.dumps({"id_token": f"s3cret-id-{self.made}", "expires_in": "3600"}).encode())

    @property
    def commits(self) -> int:
        return sum(address.endswith(":commit") for _, address in self.asked)


class Cloud(House):
    """A house whose sessions go to Firestore."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.google = Google()
        self.sender = ScriptedSender(self.google)

    async def move_in(self, secret: str = KEY) -> None:
        await self.add_source()
        new = NewDestination(name="home", dialect="firebase", url=FIRESTORE, token_url=TOKENS)
        await self.control.add_destination(new)
        await self.control.login("home", Login(secret=secret))
        await self.agree()
        await self.decide("*")

    async def states(self) -> set[str]:
        return {one.state for each in (await self.control.sessions()).sessions for one in each.deliveries}

    async def info(self) -> DestinationInfo:
        return (await self.control.destinations()).destinations[0]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Cloud]:
    made = Cloud(tmp_path)
    async with made.open():
        yield made


async def test_a_token_is_made_once_and_goes_in_place_of_the_key(house: Cloud) -> None:
    await house.move_in()
    await house.hunt(1, 2, 3)
    assert await house.states() == {"uploaded"}
    assert (house.google.made, house.google.commits) == (1, 3)
    assert not any(part in text for text in house.google.seen for part in KEY.split(":"))


async def test_an_old_token_is_made_anew(house: Cloud) -> None:
    await house.move_in()
    await house.hunt(1)
    await house.pass_time(HOUR)
    await house.hunt(2)
    assert await house.states() == {"uploaded"}
    assert (house.google.made, house.google.commits) == (2, 2)


async def test_a_clock_that_was_set_back_makes_no_token_younger(house: Cloud) -> None:
    await house.move_in()
    await house.hunt(1)
    house.clock.set(house.clock.now() - 12 * HOUR)
    await house.pass_time(HOUR)
    await house.hunt(2)
    assert house.google.made == 2


async def test_a_token_that_is_not_taken_any_more_is_made_anew_and_holds_nothing(house: Cloud) -> None:
    await house.move_in()
    await house.hunt(1)
    house.google.made += 1  # the one that is held counts no more
    await house.hunt(2)
    assert await house.states() == {"uploaded"}
    assert house.google.commits == 3


async def test_a_refused_key_holds_the_destination_and_says_why(house: Cloud) -> None:
    house.google.refuses = "TOKEN_EXPIRED"
    await house.move_in()
    await house.hunt(1)
    gate = (await house.fleet.all_gates())["home"]
    assert gate.reason == "no token is made of the key: TOKEN_EXPIRED"
    assert "logferry login home" in gate.hint
    assert house.google.commits == 0
    house.google.refuses = ""
    await house.control.login("home", Login(secret=KEY))
    await house.pass_time(MINUTE)
    assert await house.states() == {"uploaded"}


async def test_a_key_of_the_wrong_form_goes_nowhere(house: Cloud) -> None:
    await house.move_in("only-one-part")
    await house.hunt(1)
    assert "API-KEY:REFRESH-TOKEN" in (await house.fleet.all_gates())["home"].reason
    assert house.google.asked == []


async def test_where_tokens_are_made_may_be_away_for_a_while(house: Cloud) -> None:
    house.google.away = True
    await house.move_in()
    await house.hunt(1)
    assert await house.states() == {"pending"}
    house.google.away = False
    await house.pass_time(MINUTE)
    assert await house.states() == {"uploaded"}


async def test_deletions_have_tokens_too(house: Cloud) -> None:
    await house.move_in()
    await house.hunt(1)
    (session,) = (await house.control.sessions()).sessions
    await house.control.delete(session.id, DeleteRequest(remote=True))
    await house.pass_time(MINUTE)
    (gone,) = (await house.control.sessions()).deleted
    assert [copy.state for copy in gone.copies] == ["deleted"]


async def test_a_key_is_good_when_a_token_is_made_of_it(house: Cloud) -> None:
    await house.move_in()
    trial = KeyTrial(house.fleet)
    assert trial.can_be_asked("home")
    assert await trial.of("home") == Valid()
    house.google.refuses = "USER_DISABLED"
    said = await trial.of("home")
    assert isinstance(said, Invalid)
    assert "USER_DISABLED" in said.reason
    house.google.refuses, house.google.away = "", True
    assert isinstance(await trial.of("home"), Unclear)
    assert house.google.commits == 0


async def test_its_owner_agrees_to_where_the_key_goes(house: Cloud) -> None:
    await house.move_in()
    assert f"the key alone to {TOKENS}" in (await house.control.consent("home")).policy
    assert (await house.info()).token_url == TOKENS


async def test_with_another_address_for_tokens_neither_agreement_nor_key_count(tmp_path: Path) -> None:
    house = Cloud(tmp_path)
    async with house.open():
        await house.move_in()
        await house.hunt(1)
    before = list(house.google.asked)
    text = house.settings_file.read_text().replace(TOKENS, "https://evil.example/token")
    house.settings_file.write_text(text)
    async with house.open():
        await house.hunt(2)
        await house.agree()
        await house.pass_time(MINUTE)
        assert (await house.info()).credential == "absent"
    assert house.google.asked == before


@pytest.mark.parametrize(
    ("dialect", "url", "word"),
    [
        ("logferry", TOKENS, 'only dialect "firebase"'),
        ("firebase", "http://securetoken.example", "https"),
        ("firebase", "https://user@securetoken.example", "user"),
    ],
)
async def test_an_address_that_is_none_for_tokens_is_refused(house: Cloud, dialect: str, url: str, word: str) -> None:
    with pytest.raises(Misconfigured, match=word):
        await house.control.add_destination(NewDestination(name="home", dialect=dialect, url=FIRESTORE, token_url=url))
    text = f'[destinations.x]\ndialect = "{dialect}"\nurl = "{FIRESTORE}"\ntoken_url = "{url}"\n'
    with pytest.raises(Misconfigured, match="token_url"):
        parse_settings(text, Path("x"))
    assert not house.settings_file.exists()
