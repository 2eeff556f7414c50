"""The deciding parts: pure functions and values. No IO, no clock, no chance."""
