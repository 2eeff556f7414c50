"""Generated logs of card games: Hearthstone's Power.log, MTG Arena's Player.log. With the quirks of the real ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from tests.factories_logs import CHAT, FRIEND, OWN, RIVAL, START, Clock, clock

OWN_TAG, RIVAL_TAG = f"{OWN}#4821", f"{RIVAL}#1177"
INNKEEPER = "The Innkeeper"
CARDS = ("CS2_029", "EX1_277", "CORE_004", "")
TICKS_AT_1970 = 621_355_968_000_000_000
SEAT_OF_OWN = 2


def hearthstone(
    seed: int = 1,
    *,
    games: int = 2,
    start: datetime = START,
    pause: float = 600,
    unended: Sequence[int] = (),
    rival: str = "UNKNOWN HUMAN PLAYER",
    told_twice: bool = True,
) -> list[str]:
    """Games one after the other; PowerTaskList tells all again. Those in `unended` have no end in the log."""
    at = clock(seed, start)
    lines = [f"D {_of(at)} LoadingScreen.OnSceneLoaded() - prevMode=STARTUP nextMode=HUB"]
    for number in range(games):
        game = list(_game(at, rival, ended=number not in unended))
        lines += [f"D {when} GameState.{said}" for when, said in game]
        if told_twice:
            lines += [f"D {when} PowerTaskList.{_indented(said)}" for when, said in game if "PrintPower()" in said]
        lines.append(f"D {_of(at)} PowerProcessor.EndCurrentTaskList() - m_currentTaskList={number}")
        at.wait(seconds=pause)
    return lines


def _game(at: Clock, rival: str, *, ended: bool) -> Iterator[tuple[str, str]]:
    power = "DebugPrintPower() - "
    yield _of(at), "DebugPrintPowerList() - Count=66"
    yield _of(at), f"{power}CREATE_GAME"
    yield _of(at), f"{power}    GameEntity EntityID=1"
    for said in ("BuildNumber=31415", "GameType=GT_RANKED", "FormatType=FT_STANDARD", "ScenarioID=2"):
        yield _of(at), f"DebugPrintGame() - {said}"
    yield _of(at), f"DebugPrintGame() - PlayerID=1, PlayerName={rival}"
    yield _of(at), f"DebugPrintGame() - PlayerID={SEAT_OF_OWN}, PlayerName={OWN_TAG}"
    yield (
        _of(at),
        f"DebugPrintEntityChoices() - id=1 Player={OWN_TAG} TaskList=4 ChoiceType=MULLIGAN CountMin=0 CountMax=3",
    )
    yield _of(at), f"DebugPrintEntitiesChosen() - id=1 Player={OWN_TAG} EntitiesCount=2"
    for player in (OWN_TAG, RIVAL_TAG):
        yield _of(at), f"{power}    TAG_CHANGE Entity={player} tag=MULLIGAN_STATE value=DONE "
    for turn in range(1, at.chance.randint(4, 9)):
        yield _of(at, 30), f"{power}    TAG_CHANGE Entity=GameEntity tag=TURN value={turn} "
        yield (
            _of(at, 30),
            f"{power}BLOCK_START BlockType=PLAY Entity={_entity(at, turn)} EffectCardId= EffectIndex=0 Target=0",
        )
        yield _of(at), f"{power}BLOCK_END"
    if at.chance.random() < 0.5:
        yield _of(at), f"{power}TAG_CHANGE Entity={RIVAL_TAG} tag=PLAYSTATE value=CONCEDED "
    if ended:
        yield _of(at), f"{power}TAG_CHANGE Entity={RIVAL_TAG} tag=PLAYSTATE value=LOST "
        yield _of(at), f"{power}TAG_CHANGE Entity={OWN_TAG} tag=PLAYSTATE value=WON "
        yield _of(at), f"{power}TAG_CHANGE Entity=GameEntity tag=STATE value=COMPLETE "


def _entity(at: Clock, number: int) -> str:
    """A card from the hand; that of the other player is not known, and has brackets inside its brackets."""
    card = at.chance.choice(CARDS)
    name = f"Friend of {RIVAL}" if card else "UNKNOWN ENTITY [cardType=INVALID]"
    return f"[entityName={name} id={number} zone=HAND zonePos=1 cardId={card} player={1 if card else 2}]"


def _of(at: Clock, seconds: float = 0.5) -> str:
    when = at.tick(seconds)
    return f"{when:%H:%M:%S}.{when.microsecond * 10:07}"


def _indented(said: str) -> str:
    return said.replace("() - ", "() -     ", 1)


def arena(
    seed: int = 1,
    *,
    matches: int = 2,
    start: datetime = START,
    unended: Sequence[int] = (),
    entered_twice: bool = False,
    spread: bool = True,
) -> list[str]:
    """Matches one after the other, between lines of the engine's own; objects `spread` over several lines or on one."""
    at = clock(seed, start)
    lines = ["Mono path[0] = 'C:/Program Files/MTGA/MTGA_Data/Managed'", "Initialize engine version: 2022.3.42f1"]
    lines += ["[Accounts - Startup] {not json at all}", f'[UnityCrossThreadLogger]==> Chat {{"text":"{CHAT}"}}']
    for number in range(matches):
        identity = f"6b0d0c54-9d0f-4a0e-8f11-00000000000{number}"
        said = {"clientId": "QXZ0TARROWFEN77QXZ", "sessionId": f"s-{number}", "screenName": OWN_TAG}
        lines += _message(at, "AuthenticateResponse", {"authenticateResponse": said}, spread=spread)
        for _ in range(1 + entered_twice):
            lines += _message(at, "MatchGameRoomStateChangedEvent", _room(identity, "Playing"), spread=spread)
        lines += _message(at, "GreToClientEvent", _rules(at), spread=False)
        at.wait(minutes=at.chance.randint(4, 20))
        if number not in unended:
            over = _room(identity, "MatchCompleted", winner=at.chance.randint(1, 2))
            lines += _message(at, "MatchGameRoomStateChangedEvent", over, spread=spread)
        lines.append(f"[UnityCrossThreadLogger]{at.tick():%d.%m.%Y %H:%M:%S}")
        at.wait(minutes=3)
    return lines


def _message(at: Clock, name: str, said: dict[str, Any], *, spread: bool) -> list[str]:
    when = at.tick()
    since_1970 = round((when - datetime(1970, 1, 1)).total_seconds() * 1000)  # noqa: DTZ001 -- as the game does
    stamp = since_1970 * 10_000 + TICKS_AT_1970 if name == "GreToClientEvent" else since_1970
    whole = {"transactionId": "a-b-c", "requestId": at.chance.randint(1, 999), "timestamp": str(stamp)} | said
    text = json.dumps(whole, indent=2 if spread else None)
    return [f"[UnityCrossThreadLogger]{when:%d.%m.%Y %H:%M:%S}: Match to QXZ: {name}", *text.splitlines()]


def _room(identity: str, state: str, winner: int | None = None) -> dict[str, Any]:
    seats = [
        {"userId": f"USER{number}{name.upper()}", "playerName": name, "systemSeatId": number, "teamId": number}
        for number, name in ((1, RIVAL_TAG), (SEAT_OF_OWN, OWN_TAG))
    ]
    seats[0]["eventId"] = "Ladder"
    room: dict[str, Any] = {
        "gameRoomConfig": {"matchId": identity, "reservedPlayers": seats, "joinRoomTimeoutSecs": 60},
        "stateType": f"MatchGameRoomStateType_{state}",
    }
    if winner is not None:
        won = {"result": "ResultType_WinLoss", "winningTeamId": winner, "reason": "ResultReason_Game"}
        results = [won | {"scope": f"MatchScope_{scope}"} for scope in ("Game", "Game", "Match")]
        completed = "MatchCompletedReasonType_Success"
        room["finalMatchResult"] = {"matchId": identity, "matchCompletedReason": completed, "resultList": results}
    return {"matchGameRoomStateChangedEvent": {"gameRoomInfo": room}}


def _rules(at: Clock) -> dict[str, Any]:
    state = {"type": "GREMessageType_GameStateMessage", "systemSeatIds": [SEAT_OF_OWN], "msgId": 1}
    mulligan = {"type": "GREMessageType_MulliganReq", "systemSeatIds": [SEAT_OF_OWN], "msgId": at.chance.randint(2, 9)}
    words = {"type": "GREMessageType_UIMessage", "text": f'{FRIEND} {{[ \\" says hello'}
    return {"greToClientEvent": {"greToClientMessages": [state, mulligan, words]}}
