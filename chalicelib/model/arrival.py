"""What the stream of the facts table tells: that a block was kept, or that something was that cannot be read."""

from collections.abc import Mapping

import msgspec

from chalicelib.model.block import KeptBlock


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One block as the stream gave it.

    `sequence` (digits) orders the records of a shard; `event_id` is the record's own name, the same in every replay.
    `replaces_ms`: the same block was there already, and said that it arrived then (epoch); None for a new one. A
    sender that tries again moves its block to another arrival window, and both windows must be sealed by what is.
    """

    tenant: str
    kept: KeptBlock
    sequence: str
    event_id: str
    replaces_ms: int | None = None


class BadRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that nothing could be made of: `reason` in words, `keys` what names the item, as far as that is known.

    `sequence` is never empty: a record without one has its event id there, or "unknown".
    """

    reason: str
    keys: Mapping[str, str]
    sequence: str
