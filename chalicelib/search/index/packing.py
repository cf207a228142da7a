"""Entries to bytes. The layout is told in the package's docstring."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from chalicelib.codecs.otlp.varints import write_varint
from chalicelib.search.index import dictionary, rows, signature
from chalicelib.search.index.entry import NAME, Entry, overflowing, union
from chalicelib.search.index.frames import squeeze
from chalicelib.search.index.listing import Listed, listings
from chalicelib.search.index.sections import SECTIONS, VERSION

MAX_BODY_BYTES = 380_000  # a view's body may weigh 390,000
MAX_TOGETHER = 1 << 20  # terms that are put into one index, so that packing stays within some 300 MB


def pack(entries: Iterable[Entry]) -> bytes:
    """One index of `entries` (none is fine), the same bytes whatever their order; two of one trace become one row.

    Raises ValueError for more than an index can hold; `pack_parts` splits first.
    """
    return _packed(_by_trace(entries))


def pack_parts(entries: Iterable[Entry], max_bytes: int = MAX_BODY_BYTES) -> list[bytes]:
    """Indexes of at most `max_bytes` each, together of all `entries`; none of none.

    What is too big is split into halves by order of trace id, until it fits. An entry that alone is too big becomes
    one that overflows.
    """
    traces = _by_trace(entries)
    return _fitting(traces, max_bytes) if traces else []


def _fitting(entries: Sequence[Entry], max_bytes: int) -> list[bytes]:
    if len(entries) > 1 and sum(len(entry.terms) for entry in entries) > MAX_TOGETHER:
        return _halves(entries, max_bytes)
    try:
        body = _packed(entries)
    except ValueError:
        body = None
    if body is not None and len(body) <= max_bytes:
        return [body]
    if len(entries) > 1:
        return _halves(entries, max_bytes)
    if entries[0].overflowing:
        raise ValueError(f"one trace does not fit into {max_bytes} bytes")
    return _fitting([overflowing(entries[0])], max_bytes)


def _halves(entries: Sequence[Entry], max_bytes: int) -> list[bytes]:
    middle = len(entries) // 2
    return _fitting(entries[:middle], max_bytes) + _fitting(entries[middle:], max_bytes)


def sections(entries: Sequence[Entry]) -> dict[str, bytes]:
    """What an index of `entries` (one for each trace, in order of trace id) is put together from, by name."""
    listed = list(listings(_postings(entries)))
    order = sorted(range(len(entries)), key=lambda row: _likeness(entries[row]))
    places = [0] * len(order)
    for place, row in enumerate(order):
        places[row] = place
    ordered = [entries[row] for row in order]
    kept = dictionary.write(listed, [row for row, entry in enumerate(entries) if entry.overflowing], places)
    return {
        "ids": rows.write_ids(ordered),
        "rows": squeeze(rows.write_rows(ordered)),
        "keys": squeeze(kept.keys),
        "values": squeeze(kept.values),
        "sets": squeeze(kept.sets),
        "signature": signature.write(_unlisted(listed, places)),
    }


def _by_trace(entries: Iterable[Entry]) -> list[Entry]:
    traces: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        traces[entry.trace_id].append(entry)
    return [union(traces[trace_id]) for trace_id in sorted(traces)]


def _packed(entries: Sequence[Entry]) -> bytes:
    made = sections(entries)
    lengths = (write_varint(len(made[name])) for name in SECTIONS)
    return b"".join((bytes([VERSION]), write_varint(len(entries)), *lengths, *(made[name] for name in SECTIONS)))


def _postings(entries: Sequence[Entry]) -> dict[bytes, list[int]]:
    """The entries, by their place in `entries`, that have each term."""
    postings: dict[bytes, list[int]] = defaultdict(list)
    for row, entry in enumerate(entries):
        for term in entry.terms:
            postings[term].append(row)
    return postings


def _likeness(entry: Entry) -> tuple[object, ...]:
    """What rows are ordered by: those that do alike stand together, and sets of rows become a few long runs."""
    names = sorted(term for term in entry.terms if term.startswith(NAME))
    return entry.services, entry.root_name or "", names, entry.trace_id


def _unlisted(listed: Iterable[Listed], places: Sequence[int]) -> list[list[signature.Hashed]]:
    """The hashed values of each row that are not listed."""
    values: list[list[signature.Hashed]] = [[] for _ in places]
    for each in listed:
        for value, members in each.unlisted:
            for row in members:
                values[places[row]].append(value)
    return values
