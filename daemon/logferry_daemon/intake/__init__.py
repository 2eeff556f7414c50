"""From a source's folder to the spool: what is there, what is new in it, what of that is over, and what is kept."""
