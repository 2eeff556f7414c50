"""The command: every verb against a real server, and the demo's parts one by one."""
