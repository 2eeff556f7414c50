"""The daemon at a glance and what doctor found, as blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import asdict

from logferry.blocks import GAP, Block, Grid, Line, Span, Tone, dim, heading, line
from logferry.views.running import running_line
from logferry.views.words import moment, size, state
from logferry_ipc.messages import Check, Checks, DaemonState, Metrics, Status

MARKS = {
    DaemonState.IDLE: "●",
    DaemonState.WORKING: "▲",
    DaemonState.PAUSED: "■",
    DaemonState.ATTENTION: "!",
    DaemonState.OFFLINE: "○",
}
"""Shapes, not colours alone: the same as the tray shows."""

SENTENCES = {
    DaemonState.IDLE: "all quiet: nothing waits to be sent",
    DaemonState.WORKING: "uploading",
    DaemonState.PAUSED: "paused until you say `logferry resume`",
    DaemonState.ATTENTION: "something needs you",
    DaemonState.OFFLINE: "something waits and its destination cannot be reached",
}


def status(now: Status) -> Iterator[Block]:
    """One state line, the counts, the destinations, and what needs a person."""
    yield _state_line(now)
    yield GAP
    yield _counts(now)
    if now.running:
        yield GAP
        yield running_line(now.running)
    if now.destinations:
        yield GAP
        yield heading("Destinations")
        yield _destinations(now)
    yield from _attention(now)
    yield from _metrics(now.metrics)


def checks(found: Checks) -> Iterator[Block]:
    """One line for each thing that doctor looked at, with what to do under it."""
    for check in found.checks:
        yield line(Span(f"{check.level:8}", state(check.level).tone), f"{check.name}: {check.message}")
        if check.hint and check.level != "ok":
            yield line(check.hint, indent=8)
    yield GAP
    yield _verdict(found.checks)


def _state_line(now: Status) -> Line:
    sentence = SENTENCES[now.state]
    if now.state is DaemonState.PAUSED and now.paused_until:
        sentence = f"paused until {moment(now.paused_until)}"
    elif now.state is DaemonState.PAUSED and not now.paused:
        sentence = "uploads wait while you play"
    mark = Span(f"{MARKS[now.state]} {now.state}", state(now.state).tone)
    return line(mark, f"  {sentence}", dim(f"  (logferry {now.version})"))


def _counts(now: Status) -> Grid:
    counts = asdict(now.counts)
    cells = (Span(f"{counts[name]:,}", state(name).tone if counts[name] else Tone.DIM) for name in counts)
    return Grid(tuple(counts), (tuple(cells),), right=frozenset(counts))


def _destinations(now: Status) -> Grid:
    sent = {each.name: each for each in now.metrics.destinations}
    rows = []
    for each in now.destinations:
        uploaded, failed = (sent[each.name].uploaded, sent[each.name].failed) if each.name in sent else (0, 0)
        gone_wrong = Span(f"{failed:,}", Tone.BAD if failed else Tone.DIM)
        only = f"{' and '.join(each.trackers)} only" if each.trackers else ""
        why = "; ".join(filter(None, (each.reason, only)))
        rows.append((each.name, state(each.state), f"{uploaded:,}", gone_wrong, why))
    columns = ("name", "state", "uploaded", "failed", "reason")
    return Grid(columns, tuple(rows), right=frozenset(columns[2:4]), whole=frozenset(columns[:4]))


def _attention(now: Status) -> Iterator[Block]:
    if not now.attention:
        return
    yield GAP
    yield heading("Needs you")
    for each in now.attention:
        yield line(Span("! ", Tone.BAD), each.message, indent=2)
        if each.hint:
            yield line(dim(each.hint), indent=4)


def _metrics(metrics: Metrics) -> Iterator[Block]:
    if metrics.last_upload is None:
        return
    words = f"last upload {moment(metrics.last_upload)}, {size(metrics.bytes_sent)} sent"
    if metrics.average_upload_ms is not None:
        words += f", {metrics.average_upload_ms:,.0f} ms on average"
    yield GAP
    yield line(dim(words))


def _verdict(checks: tuple[Check, ...]) -> Line:
    problems = sum(check.level == "problem" for check in checks)
    if problems:
        return line(Span(f"{problems} of {len(checks)} checks found a problem.", Tone.BAD))
    return line(Span(f"{len(checks)} checks, no problem.", Tone.GOOD))
