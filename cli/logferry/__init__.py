"""The logferry command: parse, call, print."""
