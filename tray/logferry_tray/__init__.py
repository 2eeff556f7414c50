"""The tray icon and its menu, a program of its own that talks to the daemon over IPC."""
