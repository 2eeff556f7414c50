"""The metrics as Prometheus reads them: by a parser of the format, written here from its specification."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from logferry_daemon.control.exposition import exposition
from logferry_ipc.messages import (
    Attention,
    Counts,
    DaemonState,
    DestinationMetrics,
    DestinationStatus,
    Metrics,
    RunningSummary,
    Status,
)

NOW = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parse(text: str) -> tuple[Samples, dict[str, str]]:
    """Every sample and the type of every family; AssertionError where the text is not in the format."""
    samples: Samples = {}
    types: dict[str, str] = {}
    helped: set[str] = set()
    assert not text or text.endswith("\n"), "the last line ends, too"
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in helped
            helped.add(name)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types
            assert kind in {"counter", "gauge", "summary", "histogram", "untyped"}
            types[name] = kind
        else:
            found = SAMPLE.fullmatch(line)
            assert found, line
            assert found[1] == list(types)[-1], "samples stand below the type of their family"
            key = found[1], frozenset(labels(found[2] or ""))
            assert key not in samples, "no sample twice"
            samples[key] = float(found[3])
    assert helped == set(types)
    return samples, types


def labels(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        label = LABEL.match(text, at)
        assert label, text
        value = re.sub(r"\\(.)", lambda one: {"n": "\n"}.get(one[1], one[1]), label[2])
        found.append((label[1], value))
        at = label.end()
    return found


def status(name: str = "home") -> Status:
    counts = Counts(found=6, pending=1, uploaded=3, failed=2)
    sent = DestinationMetrics(
        name=name, counts=counts, uploaded=3, failed=2, average_upload_ms=12.5, bytes_sent=4321, last_upload=NOW
    )
    running = RunningSummary(id="cafe", tracker="artemis", source="hunts", started_at=NOW, last_at=NOW, events=3)
    return Status(
        state=DaemonState.ATTENTION,
        version="1.2.3",
        counts=counts,
        destinations=(DestinationStatus(name=name, state="ready"),),
        attention=(Attention(code="x", message="hunts: /home/mila/a.log: Mila is broken."),),
        metrics=Metrics(uploaded=3, failed=2, destinations=(sent,)),
        last_report_url="https://there/r/secret",
        running=(running,),
    )


def value(samples: Samples, name: str, **of: str) -> float:
    return samples[name, frozenset(of.items())]


def test_a_number_is_written_as_short_as_it_is() -> None:
    assert 'average{destination="home"} 0.0125\n' in exposition(status())


def test_it_tells_what_the_status_tells() -> None:
    samples, types = parse(exposition(status()))
    assert set(types.values()) == {"gauge"}
    assert value(samples, "logferry_info", version="1.2.3") == 1
    assert value(samples, "logferry_state", state="attention") == 1
    assert value(samples, "logferry_state", state="idle") == 0
    assert value(samples, "logferry_found") == 6
    assert value(samples, "logferry_deliveries", state="failed") == 2
    assert value(samples, "logferry_running_sessions") == 1
    assert value(samples, "logferry_attention") == 1
    assert value(samples, "logferry_destination_ready", destination="home") == 1
    assert value(samples, "logferry_destination_deliveries", destination="home", state="failed") == 2
    assert value(samples, "logferry_uploaded_bytes", destination="home") == 4321
    assert value(samples, "logferry_upload_seconds_average", destination="home") == 0.0125
    assert value(samples, "logferry_last_upload_timestamp_seconds", destination="home") == NOW.timestamp()


def test_the_states_add_up_to_what_was_found() -> None:
    samples, _ = parse(exposition(status()))
    assert sum(number for (name, _), number in samples.items() if name == "logferry_deliveries") == 6


def test_every_name_is_of_logferry_and_nobody_and_no_path_is_named() -> None:
    text = exposition(status())
    assert all(name.startswith("logferry_") and NAME.fullmatch(name) for name in parse(text)[1])
    assert not [word for word in ("mila", "Mila", "/home", "cafe", "hunts", "secret", "http") if word in text]


def test_the_page_names_every_metric() -> None:
    page = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text("utf-8")
    assert [name for name in parse(exposition(status()))[1] if f"`{name}`" not in page] == []


@given(st.text())
def test_no_name_of_a_destination_breaks_the_format(name: str) -> None:
    samples, _ = parse(exposition(status(name)))
    assert value(samples, "logferry_uploaded_bytes", destination=name) == 4321


def test_what_was_never_uploaded_has_no_time() -> None:
    empty = Status(state=DaemonState.IDLE, version="1", counts=Counts())
    samples, types = parse(exposition(empty))
    assert "logferry_last_upload_timestamp_seconds" in types
    assert not [name for name, _ in samples if "last_upload" in name]
