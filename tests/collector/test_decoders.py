"""Threads that are the first to decode something do not fall over each other."""

from __future__ import annotations

import subprocess
import sys

FIRST_AT_ONCE = """
import gc, sys, threading
from logferry_collector.ingest import open_parcel
from logferry_collector.headers import Head
from logferry_collector.limits import Limits
from tests.collector.factories import KEY, document_of, hunting_session
import hashlib

gc.set_threshold(30, 3, 3)
sys.setswitchinterval(1e-6)
wire = document_of(hunting_session(20))
head = Head(idempotency_key=KEY, digest=hashlib.sha256(wire).digest(), encoding="identity")
together = threading.Barrier(8)

def first():
    together.wait()
    open_parcel(head, wire, Limits())

threads = [threading.Thread(target=first) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_eight_threads_may_decode_their_first_session_at_once() -> None:
    for _ in range(3):
        finished = subprocess.run([sys.executable, "-c", FIRST_AT_ONCE], check=False, capture_output=True)
        assert finished.returncode == 0, finished.stderr.decode()
