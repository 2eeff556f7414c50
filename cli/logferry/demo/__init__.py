"""`logferry demo`: the whole way of a session, on this machine, in a folder that is thrown away."""
