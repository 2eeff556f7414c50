"""The self-hosted server: takes finished sessions in once, proves what it stored, and shows each as a page."""

API_VERSION = "1"
"""Sent with every answer as X-API-Version."""

__all__ = ["API_VERSION"]
