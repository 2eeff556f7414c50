"""What a detector takes for private, and above all what it must leave: the words of games are full of digits and signs."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.adapters.database_source import ChildDatabases
from logferry_daemon.adapters.log_files import FolderFiles
from logferry_daemon.core.boundary import end_by
from logferry_daemon.core.detectors import DETECTORS as EVERY_DETECTOR
from logferry_daemon.core.detectors import Detectors, Surroundings
from logferry_daemon.core.preparing import prepare
from logferry_daemon.core.reading import AnyTracker, Found
from logferry_daemon.core.sanitise import HOLDS_NAME, UNLISTED, Privacy, sanitise
from logferry_daemon.survey import Survey
from logferry_daemon.trackers.catalogue import all_trackers
from logferry_model.session import EndRule
from tests.conftest import SAMPLES, needs_samples
from tests.daemon.golden import FOLDER
from tests.daemon.texts import texts
from tests.fakes import NOON
from tests.privacy import SLOTS

HERE = Surroundings(user="quellmont", host="tarrow-box", home="/home/quellmont")
DETECTORS = Detectors(HERE)
MAIL, NET, CARD = "an e-mail address", "an internet address", "the address of a network card"
PATH, WEB, KEY, PHONE = "a path", "a web address", "a key", "a telephone number"
ACCOUNT, COMPUTER = "the name of your account", "the name of your computer"

PRIVATE = {
    MAIL: (
        "mila@example.org",
        "write to Mila.Q+games@mail.example.co.uk!",
        "<x_y@sub.example.com>",
        "mila @ example.org",
        "mila\uff20example.org",
        "пётр@пример.рф",
        "Hat of mila@example.org (L)",
    ),
    NET: (
        "192.168.1.17",
        "10.0.0.1:27015",
        "server 203.0.113.77 is full",
        "(255.255.255.255)",
        "2001:db8:0:0:0:ff00:42:8329",
        "2001:db8::1",
        "[2001:db8::ff00:42:8329]:443",
        "fe80::1ff:fe23:4567:890a",
        "::ffff:192.0.2.128",
        "ip=2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    ),
    CARD: ("00:1a:2b:3c:4d:5e", "eth0 00-1A-2B-3C-4D-5E up"),
    PATH: (
        "C:\\Users\\Mila\\shot.png",
        "c:/Users/Mila/Saved Games",
        "saved to: D:\\Games",
        "\\\\nas\\films\\x",
        "\\Users\\mila",
        "/home/mila/.steam",
        "/Users/mila/Library",
        "file:/tmp/x",
        "file:///C:/x",
        "at /var/log/game.log",
        "/tmp/game.sock",
        "/mnt/games/x",
        "/Volumes/Disk/x",
        "/Library/Logs/x",
        "~/games",
        "~mila/games",
        "~\\games",
        "%APPDATA%\\Game",
        "%LocalAppData%/Game",
        "%USERNAME%",
        "%COMPUTERNAME% joined",
        "$HOME/games",
        "${HOME}/games",
    ),
    WEB: (
        "https://example.org/me",
        "steam://connect/1",
        "see www.example.org",
        "discord.gg/abcdef",
        "join twitch.tv/somebody",
        "http://localhost",
    ),
    KEY: (
        "lf_0123456789abcdef_" + "q" * 8,
        "sk-proj-Ab3dEf6hIj9kLm2nOp5q",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "ghp_" + "a1B2" * 9,
        "github_pat_11ABCDEFG0123456789_x",
        "glpat-AbCdEfGhIjKlMnOpQrSt",
        "xoxb-123456789012-abcdefghij",
        "npm_" + "a1B2" * 9,
        "AIza" + "Sy0d" * 9,
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "SG.abcdefghijklmnopqrst.uvwxyz",
        "ya29.a0AfH6SMBx12345",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE." + "x1" * 14,
        "1234567890:" + "AAF_q" * 7,
        "564F181A-F0FC-114A-A55D-3C1DCD45F3767AF3848F-AB29-4EBF-9594-F91E6A75E015",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "Bearer abc123def456",
        "authorization: bearer q8sXyz77Lmn",
        "password: hunter22",
        "PASSWORD=correct horse",
        "api_key = abcdefgh",
        "token: 1a2b3c4d",
        "my secret abc12345",
    ),
    PHONE: (
        "+49 151 23456789",
        "call +1-555-010-9999 now",
        "+44 20 7946 0018",
        "+33 6 12 34 56 78",
        "+4915123456789",
        "0049 151 23456789",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "(030) 1234 5678",
        "0151/23456789",
        "015123456789",
        "(555) 010-9999",
        "555-010-9999",
        "1-555-010-9999",
        "\uff0b49 151 23456789",
    ),
    ACCOUNT: ("quellmont", "Quellmont's hat", "npc_QUELLMONT_name", "the quellmont."),
    COMPUTER: ("tarrow-box", "on TARROW-BOX:"),
}
OF_GAMES = (
    # star systems, stations and ships
    "HIP 12345", "HIP 100000", "Col 285 Sector AB-C d1-23", "Col 285 Sector YZ-X c1-12", "Sol", "2MASS J05352184-0546085",
    "PSR J0737-3039", "Wregoe ZK-P d5-66", "Synuefe EN-H d11-96 A 3", "Eol Prou RS-T d3-94", "LHS 3447", "BD+47 2112",
    "CSI+61-15053", "V1057 Centauri", "Beagle Point 2.0", "Trappist-1 b", "NGC 7822 Sector BQ-Y d12", "X9K-53B", "K3B-91N",
    "$SYSTEM_SECURITY_high;", "$economy_Extraction;", "CodexEnt_Standard_Sudarsky_Class_II_Name",
    "$MULTIPLAYER_SCENARIO42_TITLE;", "federation_corvette", "int_hyperdrive_size5_class5", "hpt_beamlaser_fixed_small",
    # versions and times
    "4.0.0.1502", "4.0.0.1700 (r289925/r0 )", "r308767/r0", "3.8.0.1404", "2026-03-01 20:00:00", "01.03.2026 20:00:00",
    "03/01/2026 20:00", "20:00:00.123", "12:30:45:10", "00:12:34:56", "2026-03-01T20:00:00Z", "20260301_200000", "1.14.3",
    "build 31415",
    # ids
    "Creature-0-3726-2552-12345-187897-00004359AB", "Creature-0-1465-0-2105-448-000043559012",
    "Player-1403-0A1B2C3D", "item:19019::::::::60:::::", "item:12345:0:0:0:0:0:0:1", "836045448945477",
    "{836045448945501}", "00012345", "65f1a0b2c3d4e5f60718293a", "3E2A-11EB", "EX1_277", "CS2_029",
    "BGS_119", "550e8400-e29b-41d4-a716-446655440000", "ST:12/34",
    # items, creatures and skills
    "Animal Hide", "Shrapnel", "ArMatrix LR-35 (L)", "Output Amplifier I", "Ni'kora's \"Wrath\"", 'The "Butcher"',
    "Death's Bite", "Power Word: Shield", "Fire/Frost Resistance", "Mark II/III", "Secret Passage", "Token of Friendship",
    "Standard Bearer Guardian", "Flame Bearer Champion", "Password of the Ancients", "Secret: The End", "token",
    "key_of_the_ancient_dragons", "sk_heal_over_time_02", "api_calibration_weapon", "pk_arena_of_champions", "Boss @ 5.00%",
    "Boss @ 12.5k HP", "@ the gate", "100% CRIT", "%s hits %d", "50%/75%", "hit/run/away", "optional/tmp/never",
    "Class::Add", "made::add", "Blade::Attack", "a:b", "/dance", "/Game/Maps/Arena", "w/o shield", "~100 damage", "+15% haste",
    "+1000", "-0.25", "+49.12345678", "(1,250 energy)", "1.234.567", "12 345 678", "1-2-3-4", "T6 - 2x/3x", "Lv. 60+",
    "Gold & Silver", "Ancalagon #7", "A.I. Core v2", "St. Elmo's Fire", "Mr. X", "No. 5", "...", "", "?", "N/A", "k/d",
    "Level 10 [Elite]", "Ödland-Wächter", "暗黒騎士", "Пиратский клинок", "Café", "½ Ring",
)  # fmt: skip

positives = [(kind, text) for kind, some in PRIVATE.items() for text in some]


@pytest.mark.parametrize(("kind", "text"), positives)
def test_what_is_private_is_found(kind: str, text: str) -> None:
    assert DETECTORS.found(text) == kind


@pytest.mark.parametrize("text", OF_GAMES)
def test_a_word_of_a_game_is_left(text: str) -> None:
    assert DETECTORS.found(text) is None


def test_the_tables_are_as_long_as_they_were() -> None:
    assert len(positives) >= 60
    assert len(OF_GAMES) >= 80


@pytest.mark.parametrize("name", ["root", "admin", "player", "steamuser", "me", "pc", ""])
def test_a_name_that_anybody_may_have_is_not_looked_for(name: str) -> None:
    here = Detectors(Surroundings(user=name, host=name, home=""))
    assert here.found(f"the {name} of old") is None


@pytest.mark.parametrize("text", ["quellmonts", "aquellmont"])
def test_the_name_of_an_account_inside_another_word_is_another_word(text: str) -> None:
    assert DETECTORS.found(text) is None


def test_the_home_folder_is_a_path_wherever_it_lies() -> None:
    elsewhere = Detectors(Surroundings(home="D:\\People\\Oriana"))
    assert elsewhere.found("in d:\\people\\oriana\\saves") == PATH


def looked_at_by_all(text: str) -> str | None:
    """What is found without regard to the signs that each waits for."""
    flat = normalize("NFKC", text)
    return next((one.kind for one in EVERY_DETECTOR if one.finds(flat)), None)


PIECES = sorted({piece for _, text in positives for piece in (text, text[:4], text[-4:])} | set(OF_GAMES))
WORDS = ("bearer", "token", "$HOME", "${HOME", "%TEMP%", "-----BEGIN A-----", "1abcdefg", "\x85", "\u2028", "\u3000")
SIGNS = "@.:-\\/%+_=~ 0179abfAKSMsk\t\n\uff0b\uff20\u2024é"


@given(
    st.lists(
        st.sampled_from(PIECES) | st.sampled_from(WORDS) | st.text(SIGNS, max_size=6) | st.text(max_size=2), max_size=6
    ).map("".join)
)
def test_what_a_text_has_no_sign_of_is_not_in_it(text: str) -> None:
    assert Detectors().found(text) == looked_at_by_all(text)


SHORTEST = (
    "a@b.cc", "1.1.1.1", "::abc", "00:00:00:00:00:00", "~/", "a://", "www.a.", "eyJ0123456789.", "-----BEGIN A-----",
    "token:123456", "$HOME", "bearer\t1abcdefg", "token\u20281abcdefg", "0151234567",
)  # fmt: skip


@pytest.mark.parametrize("text", SHORTEST)
def test_the_shortest_of_each_kind_is_found(text: str) -> None:
    assert Detectors().found(text) == looked_at_by_all(text) is not None


def test_blanks_are_those_of_the_patterns() -> None:
    blanks = {sign for sign in map(chr, range(sys.maxunicode)) if re.match(r"\s", normalize("NFKC", sign))}
    assert {normalize("NFKC", sign)[0] for sign in blanks} <= set(EVERY_DETECTOR[-2].signs)


def test_detectors_do_not_show_whom_they_look_for() -> None:
    assert "quellmont" not in repr(DETECTORS)


SENT = ("sent*.json", "revision-*.json", "resonance/*.json", "match.json")
# What other servers say is no session: addresses are in it.
GOLDEN = sorted(path for pattern in SENT for path in FOLDER.rglob(pattern) if "dialects" not in path.parts)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_nothing_that_a_game_made_is_taken_for_private(path: Path) -> None:
    taken = {text for text in texts(path.read_bytes()) if DETECTORS.found(text)}
    assert taken == set()


def privacy_of(tracker: AnyTracker) -> Privacy:
    return Privacy(slots=SLOTS, detectors=Detectors(), listing=tracker.listing)


@pytest.mark.parametrize(
    "folder", [pytest.param(name, marks=needs_samples(name)) for name in ("elite", "gw2", "hearthstone", "swtor")]
)
async def test_nothing_of_real_sessions_is_taken_for_private(folder: str) -> None:
    """Names may be found in other texts, and are; a detector must find nothing in what real games write."""
    reasons: dict[str, int] = {}
    leaking = seen = 0

    def look(tracker: AnyTracker, found: Found) -> None:
        nonlocal leaking, seen
        raw, end = found.raw(), end_by(EndRule.EXPLICIT, "seen")
        for (_, reason), times in sanitise(raw.session, raw.names, privacy_of(tracker)).removed.items():
            reasons[reason] = reasons.get(reason, 0) + times
        leaking += bool(prepare(replace(found), end, only_grows=True, privacy=privacy_of(tracker)).leaks)
        seen += 1

    files = Survey(FolderFiles(), ChildDatabases(), all_trackers(), NOON, look)
    await files.of(SAMPLES / folder, None, None, None)
    assert seen > 0
    assert set(reasons) <= {HOLDS_NAME, UNLISTED}
    assert leaking == 0
