"""The write path: what was decoded is grouped into blocks, kept, and counted."""
