"""Spans and context of what a function calls: AWS through botocore's hooks, HTTP through the usual clients."""
