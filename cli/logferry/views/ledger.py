"""The ledger, receipts and what was verified as blocks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import asdict

from logferry.blocks import GAP, Block, Grid, Span, Tone, Words, dim, heading, line
from logferry.views.words import counted, moment, short, state
from logferry_ipc.messages import (
    DeliveryState,
    Ledger,
    LedgerGroup,
    LedgerLine,
    LedgerUpload,
    ReceiptInfo,
    Receipts,
    Verification,
    Verified,
)

LATEST = 20
"""Uploads that a person is shown; programs get them all."""
DIGEST = 12
"""Letters of a digest that tell two apart."""
_SKIPPED = frozenset({"not-asked", "identity-denied", "superseded", "merged", "excluded"})
_WAITS = frozenset({DeliveryState.PENDING, DeliveryState.UPLOADING, DeliveryState.HELD})
_TONES = {"verified": Tone.GOOD, "missing": Tone.BAD, "different": Tone.BAD, "unclear": Tone.WARN}


def ledger(*, by_source: bool, ended: bool = False) -> Callable[[Ledger], Iterator[Block]]:
    """The view of a ledger, with a line a day or a line a source; `ended` where its period was to end."""
    return lambda found: _ledger(found, by_source=by_source, ended=ended)


def _ledger(found: Ledger, *, by_source: bool, ended: bool) -> Iterator[Block]:
    since = f"since {moment(found.since)}" if found.since else "from the beginning"
    until = f" until {moment(found.until)}" if ended else ""
    yield heading(f"Ledger {since}{until}: {counted(found.sessions, 'session')} found")
    yield _table(found, by_source=by_source)
    yield from _section("Skipped", (one for one in found.lines if _is_skipped(one)))
    yield from _section("Refused", (one for one in found.lines if one.state is DeliveryState.FAILED))
    waits = (one for one in found.lines if one.state in _WAITS and not _is_skipped(one))
    yield from _section("Waiting", waits)
    yield from _uploads(found)
    if found.deleted:
        yield GAP
        yield line(dim(f"{counted(found.deleted, 'session')} deleted by you, in no other number"))
    yield from _troubles(found)


def _is_skipped(one: LedgerLine) -> bool:
    return one.rule in _SKIPPED or one.state is DeliveryState.EXCLUDED


def _table(found: Ledger, *, by_source: bool) -> Grid:
    groups = found.sources if by_source else found.days
    every = LedgerGroup(name="together", sessions=found.sessions, counts=found.counts)
    columns = ("source" if by_source else "day", "sessions", *asdict(found.counts))
    rows = tuple(_row(group) for group in (*groups, every))
    return Grid(columns, rows, right=frozenset(columns[1:]), whole=frozenset(columns))


def _row(group: LedgerGroup) -> tuple[Words, ...]:
    counts = asdict(group.counts)
    cells = (Span(f"{counts[name]:,}", state(name).tone if counts[name] else Tone.DIM) for name in counts)
    return (group.name, f"{group.sessions:,}", *cells)


def _section(title: str, lines: Iterable[LedgerLine]) -> Iterator[Block]:
    rows = tuple((f"{one.count:,}", one.destination, one.reason, _sessions(one)) for one in lines)
    if rows:
        yield GAP
        yield heading(title)
        yield Grid(("", "destination", "why", "sessions"), rows, right=frozenset({""}), whole=frozenset({""}))


def _sessions(one: LedgerLine) -> str:
    more = " ..." if one.count > len(one.sessions) else ""
    return " ".join(map(short, one.sessions)) + more


def _uploads(found: Ledger) -> Iterator[Block]:
    if not found.uploads:
        return
    yield GAP
    yield heading("Uploaded")
    rows = tuple(_upload(one) for one in found.uploads[:LATEST])
    yield Grid(("session", "destination", "when", "report"), rows, whole=frozenset({"session", "when", "report"}))
    if len(found.uploads) > LATEST:
        yield line(dim("all of them: logferry receipts list"), indent=2)


def _upload(one: LedgerUpload) -> tuple[Words, ...]:
    return short(one.session), one.destination, moment(one.uploaded_at), one.report_url or "-"


def _troubles(found: Ledger) -> Iterator[Block]:
    if found.troubles:
        yield GAP
        yield heading("Files in trouble now")
        for one in found.troubles:
            yield line(f"{one.source}: {one.path}: {one.message}", indent=2)


def receipts(found: Receipts) -> Iterator[Block]:
    """A line a receipt."""
    if not found.receipts:
        yield line("No receipts yet. One comes with every upload.")
        return
    columns = ("session", "revision", "destination", "when", "digest", "report")
    rows = tuple(_receipt(one) for one in found.receipts)
    yield Grid(columns, rows, right=frozenset({"revision"}), whole=frozenset(columns), indent=0)


def _receipt(one: ReceiptInfo) -> tuple[Words, ...]:
    digest = one.payload_digest[:DIGEST] or dim(one.note or "no receipt")
    when = moment(one.uploaded_at)
    return short(one.session), str(one.revision), one.destination, when, digest, one.report_url or "-"


def verification(found: Verification) -> Iterator[Block]:
    """A line a delivery, and what is not as it was."""
    for one in found.deliveries:
        word = Span(f"{one.state:10}", _TONES.get(one.state, Tone.PLAIN))
        yield line(word, f"{short(one.session)}  {one.destination}  ", dim(one.payload_digest[:DIGEST]))
        if one.reason:
            yield line(one.reason, indent=12)
        yield from _digests(one)
    good = sum(one.state == "verified" for one in found.deliveries)
    whole = len(found.deliveries)
    yield GAP
    yield line(Span(f"{good:,} of {whole:,} verified.", Tone.GOOD if good == whole else Tone.WARN))


def _digests(one: Verified) -> Iterator[Block]:
    if one.state != "different":
        return
    yield line(f"sent:  {one.received_digest} (session {one.payload_digest})", indent=12)
    yield line(f"there: {one.received_there or '-'} (session {one.payload_there})", indent=12)
