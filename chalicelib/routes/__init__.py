"""HTTP at the rim: one module per dialect, each a table of endpoints; gateway.py joins them to Chalice."""
