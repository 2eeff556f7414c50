"""What a replay tells about a match of Rocket League. Bytes in, a match out; opens no file, reads no clock.

Every text about players goes into `names`, known field or not: the game adds new ones for each platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from logferry_daemon.core.figure import figure
from logferry_daemon.core.identity import YEARS, content_mark, to_ms
from logferry_daemon.recipes.match.blocks import Blocks
from logferry_daemon.recipes.match.played import LOCAL_PLAYER, Played, moment, no_time, within, word
from logferry_daemon.recipes.match.unreal import Properties, read_replay
from logferry_model.session import EpochMs, Event, Participant, Scalar

FACTS = frozenset(
    {"map", "match_type", "team_size", "team0_score", "team1_score", "own_team", "won", "frames", "build_version"}
    | {"kind", "forfeit", "players", "bots"}
)
FIGURES = frozenset({"score", "goals", "assists", "saves", "shots"})
FRAMES_A_SECOND = 30.0
_FASTEST = 1000.0
_ID = re.compile(r"[0-9A-Fa-f]{32}")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ :](\d\d)-(\d\d)(?:-(\d\d))?")


def read_match(blocks: Blocks, *, zone: tzinfo | None) -> Played:
    """The match; `zone` is that of the computer which wrote it, None for this one."""
    replay = read_replay(blocks)
    of = replay.properties
    started = _started(of, zone)
    lasted = within(timedelta(seconds=_frames(of) / _pace(of)), started)
    players = _items(of, "PlayerStats")
    own = _text(of, "PlayerName")
    labels = _labels(players, own)
    return Played(
        key=_key(of),
        started_at=started,
        lasted=lasted,
        whole=f"1 match, {_frames(of)} frames",
        identity=own,
        names=frozenset(_names(of)),
        participants=tuple(_participant(one, label) for one, label in zip(players, labels, strict=True)),
        events=tuple(_goals(of, dict(zip(map(_name, players), labels, strict=True)), started, lasted)),
        facts=_facts(of, players, own) | {"kind": word(replay.kind)},
    )


def _key(of: Properties) -> str:
    """The game's own id of the replay, which stays when the file is copied or renamed; without a time zone."""
    own = _text(of, "Id") or ""
    if _ID.fullmatch(own):
        return own.lower()
    return content_mark(*(_number(of, name) for name in ("MatchStartEpoch", "NumFrames", "TeamSize")), str(_date(of)))


def _started(of: Properties, zone: tzinfo | None) -> datetime:
    """From the match's own clock; a replay saved later from the list of matches has another `Date`."""
    epoch = _number(of, "MatchStartEpoch")
    if epoch and (known := moment(int(epoch))):
        return known
    date = _date(of)
    if date is None:
        raise no_time()
    try:
        at = date.replace(tzinfo=zone).astimezone(UTC)  # without a zone it is this computer's
    except (OverflowError, OSError) as error:
        raise no_time() from error
    if at.year not in YEARS:
        raise no_time()
    return at


def _date(of: Properties) -> datetime | None:
    """As the clock on the wall showed it."""
    found = _DATE.fullmatch(_text(of, "Date") or "")
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 -- the file names no zone
    except ValueError:
        return None


def _frames(of: Properties) -> int:
    return max(0, int(_number(of, "NumFrames") or 0))


def _pace(of: Properties) -> float:
    pace = _number(of, "RecordFPS") or 0.0
    return pace if 1.0 <= pace <= _FASTEST else FRAMES_A_SECOND


def _labels(players: list[Properties], own: str | None) -> list[str]:
    """The first player of the owner's name is the owner; the others are numbered."""
    names = [_name(one) for one in players]
    mine = names.index(own) if own in names else -1
    numbers = iter(range(1, len(players) + 1))
    return [LOCAL_PLAYER if place == mine else f"p{next(numbers)}" for place in range(len(players))]


def _participant(one: Properties, label: str) -> Participant:
    facts: dict[str, Scalar] = {"team": _whole(one, "Team"), "bot": one.get("bBot") is True}
    return Participant(
        id=label,
        name=_name(one) or None,
        local=label == LOCAL_PLAYER,
        facts={name: value for name, value in facts.items() if value is not None},
        figures={name: _number(one, name.capitalize()) or 0.0 for name in sorted(FIGURES)},
    )


def _goals(of: Properties, labels: dict[str, str], started: datetime, lasted: timedelta) -> Iterator[Event]:
    start, limit, pace = to_ms(started), lasted // timedelta(milliseconds=1), _pace(of)
    for goal in sorted(_items(of, "Goals"), key=lambda goal: _number(goal, "frame") or 0):
        after = round((_number(goal, "frame") or 0) / pace * 1000)
        scorer = labels.get(_text(goal, "PlayerName") or "")
        team = _whole(goal, "PlayerTeam")
        at = EpochMs(start + min(max(0, after), limit))
        yield Event(at=at, type="goal", participant=scorer, fields={} if team is None else {"team": team})


def _facts(of: Properties, players: list[Properties], own: str | None) -> dict[str, Scalar]:
    mine = next((one for one in players if _name(one) == own), {})
    # A team without a goal is not in the file at all.
    team, scores = _whole(mine, "Team"), [_whole(of, f"Team{number}Score") or 0 for number in (0, 1)]
    return {
        "map": word(_text(of, "MapName")),
        "match_type": word(_text(of, "MatchType")),
        "team_size": _whole(of, "TeamSize"),
        "team0_score": scores[0],
        "team1_score": scores[1],
        "own_team": team,
        "won": scores[team] > scores[1 - team] if team in (0, 1) else None,
        "frames": _frames(of),
        "build_version": word(_text(of, "BuildVersion")),
        "forfeit": of.get("bForfeit") is True or None,
        "players": len(players),
        "bots": sum(one.get("bBot") is True for one in players),
    }


def _names(of: Properties) -> Iterator[str]:
    yield from (_text(of, name) or "" for name in ("PlayerName", "ReplayName"))
    for key, value in of.items():
        if isinstance(value, list | dict):
            yield from _texts(key, value)


def _texts(key: str, value: Any) -> Iterator[str]:  # noqa: ANN401 -- a value of any kind
    """Every text below, and the numbers of accounts, which are as good as a name."""
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from _texts(inner, one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(key, one)
    elif isinstance(value, str):
        yield value
    elif key in {"OnlineID", "Uid"} and value:
        yield str(value)


def _name(one: Properties) -> str:
    return _text(one, "Name") or ""


def _items(of: Properties, name: str) -> list[Properties]:
    value = of.get(name)
    return value if isinstance(value, list) else []


def _text(of: Properties, name: str) -> str | None:
    value = of.get(name)
    return value if isinstance(value, str) and value else None


def _number(of: Properties, name: str) -> float | None:
    return figure(of.get(name))


def _whole(of: Properties, name: str) -> int | None:
    value = _number(of, name)
    return None if value is None else int(value)
