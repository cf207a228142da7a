"""Answers as Grafana Tempo gives them: one table of their fields (messages.py), two encodings (wire.py)."""
