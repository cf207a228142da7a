"""Spans of one trace, in any order and any number of times, become the trace a person reads. Pure, no recursion."""
