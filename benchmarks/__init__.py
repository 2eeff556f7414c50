"""Measurements against peers in the same run. They print; they decide nothing."""
