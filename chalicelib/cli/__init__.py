"""One module per command: `python -m chalicelib.cli.<command>`."""
