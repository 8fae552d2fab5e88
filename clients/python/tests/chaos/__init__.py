"""The Python client of a chaos run."""
