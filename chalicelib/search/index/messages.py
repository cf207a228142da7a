"""Entries straight from OTLP messages, without a Span object: the stream indexer's way."""

from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.search.index.entry import Entry


class EntryReader:
    """Makes entries, and remembers the terms of resources, scopes and attributes it has met (a bounded number)."""

    def entry_of_message(self, message: TracesData, trace_id: str, arrived_ms: int) -> Entry:
        """What `entry_of` gives for the spans of `message` (all of one trace, at least one), repeats not removed."""
        raise NotImplementedError
