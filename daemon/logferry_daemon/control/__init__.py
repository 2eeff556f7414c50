"""The daemon as the local API sees it: the only room of the daemon, with compose/, that speaks the IPC's words."""
