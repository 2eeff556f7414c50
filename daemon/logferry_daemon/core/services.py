"""Which addresses make sense for which dialect. Pure: what an owner set in, a reason against it out.

Every service has its own idea of where its address ends; who is told here need not find out from its refusals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from logferry_daemon.core.places import is_folder, reason_against_folder_url, reason_against_url

FOLDER = "folder"
S3 = "s3"
FIREBASE = "firebase"
_TABLE = re.compile(r".*/rest/v1/[A-Za-z_][A-Za-z0-9_]{0,62}")
_DOCUMENTS = re.compile(r"/v1/projects/[^/]+/databases/[^/]+/documents")
_WEBHOOK = re.compile(r".*/webhooks/[^/]+.*")


def reason_against_destination(dialect: str, url: str) -> str | None:
    """Why nothing may be sent to this address in this dialect."""
    against = reason_against_folder_url(url) if is_folder(url) else reason_against_url(url)
    return against or _misfit(dialect, url.rstrip("/"))


def reason_against_service(dialect: str, url: str, hosts: Sequence[str]) -> str | None:
    """Why this dialect, address and these hosts do not go together; each begins with the setting that it is about."""
    if hosts and dialect != S3:
        return f'upload_hosts: only dialect "{S3}" uploads to other hosts'
    reason = _misfit(dialect, url)
    return f"url: {reason}" if reason else None


def reason_against_tokens(dialect: str, token_url: str) -> str | None:
    """Why this cannot be where tokens are made of the key; empty is no such address."""
    if not token_url:
        return None
    if dialect != FIREBASE:
        return f'only dialect "{FIREBASE}" has tokens made of its key'
    return reason_against_url(token_url)


def _misfit(dialect: str, url: str) -> str | None:
    if is_folder(url) != (dialect == FOLDER):
        return 'a folder goes with dialect "folder", and dialect "folder" with a folder as file:///home/you/sessions'
    rule = _RULES.get(dialect)
    return rule(urlsplit(url).path) if rule else None


def _webhook(path: str) -> str | None:
    if not _WEBHOOK.fullmatch(path):
        return None
    return "what comes after /webhooks is the webhook's secret; leave it out and give it with: logferry login"


def _supabase(path: str) -> str | None:
    return None if _TABLE.fullmatch(path) else "it names no table; it ends with /rest/v1/ and the table's name"


def _firebase(path: str) -> str | None:
    if _DOCUMENTS.fullmatch(path):
        return None
    return "it names no database; its path is /v1/projects/PROJECT/databases/(default)/documents"


_RULES: Mapping[str, Callable[[str], str | None]] = {
    "webhook": _webhook,
    "webhook-json": _webhook,
    "supabase": _supabase,
    FIREBASE: _firebase,
}
