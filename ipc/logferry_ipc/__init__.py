"""How a running daemon is reached: messages, routes, guard, server, client and discovery file."""
