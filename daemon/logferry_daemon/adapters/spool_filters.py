"""Which destinations are sent sessions of some trackers only, as the spool's database has it.

What that means for a delivery is decided in core/filters.py: the database is told who is wanted, and counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from logferry_daemon.adapters.database_sqlite import Query
from logferry_daemon.core.delivery import UNSENT, State
from logferry_daemon.core.filters import Filters, is_wanted
from logferry_daemon.core.identities import Standing
from logferry_daemon.ports import DeliveryRow, trackers_in, trackers_note


def filters(query: Query) -> Filters:
    """All of them."""
    prefix = trackers_note("")
    return {row["key"].removeprefix(prefix): trackers_in(row["value"]) for row in query("filters", prefix=prefix)}


def as_json(found: Filters) -> str:
    """For `:filters`: an object of lists."""
    return json.dumps({destination: sorted(trackers) for destination, trackers in found.items()})


def wanted(query: Query, destination: str) -> str | None:
    """For `:trackers`: a list; None where all are wanted."""
    found = filters(query)
    return json.dumps(sorted(found[destination])) if destination in found else None


def sifted(query: Query, found: list[DeliveryRow]) -> list[DeliveryRow]:
    """Deliveries, with it said of those that are left out."""
    rules = filters(query)
    asked = sorted({one.session for one in found if one.destination in rules})
    trackers = {row["id"]: row["tracker"] for row in query("trackers_of", ids=json.dumps(asked))} if asked else {}
    return [
        one
        if is_wanted(rules, one.destination, trackers.get(one.session, ""))
        else replace(one, standing=Standing.OTHER_TRACKER)
        for one in found
    ]


def left_out(query: Query) -> Mapping[tuple[str, State, Standing], int]:
    """How many deliveries of each state that was not sent are of trackers that are not wanted there."""
    rules, numbers = filters(query), dict[tuple[str, State, Standing], int]()
    about = {"filters": as_json(rules), "unsent": json.dumps(sorted(UNSENT))}
    for row in query("counts_by_tracker", **about) if rules else ():
        if not is_wanted(rules, row["destination"], row["tracker"]):
            key = row["destination"], State(row["state"]), Standing.OTHER_TRACKER
            numbers[key] = numbers.get(key, 0) + row["number"]
    return numbers
