"""The packed index that segments and digests are made of: many traces in one item, and which of them might match.

An index may over-answer and never under-answers: what it lets through is verified by reading the trace's blocks.

    reader = EntryReader()                                # one for each invocation: remembers what it has seen
    entry = reader.entry_of_message(message, trace_id, arrived_ms)   # from a block's TracesData: the stream indexer
    entry = entry_of(trace)                               # from a StoredTrace: the seal
    entry = union([entry, …])                             # several blocks of one trace
    bodies = pack_parts(entries, MAX_BODY_BYTES)          # what fits into one view each

    index = Index.unpack(body, whole=True)                # whole: its rows are of whole traces (digests)
    index.match(leaf, compile_regex)                      # SpanMatch | TraceMatch -> bitmap, bit i = row i
    index.match_tree(condition, compile_regex)            # Both | Either too, inside this one index
    index.rows(bitmap), index.trace_ids(), index.find({trace ids}), index.catalog()
"""

from chalicelib.search.index.catalog import CatalogKey
from chalicelib.search.index.entry import Entry, entry_of, union
from chalicelib.search.index.matching import CompileRegex, remembering
from chalicelib.search.index.messages import EntryReader
from chalicelib.search.index.packing import MAX_BODY_BYTES, pack, pack_parts
from chalicelib.search.index.reading import Index
from chalicelib.search.index.rows import Row

__all__ = [
    "MAX_BODY_BYTES",
    "CatalogKey",
    "CompileRegex",
    "Entry",
    "EntryReader",
    "Index",
    "Row",
    "entry_of",
    "pack",
    "pack_parts",
    "remembering",
    "union",
]
