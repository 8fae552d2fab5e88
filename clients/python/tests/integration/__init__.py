"""Tests against a real server, which they start: see `server`."""
