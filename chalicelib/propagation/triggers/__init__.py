"""What set a function off, read from its event: one small module per family of sources, and a table that chooses."""
