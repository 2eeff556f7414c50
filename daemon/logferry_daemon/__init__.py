"""The daemon: watches sources, cuts sessions, spools them and delivers them."""
