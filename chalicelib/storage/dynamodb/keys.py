"""The keys of the facts table: tenant and trace id become bytes that one Query can find, and back.

    pk = tenant, in UTF-8, 0x00, low 64 bits of the trace id (8 bytes)
    sk = high 64 bits of the trace id (8 bytes), BLAKE2b-96 of the block's payload (12 bytes)

All blocks that a 16-digit id can mean lie in one partition, and a 32-digit id is a prefix of the sort key. The same
payload always has the same key, so a repeated write lands on itself. No tenant contains 0x00, so none can be the
beginning of another's key.
"""

import re
from typing import NamedTuple

from chalicelib.model.block import DIGEST_BYTES, Block, payload_digest

_TENANT = re.compile(r"[a-z0-9-]{1,64}")
_SEPARATOR = b"\x00"
_HALF_BYTES = 8


class FactKey(NamedTuple):
    """Where one block is kept."""

    partition: bytes
    sort: bytes


class TraceRange(NamedTuple):
    """Where the blocks of a trace are: those of `partition` whose sort key begins with `sort_prefix` (may be empty)."""

    partition: bytes
    sort_prefix: bytes


class FactName(NamedTuple):
    """What a key says."""

    tenant: str
    trace_id: str
    digest: bytes


def tenant_prefix(tenant: str) -> bytes:
    """How every partition key of `tenant` begins. Raises ValueError for what cannot be a tenant."""
    if not _TENANT.fullmatch(tenant):
        raise ValueError(f"tenant {tenant!r} is not 1 to 64 of a-z, 0-9 and '-'")
    return tenant.encode() + _SEPARATOR


def fact_key(prefix: bytes, block: Block) -> FactKey:
    """The key of `block` for the tenant of `prefix` (from `tenant_prefix`)."""
    trace_id = bytes.fromhex(block.trace_id)
    return FactKey(prefix + trace_id[_HALF_BYTES:], trace_id[:_HALF_BYTES] + payload_digest(block.payload))


def trace_range(tenant: str, trace_id: str) -> TraceRange:
    """Where to look for a trace id of 32 hex digits, or of 16, which leave the high half open."""
    number = bytes.fromhex(trace_id)
    return TraceRange(tenant_prefix(tenant) + number[-_HALF_BYTES:], number[:-_HALF_BYTES])


def parse_fact_key(partition: bytes, sort: bytes) -> FactName:
    """What `fact_key` was given. Raises ValueError for bytes that it does not make."""
    tenant, separator, low = partition.partition(_SEPARATOR)
    high, digest = sort[:_HALF_BYTES], sort[_HALF_BYTES:]
    if not separator or len(low) != _HALF_BYTES or len(digest) != DIGEST_BYTES:
        raise ValueError(f"{partition.hex()} and {sort.hex()} are not a fact's keys")
    return FactName(tenant.decode(), (high + low).hex(), digest)
