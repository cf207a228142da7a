"""Where each view lies: partitions and sort keys, made and taken apart. Writers and readers of views share this.

| view | partition | sort |
|---|---|---|
| segment: traces that arrived in a window, to search | `seg#<hour of window>` | `<window>#<sequence>#<batch>#<part>` |
| digest: traces sealed in a window, to search | `dig#<hour of spans>` | `<window>#<piece>#<part>` |
| rollup: what the seal of one window adds | `rol#<hour of spans>` | `<window>#<piece>` |
| merged hour: the sum of an hour's rollups | `roh#<day of spans>` | `<hour>` |
| marker: a window, or a piece of it, is sealed | `sealed#<hour of window>` | `<window>#<piece>` |
| late note: a segment came when its window's seal was due | `sealed#<hour of window>` | `<window>#+<batch>` |
| tenants active on a day (SYSTEM_TENANT's) | `tenants#<day>` | tenant |
| dead letters (SYSTEM_TENANT's) | `dead#<day>` | sequence number |
| an invocation not over: open spans, verdicts | `open#<digest>` | `s#<span id>`, `v#<digest>` |

Windows, hours and days are their starts in epoch seconds, ten digits where they are sorted by. A *piece* is "-"
(everything) or "-" with binary digits (rollups/pieces.py). A part is a number from 0: what would be too large for one
view lies in several, and a reader takes all of them.

Of the rollups of one window and hour a reader takes the deepest complete cover (pieces.cover): a window that was first
sealed whole and later in pieces has both layouts. Digests of all layouts are a union and need no such care.
"""

import json
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from chalicelib.model.windows import HOUR_S

DAY_S = 24 * HOUR_S
_OPEN_SPAN = "s#"
_LATE = "+"
_AFTER_SEPARATOR = "$"  # the next character after '#'
_UNTIL_BYTES = 5


class SegmentName(NamedTuple):
    """A segment: its window, the first sequence number and the digest (8 hex digits) of its batch, its part."""

    window: int
    sequence: str
    batch: str
    part: int


class PieceName(NamedTuple):
    """A rollup or marker: what was sealed."""

    window: int
    piece: str


class DigestName(NamedTuple):
    """A digest: what was sealed, and the part of it."""

    window: int
    piece: str
    part: int


class MergedBody(NamedTuple):
    """A merged hour: `packed` is the sum of the rollups of all windows before `until`.

    Rollups of later windows (there are some where spans came long after they began) are to be added to it.
    """

    until: int
    packed: bytes


class Place(NamedTuple):
    """An hour into which the seal of a piece has put a rollup and so many digests."""

    hour: int
    digests: int


class MarkerBody(NamedTuple):
    """What a marker says: whether all is put, and where, ascending; or that it is begun, and where something may be."""

    is_sealed: bool
    places: tuple[Place, ...]


def hour_start(moment_s: int) -> int:
    """The hour that an epoch second belongs to."""
    return moment_s // HOUR_S * HOUR_S


def day_start(moment_s: int) -> int:
    """The day (UTC) that an epoch second belongs to."""
    return moment_s // DAY_S * DAY_S


def segment_partition(window: int) -> str:
    """Where the segments of the windows of one hour are."""
    return f"seg#{hour_start(window):010d}"


def digest_partition(hour: int) -> str:
    """Where the digests of traces with spans that start in this hour are."""
    return f"dig#{hour:010d}"


def rollup_partition(hour: int) -> str:
    """Where the rollups of the spans that start in this hour are."""
    return f"rol#{hour:010d}"


def merged_partition(hour: int) -> str:
    """Where the merged hours of this hour's day are."""
    return f"roh#{day_start(hour):010d}"


def sealed_partition(window: int) -> str:
    """Where the markers and late notes of the windows of one hour are."""
    return f"sealed#{hour_start(window):010d}"


def tenants_partition(moment_s: int) -> str:
    """Where SYSTEM_TENANT has the tenants that were active on this day."""
    return f"tenants#{day_start(moment_s):010d}"


def dead_partition(moment_s: int) -> str:
    """Where SYSTEM_TENANT has the dead letters of this day."""
    return f"dead#{day_start(moment_s):010d}"


def open_partition(log_group: str, log_stream: str, request_id: str) -> str:
    """Where an invocation's open spans and verdicts wait for each other."""
    name = json.dumps([log_group, log_stream, request_id]).encode()
    return f"open#{blake2b(name, digest_size=16).hexdigest()}"


def open_span_sort(span_id: str) -> str:
    """The sort key of an open span."""
    return f"{_OPEN_SPAN}{span_id}"


def verdict_sort(body: bytes) -> str:
    """The sort key of verdicts, by what they say."""
    return f"v#{blake2b(body, digest_size=8).hexdigest()}"


def is_open_span(sort: str) -> bool:
    """Whether this is an open span and not verdicts."""
    return sort.startswith(_OPEN_SPAN)


def segment_sort(name: SegmentName) -> str:
    """The sort key of a segment."""
    return f"{name.window:010d}#{name.sequence}#{name.batch}#{name.part}"


def digest_sort(name: DigestName) -> str:
    """The sort key of a digest."""
    return f"{name.window:010d}#{name.piece}#{name.part}"


def piece_sort(name: PieceName) -> str:
    """The sort key of a rollup or marker."""
    return f"{name.window:010d}#{name.piece}"


def late_sort(window: int, batch: str) -> str:
    """The sort key of a late note."""
    return f"{window:010d}#{_LATE}{batch}"


def merged_sort(hour: int) -> str:
    """The sort key of a merged hour."""
    return f"{hour:010d}"


def first_sort(moment_s: int) -> str:
    """The least sort key of anything that is of this window (or hour, or moment) or a later one."""
    return f"{moment_s:010d}"


def last_sort(moment_s: int) -> str:
    """A sort key past everything of this window (or hour), and before all of the next."""
    return f"{moment_s:010d}{_AFTER_SEPARATOR}"


def parse_segment(sort: str) -> SegmentName:
    """What `segment_sort` was given. Raises ValueError for other text."""
    window, sequence, batch, part = sort.split("#")
    return SegmentName(int(window), sequence, batch, int(part))


def parse_digest(sort: str) -> DigestName:
    """What `digest_sort` was given. Raises ValueError for other text."""
    window, piece, part = sort.split("#")
    return DigestName(int(window), piece, int(part))


def parse_piece(sort: str) -> PieceName:
    """What `piece_sort` was given. Raises ValueError for other text."""
    window, piece = sort.split("#")
    return PieceName(int(window), piece)


def is_late_note(sort: str) -> bool:
    """Whether this is no marker but a late note, which lies in the same partition."""
    return sort.partition("#")[2].startswith(_LATE)


def window_of(sort: str) -> int:
    """The window (or hour) that a sort key begins with. Raises ValueError for other text."""
    return int(sort.partition("#")[0])


def merged_body(merged: MergedBody) -> bytes:
    """The body of a merged hour."""
    return merged.until.to_bytes(_UNTIL_BYTES, "big") + merged.packed


def parse_merged_body(body: bytes) -> MergedBody:
    """What `merged_body` was given."""
    return MergedBody(int.from_bytes(body[:_UNTIL_BYTES], "big"), body[_UNTIL_BYTES:])


def marker_body(body: MarkerBody) -> bytes:
    """The body of a marker."""
    return msgspec.json.encode(body)


def parse_marker_body(body: bytes) -> MarkerBody:
    """What `marker_body` was given."""
    return msgspec.json.decode(body, type=MarkerBody)
