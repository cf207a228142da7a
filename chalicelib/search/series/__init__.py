"""TraceQL metrics: what the matched spans of many traces add up to, as series over time.

An `Accumulator` takes traces one at a time, in any order and in parts, and gives the same series whatever the order:
sums are exact (sums.py), and where there are more series than the limit, those that come first by their labels stay.
A sample at time t is about the spans from t to t + step (intervals.py).
"""

from chalicelib.search.series.accumulator import Accumulator, instant
from chalicelib.search.series.intervals import MAX_INTERVALS, aligned, default_step
from chalicelib.search.series.results import Exemplar, Series

__all__ = ["MAX_INTERVALS", "Accumulator", "Exemplar", "Series", "aligned", "default_step", "instant"]
