"""Entries to bytes."""

from collections.abc import Sequence

from chalicelib.search.index.entry import Entry

MAX_BODY_BYTES = 380_000  # a view's body may weigh 390,000


def pack(entries: Sequence[Entry]) -> bytes:
    """One index of `entries` (none is fine), the same bytes whatever their order; two of one trace become one row.

    Raises ValueError for more than an index can hold; `pack_parts` splits first.
    """
    raise NotImplementedError


def pack_parts(entries: Sequence[Entry], max_bytes: int = MAX_BODY_BYTES) -> list[bytes]:
    """Indexes of at most `max_bytes` each, together of all `entries`; none of none.

    What is too big is split into halves by order of trace id, until it fits. An entry that alone is too big becomes
    one that overflows.
    """
    raise NotImplementedError
