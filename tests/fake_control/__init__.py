"""A daemon without disk or network: Control in memory, with the manners of the real one. Time stands still unless moved."""

from tests.fake_control.books import START
from tests.fake_control.control import FakeControl

__all__ = ["START", "FakeControl"]
