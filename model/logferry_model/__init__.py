"""The words everybody shares: sessions, envelopes, receipts, errors. Standard library and msgspec only."""
