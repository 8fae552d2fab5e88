"""Clients that others wrote call a wirecall server."""
