"""Generated combat logs: SWTOR in both of its formats, World of Warcraft, Star Trek Online. With their quirks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tests.factories_logs import ACCENTED, FRIEND, HANDLE, OWN, RIVAL, START, Clock, clock, milliseconds

APPLY, EVENT = "ApplyEffect {836045448945477}", "Event {836045448945472}"
STRIKE = "[Tide Strike {920000000000002}]"


def swtor(
    seed: int = 1,
    *,
    fights: int = 3,
    start: datetime = START,
    pause: float = 300,
    unended: Sequence[int] = (),
    since_7: bool = False,
    own: str = OWN,
) -> list[str]:
    """Fights with some running about between them; those in `unended` have no ExitCombat."""
    at = clock(seed, start)
    me, pet = _player(own, since_7=since_7), _companion(own, since_7=since_7)
    lines = [_line(at, me, me, "[Jog {980000000000008}]", f"{APPLY}: Jog {{980000000000008}}", "()")]
    for number in range(fights):
        area = "" if since_7 else "(Ostrand)"
        lines.append(_line(at, me, me, "[]", f"{EVENT}: EnterCombat {{836045448945489}}", area))
        for _ in range(at.chance.randint(2, 6)):
            lines += _blows(at, me, pet, since_7=since_7)
        if number not in unended:
            lines.append(_line(at, me, me, "[]", f"{EVENT}: ExitCombat {{836045448945490}}", area))
        at.wait(seconds=pause)
        if number not in unended:
            lines.append(_line(at, me, me, "[Jog {980000000000008}]", f"{APPLY}: Jog {{980000000000008}}", "()"))
    return lines


def _blows(at: Clock, me: str, pet: str, *, since_7: bool) -> Iterator[str]:
    foe = _npc("Pier Crab", 930000000000003, since_7=since_7)
    mate = _player(FRIEND, since_7=since_7)
    hit, healed = f"{APPLY}: Damage {{836045448945501}}", f"{APPLY}: Heal {{836045448945500}}"
    yield _line(at, me, foe, STRIKE, f"{EVENT}: AbilityActivate {{836045448945479}}", "()")
    yield _line(at, me, foe, STRIKE, hit, "(425 energy {836045448940874}) <425>")
    real = " ~300" if since_7 else ""
    yield _line(at, me, foe, STRIKE, hit, f"(1000*{real} kinetic {{836045448940873}}) <900>")
    yield _line(at, me, foe, STRIKE, hit, "(0 -miss {836045448945502}) <1>")
    yield _line(at, pet, foe, "[Shove {950000000000005}]", hit, "(50 kinetic {836045448940873}) <50>")
    yield _line(
        at,
        foe,
        me,
        "[Claw {940000000000004}]",
        hit,
        "(162 kinetic {836045448940873} -shield {1} (80 absorbed {2})) <162>",
    )
    yield _line(at, foe, me, "[Claw {940000000000004}]", hit, "(0 -parry {836045448945503}) <1>")
    yield _line(at, pet, me, "[Bandage {3960000000000006}]", healed, "(335) <67>")
    yield _line(at, mate, "[=]" if since_7 else mate, "[Calm Water {970000000000007}]", healed, "(511*)")
    yield _line(at, me, foe, "[]", f"{EVENT}: Death {{836045448945493}}", "")
    if at.chance.random() < 0.2:
        yield _line(at, foe, mate, "[]", f"{EVENT}: Death {{836045448945493}}", "")
        yield _line(at, mate, mate, "[]", f"{EVENT}: Revived {{836045448945494}}", "")


def _line(at: Clock, source: str, target: str, ability: str, effect: str, value: str) -> str:  # noqa: PLR0917 -- as in the log
    when = at.tick(0.9)
    return f"[{when:%H:%M:%S}.{milliseconds(when)}] {source} {target} {ability} [{effect}] {value}".rstrip()


def _player(name: str, *, since_7: bool) -> str:
    return f"[@{name}#600000000000009|(1.50,-2.50,0.00,0.00)|(900/1000)]" if since_7 else f"[@{name}]"


def _companion(name: str, *, since_7: bool) -> str:
    if since_7:
        return f"[@{name}#600000000000009/Bosun {{910000000000001}}:77|(1.50,2.50,0.00,0.00)|(1/2)]"
    return f"[@{name}:Bosun {{910000000000001}}]"


def _npc(name: str, kind: int, *, since_7: bool) -> str:
    place = "|(1.50,2.50,0.00,0.00)|(1/2)" if since_7 else ""
    return f"[{name} {{{kind}}}:11223344{place}]"


ME, MATE = f'Player-1-000000A1,"{OWN}-Silbertor-EU"', f'Player-1-000000A2,"{FRIEND}-Silbertor-EU"'
FOE = 'Creature-0-1-2-3-4-00000000B1,"Pier Owl"'
ADVANCED = "Creature-0-1,0000000000000000,700,900,11,12,13,14,15,0,3,50,100,0,123.45,-67.89,42,1.5000,80"


def warcraft(
    seed: int = 1,
    *,
    start: datetime = START,
    bosses: int = 2,
    run: bool = True,
    arena: bool = True,
    year: bool = True,
    offset: str = "0",
    advanced: bool = True,
    tail: str = ",ST",
) -> list[str]:
    """A run with bosses in it, an arena that is left, then bosses of a raid; trash between all of them."""
    at = clock(seed, start)
    said: list[str] = ["COMBAT_LOG_VERSION,22,ADVANCED_LOG_ENABLED,1,BUILD_VERSION,11.1.5,PROJECT_ID,1"]
    fight = _Fight(advanced=advanced, tail=tail)
    said += [*fight.blows(), 'ZONE_CHANGE,2660,"Ara-Kara, City of Echoes",8']
    if run:
        said += ["CHALLENGE_MODE_END,2660,0,0,0,0.000000,0.000000"]  # as the game does before the start
        said += ['CHALLENGE_MODE_START,"Ara-Kara, City of Echoes",2660,503,12,[9,10,147]', *fight.blows()]
        said += ['ENCOUNTER_START,2926,"Avanoxx",8,5,2660', *fight.blows(), 'ENCOUNTER_END,2926,"Avanoxx",8,5,1,91000']
        said += ["CHALLENGE_MODE_END,2660,1,12,1925000,55.000000,1980.000000", *fight.blows()]
    if arena:
        said += ["ARENA_MATCH_START,1825,41,3v3,1", *fight.blows(), 'ZONE_CHANGE,2552,"Khaz Algar",0']
    for number in range(bosses):
        said += [f'ENCOUNTER_START,{2902 + number},"Ulgrax, the Devourer",15,20,2657', *fight.blows(), *fight.blows()]
        said += [f'ENCOUNTER_END,{2902 + number},"Ulgrax, the Devourer",15,20,{number % 2},301000', *fight.blows()]
    return [f"{_stamp(at, year=year, offset=offset)}  {one}" for one in said]


class _Fight:
    """Lines of one exchange of blows, with or without the columns of advanced logging."""

    def __init__(self, *, advanced: bool, tail: str) -> None:
        self._more = f"{ADVANCED}," if advanced else ""
        self._tail = tail

    def blows(self) -> list[str]:
        to_foe, to_mate = f"0x511,0x0,{FOE},0xa48,0x0", f"0x512,0x0,{MATE},0x512,0x0"
        spell = '1449,"Echo, of Sorrow",0x40'
        return [
            f'SPELL_CAST_SUCCESS,{ME},0x511,0x0,0000000000000000,nil,0x80000000,0x80000000,2983,"Sprint",0x1',
            f"SPELL_DAMAGE,{ME},{to_foe},{spell},{self._more}1200,1499,-1,4,0,0,0,1,nil,nil{self._tail}",
            f"SWING_DAMAGE,{MATE},{to_foe},{self._more}300,400,-1,1,0,0,0,nil,nil,nil",
            f"SWING_DAMAGE_LANDED,{MATE},{to_foe},{self._more}300,400,-1,1,0,0,0,nil,nil,nil",
            f"SWING_DAMAGE,{FOE},0xa48,0x0,{ME},0x511,0x0,{self._more}5000,6000,-1,1,0,0,0,nil,nil,nil",
            f'SPELL_PERIODIC_HEAL,{MATE},{to_mate},8936,"Regrowth",0x8,{self._more}900,900,100,0,nil',
            f'SPELL_INTERRUPT,{ME},{to_foe},6552,"Pummel",0x1,30451,"Arcane Blast",64',
            f"UNIT_DIED,0000000000000000,nil,0x80000000,0x80000000,{FOE},0xa48,0x0,0",
            f"UNIT_DIED,0000000000000000,nil,0x80000000,0x80000000,{MATE},0x512,0x0,0",
            f"UNIT_DIED,0000000000000000,nil,0x80000000,0x80000000,{ME},0x511,0x0,1",
        ]


def _stamp(at: Clock, *, year: bool, offset: str) -> str:
    when = at.tick(1.5)
    day = f"{when.month}/{when.day}/{when.year}" if year else f"{when.month}/{when.day}"
    return f"{day} {when:%H:%M:%S}.{milliseconds(when)}{offset}"


CAPTAIN = f"{OWN},P[2123318@4450574 {OWN}@{HANDLE}]"
MATE_CAPTAIN = f"{ACCENTED},P[21@44 {ACCENTED}@{RIVAL}]"
CUBE = "Tactical Cube,C[430 Space_Borg_Cube_Tactical]"


def trek(seed: int = 1, *, fights: int = 3, start: datetime = START, pause: float = 101) -> list[str]:
    """Fights with pauses of more than 100 seconds, in which somebody heals."""
    at = clock(seed, start)
    lines = [f"{_second(at)}::{CAPTAIN},,*,,*,Brace for Impact III,Pn.X88tg61,HitPoints,,-180,-150"]
    for _ in range(fights):
        for _ in range(at.chance.randint(2, 5)):
            lines += _volley(at)
        lines.append(_second(at, 0.1)[:12])  # torn off in the middle
        at.wait(seconds=pause)
        lines.append(f"{_second(at)}::{CAPTAIN},,*,{MATE_CAPTAIN},Rally Cry V,Pn.d,HitPoints,,-30,0")
        at.wait(seconds=20)
    return lines


def _volley(at: Clock) -> Iterator[str]:
    said = [
        f"{CAPTAIN},,*,{CUBE},Phaser Beam Array,Pn.B7b7ys1,Phaser,Critical|Flank,1234.5,1500",
        f"{CAPTAIN},,*,{CUBE},Phaser Beam Array,Pn.B7b7ys1,Shield,,-200,-180",
        f"{CAPTAIN},U.S.S. {OWN},C[77 Space_Console_Bio],{CUBE},Bio Shield,Pn.b,Kinetic,,100,100",
        f"{MATE_CAPTAIN},,*,{CUBE},Heavy Plasma Torpedo,Pn.B7,,Miss,0,0",
        f"{CUBE},,*,{MATE_CAPTAIN},Cutting Beam,Pn.Cb,Plasma,,321.25,400",
        f"{MATE_CAPTAIN},,*,,*,Hazard Emitters,Pn.D5,HitPoints,Critical,-2000.5,0",
        f"{CAPTAIN},,*,{CUBE},Quantum Torpedo,Pn.Q,Kinetic,Critical|Kill,5000,6000",
    ]
    if at.chance.random() < 0.3:
        said.append(f"{CUBE},,*,{MATE_CAPTAIN},Cutting Beam,Pn.Cb,Plasma,Kill,99.5,400")
    for one in said:
        yield f"{_second(at)}::{one}"


def _second(at: Clock, seconds: float = 2) -> str:
    when = at.tick(seconds)
    return f"{when:%y:%m:%d:%H:%M:%S}.{when.microsecond // 100_000}"
