"""Who this client says it is, unless the program has a name of its own."""

NAME = "wirecall-python"
VERSION = "0.1.0"
