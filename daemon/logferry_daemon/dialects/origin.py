"""Where a report is, as far as a destination may say so. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit

LONGEST = 2_000
"""Of an address: browsers take no more everywhere, and it is kept, shown and copied."""


def on_origin(url: str, report_url: str) -> str:
    """The report's address at the destination itself, wherever the receipt points: only the owner names hosts."""
    origin = urlsplit(url)
    try:
        named = urlsplit(report_url).path
    except ValueError:
        named = ""  # it is no address, and what was uploaded is uploaded all the same
    if len(named) > LONGEST:
        named = ""
    path = quote("/" + named.lstrip("/"), safe="/%:@-._~!$&'()*+,;=")
    return urlunsplit((origin.scheme, origin.netloc, path, "", ""))
