"""What Spanfold costs: seeded workloads, calculators and timings. `python -m benchmarks` prints the table."""
