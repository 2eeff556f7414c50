"""Named queries and numbered migrations of the spool, and the few lines that load them."""
