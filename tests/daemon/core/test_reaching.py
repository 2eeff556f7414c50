from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.exchange import Request, Stop
from logferry_daemon.core.reaching import PATH_KEY, Leg, reach, reason_against_elsewhere, reason_against_host
from logferry_model.fingerprint import parse_fingerprint

HOME = "https://collector.example/base"
HOSTS = ("s3.example", "files.example:9000", "127.0.0.1:9001", "[::1]:9002")
KEY = {"Authorization": "Bearer s3cret"}
PIN = parse_fingerprint("ab" * 32)
SIGNED = "https://s3.example/bucket/a%2Fb.json.gz?X-Amz-Signature=ab12&X-Amz-Credential=K%2F20260301%2Fus"


def gone_to(to: str) -> Leg | Stop:
    return reach(HOME, PIN, HOSTS, Request(method="PUT", path="", to=to), KEY)


@pytest.mark.parametrize(
    "to",
    [
        SIGNED,
        "https://S3.EXAMPLE/bucket/a",
        "https://s3.example:443/bucket/a",
        "https://files.example:9000/a",
        "https://collector.example/put/a?sig=1",
        "https://collector.example:443/put/a",
        "http://127.0.0.1:9001/bucket/a",
        "http://[::1]:9002/bucket/a",
    ],
)
def test_an_address_on_the_same_origin_or_a_named_host_is_gone_to(to: str) -> None:
    leg = gone_to(to)
    assert isinstance(leg, Leg)
    assert leg.request.to == to


HOSTILE = {
    "another host": "https://evil.example/bucket/a",
    "a name that begins the same": "https://s3.example.evil.example/a",
    "a name that ends the same": "https://evil-s3.example/a",
    "a host below a named one": "https://other.s3.example/a",
    "a host with a dot behind it": "https://s3.example./a",
    "the cloud's own address for keys": "https://169.254.169.254/latest/meta-data/",
    "the same without encryption": "http://169.254.169.254/latest/meta-data/",
    "a named host without encryption": "http://s3.example/bucket/a",
    "the destination without encryption": "http://collector.example/base",
    "another port of a named host": "https://s3.example:8443/a",
    "the usual port of one named with a port": "https://files.example/a",
    "another port of the destination": "https://collector.example:8443/a",
    "another port of this computer": "http://127.0.0.1:22/a",
    "this computer by another name": "http://localhost:9001/a",
    "a user name before another host": "https://s3.example@evil.example/a",
    "a key before a named host": "https://me:pw@s3.example/a",
    "an empty user name": "https://@s3.example/a",
    "a backslash": "https://evil.example\\@s3.example/a",
    "a file": "file:///etc/passwd",
    "a file at a named host": "file://s3.example/etc/passwd",
    "ftp": "ftp://s3.example/a",
    "script": "javascript:alert(1)",
    "a path alone": "/bucket/a",
    "no scheme": "//s3.example/bucket/a",
    "no host": "https:///bucket/a",
    "nothing": "",
    "no address": "https://[::1",
    "no port": "https://s3.example:x/a",
    "a port too high": "https://s3.example:99999/a",
    "a line break": "https://s3.example/a\r\nX-Evil: 1",
    "a line break that readers leave out": "https://s3.exa\nmple/a",
    "a blank": "https://s3.example/a b",
    "a blank before": " https://s3.example/a",
    "a letter of another alphabet": "https://s3.ex\u0430mple/a",
    "a fragment": "https://s3.example/a#b",
    "a number as a host": "http://2130706433:9001/a",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_an_address_that_nobody_named_is_not_gone_to(what: str) -> None:
    stopped = gone_to(HOSTILE[what])
    assert isinstance(stopped, Stop)
    assert "not gone to" in stopped.reason
    assert "upload_hosts of home" in stopped.hint.format(name="home")


def test_without_named_hosts_only_the_own_origin_is_left() -> None:
    assert reason_against_elsewhere(SIGNED, HOME, ()) is not None
    assert reason_against_elsewhere("https://collector.example/x", HOME, ()) is None


def test_the_key_and_the_pin_stay_behind() -> None:
    leg = gone_to(SIGNED)
    assert isinstance(leg, Leg)
    assert (leg.secret, leg.pin) == ({}, None)


def test_on_the_own_origin_the_pin_holds_and_the_key_stays_behind_all_the_same() -> None:
    leg = gone_to("https://collector.example/put/a")
    assert isinstance(leg, Leg)
    assert (leg.secret, leg.pin) == ({}, PIN)


def test_a_path_goes_to_the_destination_with_its_key_and_pin() -> None:
    request = Request(method="POST", path="/uploads")
    assert reach(HOME, PIN, HOSTS, request, KEY) == Leg(url=HOME, request=request, secret=KEY, pin=PIN)


@given(st.text(max_size=40) | st.text(max_size=40).map("https://s3.example".__add__))
def test_no_address_breaks_the_check_or_leads_elsewhere(to: str) -> None:
    if reason_against_elsewhere(to, HOME, HOSTS) is None:
        assert to.lower().startswith("https://s3.example")
        assert to[len("https://s3.example") :][:1] in {"", "/", "?", ":"}


@pytest.mark.parametrize("key", ["123/s3cret-Token_1", "a/b/c.d", "x"])
def test_a_key_in_the_address_is_put_into_the_path_and_into_no_header(key: str) -> None:
    request = Request(method="POST", path="/{key}?wait=true")
    leg = reach(HOME, None, (), request, {PATH_KEY: key})
    assert isinstance(leg, Leg)
    assert (leg.request.path, leg.secret) == (f"/{key}?wait=true", {})


@pytest.mark.parametrize(
    "key", ["", "/1/t", "1/../t", "..", "1//t", "1/t?x=1", "1/t#x", "1 t", "1/t\r\nX: y", "@evil", "1\\t"]
)
def test_a_key_that_is_no_part_of_an_address_goes_nowhere(key: str) -> None:
    stopped = reach(HOME, None, (), Request(method="POST", path="/{key}"), {PATH_KEY: key})
    assert isinstance(stopped, Stop)
    assert key == "" or key not in stopped.reason


@pytest.mark.parametrize("host", ["s3.example", "s3.eu-central-1.amazonaws.com", "127.0.0.1:9000", "[::1]:9000", "a"])
def test_a_host_can_be_named(host: str) -> None:
    assert reason_against_host(host) is None


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("https://s3.example", "no host name"),
        ("s3.example/bucket", "no host name"),
        ("*.example", "no host name"),
        ("S3.example", "small letters"),
        ("me@s3.example", "no host name"),
        ("s3.example:0", "port 0"),
        ("s3.example:99999", "no host name"),
        ("", "no host name"),
        ("169.254.169.254", "one cable"),
        ("[fe80::1]", "one cable"),
        ("[::1", "no host name"),
    ],
)
def test_what_is_no_host_is_refused_with_a_reason(host: str, reason: str) -> None:
    assert reason in (reason_against_host(host) or "")
