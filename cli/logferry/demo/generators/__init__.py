"""Makes up what games and trackers write: seeded, with the quirks of the real files. No clock, no IO."""

from logferry.demo.generators.artemis import artemis_session, encode_document, file_name, grown
from logferry.demo.generators.cast import Cast, make_cast
from logferry.demo.generators.elite import Journal, elite_journal

__all__ = [
    "Cast",
    "Journal",
    "artemis_session",
    "elite_journal",
    "encode_document",
    "file_name",
    "grown",
    "make_cast",
]
