"""A program of its own that makes letters and reads documents, started by adapters/work_process.py."""
