"""Decoders for the shared words, built while the program loads.

msgspec builds what it knows of a type at the first use of that type. When two threads are the first
at once, one of them reads the half-built half and the process dies of a segmentation fault (seen
with msgspec 0.22 under load). So no thread of the collector may be the first.
"""

from __future__ import annotations

from msgspec.json import Decoder

from logferry_model.envelope import Envelope, Receipt
from logferry_model.session import Session

ENVELOPES = Decoder(Envelope)
RECEIPTS = Decoder(Receipt)
SESSIONS = Decoder(Session)
