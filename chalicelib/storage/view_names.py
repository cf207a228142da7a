"""Where each view lies: partitions and sort keys, made and taken apart. Writers and readers of views share this.

| view | partition | sort |
|---|---|---|
| segment: traces that arrived in a window, to search | `seg#<hour of window>` | `<window>#<sequence>#<batch>#<part>` |
| digest: traces sealed in a window, to search | `dig#<hour of spans>` | `<window>#<piece>#<part>` |
| rollup: what the seal of one window adds | `rol#<hour of spans>` | `<window>#<piece>#<part>` |
| merged hour: the sum of an hour's rollups | `roh#<day of spans>` | `<hour>#<part>` |
| marker: a window, or a piece of it, is sealed | `sealed#<hour of window>` | `<window>#<piece>` |
| late note: a segment came when its window's seal was due | `sealed#<hour of window>` | `<window>#+<batch>` |
| tenants active on a day (SYSTEM_TENANT's) | `tenants#<day>` | tenant |
| dead letters (SYSTEM_TENANT's) | `dead#<day>` | sequence number |

Windows, hours and days are their starts in epoch seconds, ten digits where they are sorted by. A *piece* is "-"
(everything) or "-" with binary digits: the traces whose digest begins with these bits. A part is a number from 0:
what would be too large for one view lies in several, and a reader takes all of them.

Of the rollups of one window and hour a reader takes the deepest complete cover (rollups/pieces.py): a window that was
first sealed whole and later in pieces has both layouts. Digests of all layouts are a union and need no such care.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from chalicelib.model.windows import HOUR_S

DAY_S = 24 * HOUR_S
EVERYTHING = "-"  # the piece that is the whole window

_LATE = "+"
_AFTER_SEPARATOR = "$"  # the next character after '#'
_UNTIL_BYTES = 5
_PARTS_BYTES = 2


class SegmentName(NamedTuple):
    """A segment: its window, the first sequence number and the digest (8 hex digits) of its batch, its part."""

    window: int
    sequence: str
    batch: str
    part: int


class PieceName(NamedTuple):
    """A digest or rollup: the window and piece that were sealed, and the part of it in this hour."""

    window: int
    piece: str
    part: int


class MarkerName(NamedTuple):
    """A marker."""

    window: int
    piece: str


class MergedName(NamedTuple):
    """A merged hour, or a part of one."""

    hour: int
    part: int


class MergedBody(NamedTuple):
    """Part 0 of a merged hour: it sums the rollups of all windows before `until` and has `parts` parts.

    Rollups of later windows (there are some where spans came long after they began) are to be added to it.
    """

    until: int
    parts: int
    packed: bytes


class HourParts(NamedTuple):
    """How many digests and rollups the seal of a window, or of a piece of it, has put into an hour."""

    hour: int
    digests: int
    rollups: int


class MarkerBody(NamedTuple):
    """What a marker says: whether all is put (or only begun), and into which hours, ascending.

    Hours that were begun with are those that may hold something.
    """

    is_sealed: bool
    hours: tuple[HourParts, ...]


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


def segment_sort(name: SegmentName) -> str:
    """The sort key of a segment."""
    return f"{name.window:010d}#{name.sequence}#{name.batch}#{name.part}"


def piece_sort(name: PieceName) -> str:
    """The sort key of a digest or rollup."""
    return f"{name.window:010d}#{name.piece}#{name.part}"


def marker_sort(name: MarkerName) -> str:
    """The sort key of a marker."""
    return f"{name.window:010d}#{name.piece}"


def late_sort(window: int, batch: str) -> str:
    """The sort key of a late note."""
    return f"{window:010d}#{_LATE}{batch}"


def merged_sort(name: MergedName) -> str:
    """The sort key of a merged hour."""
    return f"{name.hour:010d}#{name.part}"


def first_sort(moment_s: int) -> str:
    """The least sort key of anything that is of this window (or merged hour) or a later one."""
    return f"{moment_s:010d}#"


def last_sort(moment_s: int) -> str:
    """A sort key past everything of this window (or merged hour), and before all of the next."""
    return f"{moment_s:010d}{_AFTER_SEPARATOR}"


def parse_segment(sort: str) -> SegmentName:
    """What `segment_sort` was given. Raises ValueError for other text."""
    window, sequence, batch, part = sort.split("#")
    return SegmentName(int(window), sequence, batch, int(part))


def parse_piece(sort: str) -> PieceName:
    """What `piece_sort` was given. Raises ValueError for other text."""
    window, piece, part = sort.split("#")
    return PieceName(int(window), piece, int(part))


def parse_merged(sort: str) -> MergedName:
    """What `merged_sort` was given. Raises ValueError for other text."""
    hour, part = sort.split("#")
    return MergedName(int(hour), int(part))


def find_marker(sort: str) -> MarkerName | None:
    """What `marker_sort` was given; None for a late note, which lies in the same partition."""
    window, _, piece = sort.partition("#")
    return None if piece.startswith(_LATE) else MarkerName(int(window), piece)


def window_of(sort: str) -> int:
    """The window of anything whose sort key begins with one. Raises ValueError for other text."""
    return int(sort.partition("#")[0])


def merged_body(merged: MergedBody) -> bytes:
    """The body of part 0 of a merged hour; the other parts are packed rollups and nothing else."""
    return merged.until.to_bytes(_UNTIL_BYTES, "big") + merged.parts.to_bytes(_PARTS_BYTES, "big") + merged.packed


def parse_merged_body(body: bytes) -> MergedBody:
    """What `merged_body` was given."""
    until, parts = body[:_UNTIL_BYTES], body[_UNTIL_BYTES : _UNTIL_BYTES + _PARTS_BYTES]
    return MergedBody(int.from_bytes(until, "big"), int.from_bytes(parts, "big"), body[_UNTIL_BYTES + _PARTS_BYTES :])


def marker_body(body: MarkerBody) -> bytes:
    """The body of a marker."""
    return msgspec.json.encode(body)


def parse_marker_body(body: bytes) -> MarkerBody:
    """What `marker_body` was given."""
    return msgspec.json.decode(body, type=MarkerBody)


def is_whole(pieces: Iterable[str]) -> bool:
    """Whether these pieces (of one window) cover everything: the window is sealed if its markers do."""
    present = set(pieces)

    def covered(piece: str) -> bool:
        if piece in present:
            return True
        return any(other.startswith(piece) for other in present) and covered(piece + "0") and covered(piece + "1")

    return covered(EVERYTHING)
