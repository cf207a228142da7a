"""How time is cut for views: arrivals into windows, spans into hours. Everything is computed from facts alone.

An *arrival window* is `seal_window_s` long, starts at a multiple of it, and is named by its start in epoch seconds;
a block belongs to that of its `arrived_ms`. Views about spans lie in partitions of one *hour* of span starts,
named by the hour's start in epoch seconds; a trace is in every hour in which one of its spans starts.

Clocks are wrong now and then. A span whose start is 0, or more than MAX_PAST_S before or MAX_FUTURE_S after the
arrival of its block, is found under its arrival instead (`search_time_ns`); its own times stay as sent.
"""

from typing import NamedTuple

HOUR_S = 3600
NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
MAX_PAST_S = 30 * 24 * HOUR_S
MAX_FUTURE_S = 24 * HOUR_S


class Window(NamedTuple):
    """From `start_ns`, inclusive, to `end_ns`, exclusive."""

    start_ns: int
    end_ns: int


def arrival_window(arrived_ms: int, width_s: int) -> int:
    """The window, by its start in epoch seconds, that a block of this arrival belongs to."""
    return arrived_ms // 1000 // width_s * width_s


def hour_of(time_ns: int) -> int:
    """The hour, by its start in epoch seconds, that a moment belongs to."""
    return time_ns // NS_PER_S // HOUR_S * HOUR_S


def search_time_ns(start_ns: int, arrived_ms: int) -> int:
    """When a span counts as started for search, rollups and series: its start, or its arrival if that is absurd."""
    arrived_ns = arrived_ms * NS_PER_MS
    if arrived_ns - MAX_PAST_S * NS_PER_S <= start_ns <= arrived_ns + MAX_FUTURE_S * NS_PER_S:
        return start_ns
    return arrived_ns
