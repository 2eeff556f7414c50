"""Which folders and addresses may be set at all. Pure: text in, a reason against it out.

A source on the whole disk or the whole home would read what was never meant; an address without encryption would show
sessions and key to everybody on the way.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
KEY_VARIABLE = "LOGFERRY_SECRET_FILE_"
_SYSTEM = {"bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "sbin", "sys", "system"}
_SYSTEM_WINDOWS = {"windows"}
"""Nothing in them is the log of a game."""
_SHARED = {"usr", "var", "run", "private", "library", "applications", "home", "tmp", "mnt", "media", "opt", "srv"}
_SHARED_WINDOWS = {"program files", "program files (x86)", "programdata", "users"}
"""Not as a whole; but games write their logs somewhere inside, too."""
_UNUSABLE = re.compile(r"[\s\\?#\x00-\x1f\x7f]")
"""Readers of URLs do not agree on what these mean, and none belongs into an address that a path is added to."""
_DRIVE = re.compile(r"/[A-Za-z]:(/.*)?")


def reason_against_name(name: str) -> str | None:
    """Why this cannot be the name of a source or destination."""
    return None if NAME.fullmatch(name) else "use small letters, digits, dots, dashes and underscores, 40 at most"


def key_variable(destination: str) -> str:
    """What the variable is called that names the file with a destination's key."""
    return KEY_VARIABLE + destination.upper().replace("-", "_").replace(".", "_")


def reason_against_names(destinations: Iterable[str]) -> str | None:
    """Why there cannot be all of these destinations: one variable would name the key of two."""
    by_variable: dict[str, str] = {}
    for name in destinations:
        other = by_variable.setdefault(key_variable(name), name)
        if other != name:
            return f'"{other}" and "{name}" are too much alike: {key_variable(name)} would name the key of both'
    return None


def reason_against_folder(folder: PurePath, home: PurePath) -> str | None:
    """Why this folder cannot be a source; `folder` has no links and no dots left in it."""
    if not folder.is_absolute():
        return "it is not an absolute path"
    parts = [part.casefold() for part in folder.relative_to(folder.anchor).parts]
    if not parts:
        return "it is the whole disk"
    if folder in {home, *home.parents}:
        return "it is the whole home folder"
    closed, shared = (_SYSTEM_WINDOWS, _SHARED_WINDOWS) if folder.drive else (_SYSTEM, _SHARED)
    if not folder.is_relative_to(home) and (parts[0] in closed or (len(parts) == 1 and parts[0] in shared)):
        return "it belongs to the system"
    return None


def reason_against_url(url: str) -> str | None:
    """Why nothing may be sent to this address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it is not an address"
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        return "it does not begin with https:// and a host name"
    if parts.username is not None or parts.password is not None:
        return "it has a user name in it; keys are given with: logferry login"
    if _UNUSABLE.search(url):
        return "it has a blank, a backslash, a query or a fragment in it"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "http is not encrypted; use https (http goes to this computer only)"
    return None


def is_folder(url: str) -> bool:
    """Whether this is a folder of this computer, and not an address on a network."""
    return url.lower().startswith("file:")


def reason_against_folder_url(url: str) -> str | None:
    """Why nothing may be written to the folder at this address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "it is not an address"
    if not url.startswith("file:///"):
        return "a folder is written as file:///home/you/sessions or file:///C:/Users/you/sessions"
    if _UNUSABLE.search(url):
        return "it has a blank, a backslash, a question mark or a # in it; write %20 for a blank"
    path = unquote(parts.path)
    if any(ord(one) < ord(" ") for one in path) or {".", ".."} & set(path.split("/")):
        return "it has dots or characters in it that no folder is called by"
    return None


def folder_of(url: str) -> PurePath:
    """The folder at an address that was found usable."""
    path = unquote(urlsplit(url).path)
    return PureWindowsPath(path[1:]) if _DRIVE.fullmatch(path) else PurePosixPath(path)


def is_loopback(host: str) -> bool:
    """Whether a host name is this computer by definition, without asking anybody."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
