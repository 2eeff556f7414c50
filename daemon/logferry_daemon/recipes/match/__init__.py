"""Recipes of games that write one file a match: decoders of a few formats, and the tracker that runs them."""
