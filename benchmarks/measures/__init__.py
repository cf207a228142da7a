"""One module for each thing that is measured; each gives rows for the table of `python -m benchmarks`."""
