"""The proofs: one folder per room, then contracts, acceptance and golden files."""
