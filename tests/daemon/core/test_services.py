from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.core.consent import policy_text
from logferry_daemon.core.destination import Destination
from logferry_daemon.core.places import folder_of, reason_against_folder_url
from logferry_daemon.core.policy import STANDARD
from logferry_daemon.core.services import reason_against_destination, reason_against_service


@pytest.mark.parametrize(
    ("dialect", "url"),
    [
        ("logferry", "https://collector.example"),
        ("folder", "file:///home/mila/sessions"),
        ("folder", "file:///C:/Users/mila/sessions"),
        ("webhook", "https://discord.com/api/webhooks"),
        ("webhook", "https://discord.com/api/webhooks/"),
        ("webhook-json", "https://hooks.example/hooks/catch"),
        ("supabase", "https://abc.supabase.co/rest/v1/sessions"),
        ("firebase", "https://firestore.googleapis.com/v1/projects/p/databases/(default)/documents"),
        ("s3", "https://collector.example/storage"),
    ],
)
def test_an_address_that_fits_its_dialect_is_taken(dialect: str, url: str) -> None:
    assert reason_against_destination(dialect, url) is None


@pytest.mark.parametrize(
    ("dialect", "url", "reason"),
    [
        ("logferry", "file:///home/mila/sessions", 'dialect "folder"'),
        ("s3", "file:///home/mila/sessions", 'dialect "folder"'),
        ("folder", "https://collector.example", "file:///home/you/sessions"),
        ("folder", "file://server/share", "file:///home/you/sessions"),
        ("folder", "file:relative", "file:///home/you/sessions"),
        ("folder", "file:///home/mila/my sessions", "%20"),
        ("folder", "file:///home/mila/../sam", "dots"),
        ("folder", "file:///home/mila/%2e%2e/sam", "dots"),
        ("folder", "file:///home/mila/%00", "characters"),
        ("webhook", "https://discord.com/api/webhooks/1/s3cret", "logferry login"),
        ("webhook-json", "https://n8n.example/webhooks/1", "logferry login"),
        ("supabase", "https://abc.supabase.co", "/rest/v1/"),
        ("supabase", "https://abc.supabase.co/rest/v1", "/rest/v1/"),
        ("supabase", "https://abc.supabase.co/rest/v1/a/b", "/rest/v1/"),
        ("supabase", "https://abc.supabase.co/rest/v1/a,b", "/rest/v1/"),
        ("firebase", "https://firestore.googleapis.com", "/v1/projects/PROJECT"),
        ("firebase", "https://firestore.googleapis.com/v1/projects/p/databases/d/documents/x", "/v1/projects/PROJECT"),
        ("supabase", "http://abc.supabase.co/rest/v1/a", "not encrypted"),
    ],
)
def test_an_address_that_does_not_fit_is_refused_with_what_to_write(dialect: str, url: str, reason: str) -> None:
    assert reason in (reason_against_destination(dialect, url) or "")


def test_the_reason_never_repeats_the_secret() -> None:
    assert "s3cret" not in str(reason_against_destination("webhook", "https://discord.com/api/webhooks/1/s3cret"))


def test_other_hosts_are_for_the_dialect_that_uploads_to_them() -> None:
    assert reason_against_service("s3", "https://collector.example", ("s3.example",)) is None
    assert "upload_hosts" in (reason_against_service("logferry", "https://collector.example", ("s3.example",)) or "")


def test_a_folder_is_found_behind_its_address() -> None:
    assert folder_of("file:///home/mila/my%20sessions") == PurePosixPath("/home/mila/my sessions")
    assert folder_of("file:///C:/Users/mila") == PureWindowsPath("C:/Users/mila")


@given(st.text(max_size=30).map("file:///".__add__))
def test_no_address_of_a_folder_breaks_the_check_or_leads_upwards(url: str) -> None:
    if reason_against_folder_url(url) is None:
        assert ".." not in folder_of(url).parts


def test_the_terms_of_a_folder_say_that_it_is_one_and_that_nothing_is_sent() -> None:
    text = policy_text(name="disk", dialect="folder", url="file:///home/mila/sessions", policy=STANDARD)
    assert "This is a folder" in text
    assert "sees your internet address" not in text


def test_the_terms_of_a_service_name_the_hosts_that_it_may_send_to() -> None:
    place = Destination(name="s", dialect="s3", url="https://collector.example")
    other = Destination(name="s", dialect="s3", url="https://collector.example", upload_hosts=("s3.example",))
    assert "s3.example" in other.policy
    assert "sees your internet address" in place.policy
    assert place.policy != other.policy
