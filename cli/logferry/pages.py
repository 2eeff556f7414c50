"""Which page of a report may be opened: one at the destination's own address, or a file in its folder. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from logferry_ipc.messages import Delivery, DestinationInfo, SessionSummary
from logferry_model.errors import Misconfigured, Refused


def report_page(session: SessionSummary, destinations: Sequence[DestinationInfo], to: str | None) -> str:
    """The newest report of a session, at `to` or at the only place that has one; Misconfigured where none fits."""
    reports = {one.destination: one for one in sorted(session.deliveries, key=_revision) if one.report_url}
    chosen = [one for name, one in reports.items() if to in {None, name}]
    if not chosen:
        where = f" at {to}" if to else ""
        hint = f"See how it stands: logferry sessions show {session.id}"
        raise Misconfigured("report-missing", f"Session {session.id} has no report{where}.", hint=hint)
    if len(chosen) > 1:
        names = ", ".join(sorted(reports))
        hint = f"Choose one: logferry sessions open {session.id} --to {min(reports)}"
        raise Misconfigured("report-ambiguous", f"It has reports at {names}.", hint=hint)
    return _own(chosen[0], destinations)


def _own(delivery: Delivery, destinations: Sequence[DestinationInfo]) -> str:
    url = delivery.report_url or ""
    own = {one.url for one in destinations if one.name == delivery.destination}
    if not any(_origin(url) == _origin(one) or _is_file_in(url, one) for one in own):
        said = f"{url} is not at an address of {delivery.destination}, so it is not opened."
        raise Refused("report-elsewhere", said, hint="Look at it yourself, and open it by hand if you trust it.")
    return url


def _is_file_in(url: str, folder: str) -> bool:
    """Whether it is one right in there, by a name that leads nowhere else."""
    place, _, name = url.rpartition("/")
    plain = name.isascii() and name.endswith(".json") and not set(name) & set("%\\?#:")
    return folder.startswith("file:///") and place == folder.rstrip("/") and plain


def _revision(delivery: Delivery) -> int:
    return delivery.revision


def _origin(url: str) -> tuple[str, str, int | None] | str:
    """Scheme, host and port; the text itself where it is no web address, which equals no origin."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return url
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username is not None:
        return url
    return parts.scheme, parts.hostname, port
