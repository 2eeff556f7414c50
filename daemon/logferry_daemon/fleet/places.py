"""Which folders may be read and which may be written to: never the same."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from logferry_daemon.core.places import folder_of, is_folder, reason_against_folder
from logferry_model.errors import Misconfigured

OWN_FOLDER = "Name a folder of its own for it."


def check_folder(folder: Path, home: Path) -> None:
    """Misconfigured `folder-refused` when this folder cannot be a source; it need not exist yet."""
    hint = "Name the log folder itself."
    if reason := reason_against_folder(folder, home):
        raise Misconfigured("folder-refused", f"{folder} cannot be a source: {reason}.", hint=hint)
    if folder.exists() and not folder.is_dir():
        raise Misconfigured("folder-refused", f"{folder} is not a folder.", hint="Name the folder the file is in.")


def check_place(url: str, sources: Iterable[Path], home: Path) -> None:
    """Misconfigured where a destination is a folder that none can be; it need not exist yet."""
    if not is_folder(url):
        return
    folder = Path(folder_of(url))
    if reason := reason_against_folder(folder, home):
        raise Misconfigured("folder-refused", f"{folder} cannot be a destination: {reason}.", hint=OWN_FOLDER)
    for source in sources:
        check_apart(source, [url])


def check_apart(source: Path, urls: Iterable[str]) -> None:
    """Misconfigured where a destination writes into what would be read: that must never be taken for a game's log."""
    root = source.resolve()
    for folder in (Path(folder_of(url)).resolve() for url in urls if is_folder(url)):
        if root.is_relative_to(folder) or folder.is_relative_to(root):
            said = f"{folder} cannot be a destination: it and the source {source} are in each other."
            raise Misconfigured("folder-refused", said, hint=OWN_FOLDER)
