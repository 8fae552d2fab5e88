"""What `wirecall generate` wrote for the fixture server."""
