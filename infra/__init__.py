"""What `chalice deploy` does not make, and the commands that put it together. Never shipped."""
