"""The status in the text format that Prometheus reads. Pure: a status in, a text out.

Names of destinations are there, since their owner made them up; nobody who played, no session and no path is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from msgspec.structs import asdict

from logferry_ipc.messages import Counts, DaemonState, DestinationMetrics, Status

Labels = Mapping[str, str]
Sample = tuple[Labels, float]
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. All are gauges: what its owner deletes is not counted any more, so a number may fall."""

    name: str
    help: str
    samples: tuple[Sample, ...]


def exposition(status: Status) -> str:
    """Every metric with its help and type."""
    return "".join(line for family in (*_whole(status), *_by_destination(status)) for line in _lines(family))


def _whole(status: Status) -> Iterator[Family]:
    states = [({"state": one.value}, float(status.state is one)) for one in DaemonState]
    yield Family("logferry_info", "Which version this is.", (({"version": status.version}, 1.0),))
    yield Family("logferry_state", "1 for what is true of the daemon now, 0 for the rest.", tuple(states))
    yield Family("logferry_found", "Deliveries of all states together.", (({}, status.counts.found),))
    yield Family("logferry_deliveries", "Deliveries by state.", tuple(_states(status.counts)))
    yield Family("logferry_running_sessions", "Sessions that still run.", (({}, len(status.running)),))
    yield Family("logferry_attention", "Things that a person should know.", (({}, len(status.attention)),))


def _by_destination(status: Status) -> Iterator[Family]:
    these = status.metrics.destinations
    open_now = [({"destination": one.name}, float(one.state == "ready")) for one in status.destinations]
    yield Family("logferry_destination_ready", "Whether something can be sent there now.", tuple(open_now))
    states = [sample for one in these for sample in _states(one.counts, destination=one.name)]
    yield Family("logferry_destination_deliveries", "Deliveries by destination and state.", tuple(states))
    yield Family("logferry_uploaded_bytes", "Bytes of all uploads.", tuple(_sent(these, "bytes_sent")))
    average = [(labels, value / 1000) for labels, value in _sent(these, "average_upload_ms")]
    yield Family("logferry_upload_seconds_average", "How long an upload took on average.", tuple(average))
    last = [({"destination": one.name}, one.last_upload.timestamp()) for one in these if one.last_upload]
    yield Family("logferry_last_upload_timestamp_seconds", "When the last upload arrived.", tuple(last))


def _states(counts: Counts, **labels: str) -> Iterator[Sample]:
    for state, number in asdict(counts).items():
        if state != "found":
            yield {**labels, "state": state}, number


def _sent(these: Iterable[DestinationMetrics], field: str) -> Iterator[Sample]:
    for one in these:
        value = getattr(one, field)
        if value is not None:
            yield {"destination": one.name}, value


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}\n"
    yield f"# TYPE {family.name} gauge\n"
    for labels, value in family.samples:
        inside = ",".join(f'{name}="{text.translate(_ESCAPES)}"' for name, text in labels.items())
        yield f"{family.name}{{{inside}}} {value:.15g}\n" if inside else f"{family.name} {value:.15g}\n"
