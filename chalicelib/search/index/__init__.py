"""The packed index that segments and digests are made of: many traces in one item, and which of them might match.

An index may over-answer and never under-answers: what it lets through is verified by reading the trace's blocks.

    reader = EntryReader()                                # remembers what it has met: one for a container is best
    entry = reader.entry_of_message(message, trace_id, arrived_ms)   # from a block's TracesData: the stream indexer
    entry = entry_of(trace)                               # from a StoredTrace: the seal
    entry = union([entry, …])                             # several blocks of one trace
    bodies = pack_parts(entries, MAX_BODY_BYTES)          # what fits into one view each

    index = Index.unpack(body, whole=True)                # whole: its rows are of whole traces (digests)
    index.match(leaf, compile_regex)                      # SpanMatch | TraceMatch -> bitmap, bit i = row i
    index.match_tree(condition, compile_regex)            # Both | Either too, inside this one index
    index.rows(bitmap), index.trace_ids(), index.find({trace ids}), index.catalog()

A row is a trace. What it can be found by are *terms*, (scope, name, value): see terms.py. A value that pays for it is
*listed* with the set of rows that have it (listing.py, dictionary.py), and every question about it is answered
exactly; of the others there is a bit-sliced *signature* (signature.py), which knows equality but for 1 % of rows,
and of numbers the magnitude, which makes a range a union of a few sets.

Version 1:

    version (1 byte)
    number of rows (varint); lengths of ids, rows, keys, values, sets, signature (a varint each)
    ids        16 bytes for each row
    rows       times, counts, roots, services of each row      rows.py
    keys       which attributes there are                      dictionary.py
    values     what is listed of each                          dictionary.py
    sets       of rows, each once                              bitmaps.py
    signature  the values that are not listed                  signature.py

All but ids and signature, which are as good as random, are zstd frames (frames.py), each expanded when it is first
needed: a question about one attribute reads keys, values and sets, and of the signature what it needs. Rows stand in
an order that brings like ones together (services, root, names of spans), so that the rows of most values are a few
runs. Nothing depends on the process that packs: the same entries give the same bytes. A byte that means something
else is a new version.
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
