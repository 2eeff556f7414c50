from __future__ import annotations

import pytest

from logferry_daemon.core.queue_trouble import Cause, cause_of, hint, sentence

NAMED = {
    "SQLITE_FULL": Cause.FULL,
    "SQLITE_IOERR_WRITE": Cause.DISK,
    "SQLITE_IOERR_FSYNC": Cause.DISK,
    "SQLITE_IOERR": Cause.DISK,
    "SQLITE_IOERR_CORRUPTFS": Cause.DAMAGED,
    "SQLITE_READONLY": Cause.READ_ONLY,
    "SQLITE_READONLY_DIRECTORY": Cause.READ_ONLY,
    "SQLITE_CANTOPEN_ISDIR": Cause.AWAY,
    "SQLITE_BUSY_SNAPSHOT": Cause.BUSY,
    "SQLITE_NOMEM": Cause.MEMORY,
    "SQLITE_CORRUPT_INDEX": Cause.DAMAGED,
    "SQLITE_NOTADB": Cause.DAMAGED,
    "SQLITE_ERROR": Cause.OTHER,
    "": Cause.OTHER,
}


@pytest.mark.parametrize("name", NAMED)
def test_every_error_has_a_cause(name: str) -> None:
    assert cause_of(name) is NAMED[name]


@pytest.mark.parametrize("cause", Cause)
def test_a_sentence_says_cause_effect_and_when_it_goes_on(cause: Cause) -> None:
    said = sentence("spool.db", cause, "disk I/O error")
    assert cause.value in said
    assert "nothing new is taken in or sent" in said
    assert "again every 5 seconds" in said
    assert said.count(".") == 2  # the one of the file's name, and the end
    assert "/srv/queue" in hint(cause, "/srv/queue")
