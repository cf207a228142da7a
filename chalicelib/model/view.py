"""A piece of a view: bytes under two text keys, which the store neither reads nor changes."""

import msgspec

SYSTEM_TENANT = "-"  # whose views are Spanfold's own; no caller can be it, and it has no blocks
MAX_BODY_BYTES = 390_000


class View(msgspec.Struct, frozen=True, kw_only=True):
    """`body` (at most MAX_BODY_BYTES) under `partition` and `sort`; gone after `expires_at_s` (epoch seconds)."""

    partition: str
    sort: str
    body: bytes
    expires_at_s: int
