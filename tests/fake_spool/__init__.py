"""The spool in memory, a file a part. It passes the same contract tests as the one in SQLite, step by step beside it."""

from tests.fake_spool.memory import MemorySpool

__all__ = ["MemorySpool"]
