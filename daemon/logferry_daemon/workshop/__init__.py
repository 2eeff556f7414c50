"""A program of its own that makes letters, started by adapters/work_process.py."""
