"""A piece of a view: bytes under two text keys, which the store neither reads nor changes."""

import msgspec


class View(msgspec.Struct, frozen=True, kw_only=True):
    """`body` (at most 390,000 bytes) under `partition` and `sort`; gone after `expires_at_s` (epoch seconds)."""

    partition: str
    sort: str
    body: bytes
    expires_at_s: int
