from __future__ import annotations

import logging

from logferry_collector.speech import Line


def test_a_line_has_the_sentence_and_its_fields() -> None:
    record = logging.makeLogRecord({"msg": "request served", "levelname": "INFO", "method": "POST", "status": 201})
    assert Line().format(record).endswith(" INFO request served method=POST status=201")


def test_an_error_keeps_its_traceback() -> None:
    try:
        raise ZeroDivisionError("by nothing")
    except ZeroDivisionError as error:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": (type(error), error, error.__traceback__)})
    assert "ZeroDivisionError: by nothing" in Line().format(record)
