"""The verbs, one file a group. Each adds itself to the command line, asks one part of Logferry and shows the answer."""

from collections.abc import Callable

from logferry.parser import Verbs
from logferry.verbs import (
    collector,
    consents,
    demonstration,
    destinations,
    discovery,
    identities,
    inspection,
    ledger,
    logins,
    overview,
    previews,
    recipes,
    running,
    sessions,
    sources,
    uploads,
)

GROUPS: tuple[Callable[[Verbs], None], ...] = (
    demonstration.add,
    running.add,
    overview.add,
    ledger.add,
    inspection.add,
    recipes.add,
    sources.add,
    destinations.add,
    discovery.add,
    previews.add,
    consents.add,
    identities.add,
    logins.add,
    sessions.add,
    uploads.add,
    collector.add,
)
"""In the order of `logferry --help`."""

__all__ = ["GROUPS"]
