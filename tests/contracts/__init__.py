"""One file a port: what its adapter and its fake have to do alike, then what only the real one can show."""
