from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from logferry_daemon.settings import Settings, load_settings, parse_settings, seconds
from logferry_model.errors import Misconfigured

FILE = Path("settings.toml")
WHOLE = """
[sources.hunts]
tracker = "artemis"
path = "~/.artemis-tracker/sessions"
[destinations.home]
url = "https://collector.example/logs/"
[watch]
settle = 2.5
[ipc]
port = 0
[log]
level = "DEBUG"
"""


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("LOGFERRY_")]:
        monkeypatch.delenv(name)


def parse(text: str) -> Settings:
    return parse_settings(text, FILE)


def complaint(text: str) -> Misconfigured:
    with pytest.raises(Misconfigured) as caught:
        parse(text)
    return caught.value


def test_a_whole_file_is_read() -> None:
    settings = parse(WHOLE)
    assert (settings.sources["hunts"].tracker, settings.watch.settle, settings.ipc.port) == ("artemis", 2.5, 0)


def test_an_empty_file_has_every_default() -> None:
    assert parse("") == Settings()


def test_a_missing_file_is_an_empty_one(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.toml") == Settings()


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        load_settings(tmp_path)


def test_a_file_that_is_no_text_says_so(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match="cannot be read"):
        load_settings(tmp_path / "settings.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[watsh]", 'an unknown key "watsh" in the top; did you mean "watch"?'),
        ("[watch]\nsetle = 1", 'an unknown key "setle" in [watch]; did you mean "settle"?'),
        ("[ipc]\nprot = 1", 'an unknown key "prot" in [ipc]; did you mean "port"?'),
        ('[log]\nlevle = "INFO"', 'an unknown key "levle" in [log]; did you mean "level"?'),
        (
            '[sources.a]\ntracker = "x"\npath = "y"\ntraker = "z"',
            'an unknown key "traker" in [sources.a]; did you mean "tracker"?',
        ),
        (
            '[destinations.a]\nurl = "https://a.example"\ndialekt = "z"',
            'an unknown key "dialekt" in [destinations.a]; did you mean "dialect"?',
        ),
        ("[zzz]", 'an unknown key "zzz" in the top.'),
    ],
)
def test_an_unknown_key_is_named_with_its_place_and_the_likely_one(text: str, says: str) -> None:
    assert complaint(text).message.endswith(says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[watch]\nsettle = "soon"', 'a wrong "settle" in [watch]'),
        ("[watch]\nsettle = 0", 'a wrong "settle" in [watch]'),
        ("[watch]\nsettle = -1", 'a wrong "settle" in [watch]'),
        ("[watch]\nrescan = 86401", 'a wrong "rescan" in [watch]'),
        ("[watch]\nrescan = nan", 'a wrong "rescan" in [watch]'),
        ("[watch]\nrescan = inf", 'a wrong "rescan" in [watch]'),
        ("[ipc]\nport = 65536", 'a wrong "port" in [ipc]'),
        ('[log]\nlevel = "LOUD"', 'a wrong "level" in [log]'),
        ('[sources.a]\ntracker = "artemis"', 'a wrong "path" in [sources.a]'),
        ("watch = 5", 'a wrong "watch" in the top'),
        ('[sources."My Games"]\ntracker = "x"\npath = "y"', "small letters"),
        ("[destinations.a]\nurl = 5", 'a wrong "url" in [destinations.a]'),
    ],
)
def test_a_wrong_value_is_named_with_its_place(text: str, says: str) -> None:
    assert says in complaint(text).message


@pytest.mark.parametrize("other", ["my.guild", "my_guild"])
def test_two_destinations_whose_key_one_variable_would_name_are_refused(other: str) -> None:
    text = "".join(f'[destinations."{name}"]\nurl = "https://a.example"\n' for name in ("my-guild", other))
    with pytest.raises(Misconfigured, match="LOGFERRY_SECRET_FILE_MY_GUILD would name the key of both"):
        parse_settings(text, Path("logferry.toml"))


def test_text_that_is_no_toml_says_so() -> None:
    assert "is not TOML" in complaint("[watch").message


def test_every_complaint_names_the_file_to_mend() -> None:
    assert complaint("[zzz]").hint == f"Mend {FILE} and start again."


@pytest.mark.parametrize(
    "url", ["https://collector.example", "http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"]
)
def test_an_address_that_is_encrypted_or_on_this_computer_is_taken(url: str) -> None:
    assert parse(f'[destinations.home]\nurl = "{url}"').destinations["home"].url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://collector.example", "http is not encrypted"),
        ("http://192.168.1.5:8000", "http is not encrypted"),
        ("https://sam:secret@collector.example", "logferry login"),
        ("ftp://collector.example", "https://"),
        ("https://collector.example/?key=secret", "query"),
        ("file:///home/mila/sessions", 'dialect "folder"'),
        ("file://server/share", "file:///home/you/sessions"),
    ],
)
def test_any_other_address_is_refused_with_its_reason(url: str, reason: str) -> None:
    assert reason in complaint(f'[destinations.home]\nurl = "{url}"').message


def test_no_complaint_repeats_a_secret_in_an_address() -> None:
    error = complaint('[destinations.home]\nurl = "https://sam:hunter77@collector.example"')
    assert "hunter77" not in str(error)


def test_a_slash_at_the_end_of_an_address_means_nothing() -> None:
    assert parse(WHOLE).destinations["home"].url == "https://collector.example/logs"


def test_no_setting_holds_a_secret() -> None:
    # "token" is a treatment of names here, or in the address where some are made, and nothing that opens anything.
    schema = str(Settings.model_json_schema()).casefold()
    for harmless in ("keep, token or drop", "'token'", "token_url", "token url", "where tokens are made of the key"):
        schema = schema.replace(harmless, "")
    assert [word for word in ("secret", "password", "token", "api_key", "apikey") if word in schema] == []


def test_a_key_in_the_file_is_refused_and_not_kept() -> None:
    text = '[destinations.home]\nurl = "https://collector.example"\napi_key = "hunter77"'
    assert "hunter77" not in str(complaint(text))


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGFERRY_WATCH__SETTLE", "7")
    assert parse(WHOLE).watch.settle == 7.0


def test_the_environment_changes_nothing_beside_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGFERRY_WATCH__RESCAN", "7")
    watch = parse(WHOLE).watch
    assert (watch.settle, watch.rescan, watch.patience) == (2.5, 7.0, 30.0)


def test_the_environment_can_name_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGFERRY_SOURCES__PUTTS__TRACKER", "putt")
    monkeypatch.setenv("LOGFERRY_SOURCES__PUTTS__PATH", "~/putts")
    assert sorted(parse(WHOLE).sources) == ["hunts", "putts"]


def test_a_variable_that_is_no_setting_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGFERRY_SAMPLES", "/somewhere")
    assert parse("") == Settings()


@pytest.mark.parametrize("name", ["LOGFERRY_WATCH", "LOGFERRY_SOURCES"])
def test_a_variable_that_cannot_be_read_says_so(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "{")
    assert "of the environment" in complaint("").message


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGFERRY_WATCH__SETTLE", "soon")
    assert '"settle" in [watch]' in complaint("").message


def test_the_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().watch.settle = 5.0


def test_the_home_folder_is_filled_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert parse(WHOLE).sources["hunts"].folder == tmp_path / ".artemis-tracker" / "sessions"


def test_variables_of_the_environment_are_filled_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GAMES", str(tmp_path))
    source = parse('[sources.a]\ntracker = "x"\npath = "${GAMES}/logs"').sources["a"]
    assert source.folder == tmp_path / "logs"


def test_seconds_are_a_duration() -> None:
    assert seconds(1.5) == timedelta(milliseconds=1500)


PIN = "ab" * 32


@pytest.mark.parametrize("pin", [PIN, f"sha256:{PIN}", ":".join(["ABAB"] * 16)])
def test_a_pin_is_read_in_every_way_of_writing_it(pin: str) -> None:
    text = f'[destinations.home]\nurl = "https://192.168.1.20:8765"\npin = "{pin}"'
    fingerprint = parse(text).destinations["home"].fingerprint
    assert fingerprint is not None
    assert fingerprint.digits == PIN


@pytest.mark.parametrize(
    ("url", "pin"), [("https://192.168.1.20", PIN[2:]), ("http://127.0.0.1:1", PIN), ("https://x", "")]
)
def test_a_pin_that_can_be_none_is_an_error_and_never_no_pin(url: str, pin: str) -> None:
    assert "pin" in complaint(f'[destinations.home]\nurl = "{url}"\npin = "{pin}"').message


def test_addresses_to_search_from_are_addresses() -> None:
    assert list(map(str, parse('[discover]\ninterfaces = ["127.0.0.1"]').discover.interfaces)) == ["127.0.0.1"]
    assert "interfaces" in complaint('[discover]\ninterfaces = ["eth0"]').message


S3 = '[destinations.a]\ndialect = "s3"\nurl = "https://collector.example"\n'


def test_hosts_for_uploads_are_named_by_their_owner() -> None:
    hosts = parse(f'{S3}upload_hosts = ["s3.example", "127.0.0.1:9000"]').destinations["a"].upload_hosts
    assert hosts == ("s3.example", "127.0.0.1:9000")
    assert parse(S3).destinations["a"].upload_hosts == ()


def test_a_folder_is_an_address_like_any_other() -> None:
    settings = parse('[destinations.a]\ndialect = "folder"\nurl = "file:///home/mila/out/"')
    assert settings.destinations["a"].url == "file:///home/mila/out"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'{S3}upload_hosts = ["https://s3.example"]', "write it in small letters, as s3.example.org"),
        (f'{S3}upload_hosts = ["*.example"]', "no host name"),
        (f'{S3}upload_hosts = "s3.example"', "upload_hosts"),
        (f'{S3}upload_host = ["s3.example"]', 'did you mean "upload_hosts"?'),
        (
            '[destinations.a]\nurl = "https://a.example"\nupload_hosts = ["s3.example"]',
            'upload_hosts: only dialect "s3" uploads to other hosts',
        ),
        ('[destinations.a]\ndialect = "folder"\nurl = "https://a.example"', 'url: a folder goes with dialect "folder"'),
        (
            '[destinations.a]\ndialect = "supabase"\nurl = "https://a.supabase.co"',
            "url: it names no table; it ends with /rest/v1/ and the table's name",
        ),
        ('[destinations.a]\ndialect = "firebase"\nurl = "https://a.example"', "url: it names no database"),
        (
            '[destinations.a]\ndialect = "webhook"\nurl = "https://discord.com/api/webhooks/1/s3cret"',
            "leave it out and give it with: logferry login",
        ),
    ],
)
def test_what_does_not_fit_a_service_is_named_with_what_would(text: str, says: str) -> None:
    message = complaint(text).message
    assert says in message
    assert "s3cret" not in message


@pytest.mark.parametrize(
    ("dialect", "account", "why"),
    [("resonance", "mila", "no place for it"), ("logferry", " mila", "printable"), ("artemis", "a\\nb", "printable")],
)
def test_an_account_that_cannot_be_is_told_with_its_destination(dialect: str, account: str, why: str) -> None:
    text = f'[destinations.home]\ndialect = "{dialect}"\nurl = "https://x.example"\naccount = "{account}"\n'
    said = complaint(text).message
    assert "account: " in said
    assert why in said


def test_an_account_is_optional() -> None:
    named = '[destinations.home]\nurl = "https://x.example"\naccount = "mila@example.org"\n'
    assert parse(named).destinations["home"].account == "mila@example.org"
    assert parse(WHOLE).destinations["home"].account == ""


def test_a_limit_on_what_is_sent_is_a_number_of_bytes() -> None:
    settings = parse_settings('[upload]\nlimit = "500 KiB/s"', FILE)
    assert settings.upload.bytes_per_second == 512_000
    assert parse_settings("", FILE).upload.bytes_per_second is None


def test_a_limit_that_is_none_names_its_key_and_shows_how() -> None:
    with pytest.raises(Misconfigured, match=r'wrong "limit" in \[upload\].*"500 KiB/s"'):
        parse_settings('[upload]\nlimit = "fast"', FILE)
