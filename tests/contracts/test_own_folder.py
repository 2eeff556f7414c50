"""A daemon whose own folders cannot be written to says which one and why, and starts nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from logferry_daemon.adapters.lock import only_one
from logferry_daemon.adapters.own_log import own_log
from logferry_model.errors import Misconfigured

Opening = Callable[[Path], AbstractContextManager[None]]


@pytest.mark.parametrize("opening", [only_one, lambda path: own_log(path, "INFO")], ids=["lock", "log"])
def test_a_folder_that_cannot_be_is_named_with_the_reason(tmp_path: Path, opening: Opening) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(Misconfigured) as caught, opening(tmp_path / "state" / "file"):
        pass
    assert caught.value.code == "folder-unwritable"
    assert str(tmp_path / "state") in caught.value.message
    assert "cannot be written to (" in caught.value.message
