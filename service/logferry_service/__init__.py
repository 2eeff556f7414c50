"""Keeping the daemon alive across logins; the installers for each system will live here."""
