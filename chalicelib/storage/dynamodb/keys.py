"""The keys of the facts and views tables: what a table is asked for becomes bytes or text that one Query can find.

Facts:

    pk = tenant, in UTF-8, 0x00, low 64 bits of the trace id (8 bytes)
    sk = high 64 bits of the trace id (8 bytes), BLAKE2b-96 of the block's payload (12 bytes)

All blocks that a 16-digit id can mean lie in one partition, and a 32-digit id is a prefix of the sort key. The same
payload always has the same key, so a repeated write lands on itself. No tenant contains 0x00, so none can be the
beginning of another's key.

The sort key of a consolidated block has four zero bytes and the first 8 bytes of that digest in the place of the 12.
So a Query meets what covers other blocks before those, and a reader can leave them out as they come. One ordinary
block in four billion has such a digest by chance; it comes early, and nothing else.

Views:

    pk = tenant, "#", partition          sk = sort, both as the view names them
"""

import re
from typing import NamedTuple

from chalicelib.model.block import DIGEST_BYTES, Block, payload_digest
from chalicelib.model.view import SYSTEM_TENANT

_TENANT = re.compile(rf"(?!{SYSTEM_TENANT}\Z)[a-z0-9-]{{1,64}}")
_SEPARATOR = b"\x00"
_HALF_BYTES = 8
_FIRST = bytes(4)  # how the digest in a consolidated block's key begins


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
    _check_tenant(tenant)
    return tenant.encode() + _SEPARATOR


def fact_key(prefix: bytes, block: Block) -> FactKey:
    """The key of `block` for the tenant of `prefix` (from `tenant_prefix`)."""
    trace_id = bytes.fromhex(block.trace_id)
    return FactKey(prefix + trace_id[_HALF_BYTES:], trace_id[:_HALF_BYTES] + payload_digest(block.payload))


def consolidated_key(prefix: bytes, block: Block) -> FactKey:
    """The key of a consolidated `block`, among the first of its trace."""
    key = fact_key(prefix, block)
    return FactKey(key.partition, key.sort[:_HALF_BYTES] + shortened(key.sort[_HALF_BYTES:]))


def shortened(digest: bytes) -> bytes:
    """What stands for a payload's digest in the key of a consolidated block."""
    return (_FIRST + digest)[:DIGEST_BYTES]


def comes_first(digest: bytes) -> bool:
    """Whether a digest, as it is in a key, is a consolidated block's, or by chance an ordinary one that looks so."""
    return digest.startswith(_FIRST)


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


def view_partition(tenant: str, partition: str) -> str:
    """The partition key of a view. Raises ValueError for what is neither a tenant nor the system's own."""
    if tenant != SYSTEM_TENANT:
        _check_tenant(tenant)
    return f"{tenant}#{partition}"


def _check_tenant(tenant: str) -> None:
    if not _TENANT.fullmatch(tenant):
        raise ValueError(f"tenant {tenant!r} is not 1 to 64 of a-z, 0-9 and '-' (which alone is Spanfold itself)")
