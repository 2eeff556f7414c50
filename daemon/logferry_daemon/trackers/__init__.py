"""One file per tracker that is a program of its own: bytes in, sessions out."""
