"""A block as an item of the facts table, and back. Pure: the clock's reading comes in as an argument."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.codecs import blocks
from chalicelib.model.block import Block, payload_digest
from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.keys import FactName, fact_key, parse_fact_key

if TYPE_CHECKING:
    from chalicelib.storage.dynamodb.models import FactItem

Item = Mapping[str, Mapping[str, Any]]  # attribute name -> {type: value}, as the low-level API speaks

MAX_PACKED_BYTES = 400_000  # of DynamoDB's 409,600 per item; names, keys and numbers take under 200


def to_item(prefix: bytes, block: Block, arrived_ms: int, expires_at_s: int) -> Item:
    """The item for `block`, in the attributes of models.FactItem; `prefix` is keys.tenant_prefix of its tenant.

    Raises ValueError for a block that no item can hold: whoever made it had to split first.
    """
    key = fact_key(prefix, block)
    packed = blocks.pack(block)
    if len(packed.data) > MAX_PACKED_BYTES:
        raise ValueError(f"a block of trace {block.trace_id} packs to {len(packed.data)} bytes; split it first")
    return {
        "pk": {"B": key.partition},
        "sk": {"B": key.sort},
        "b": {"B": packed.data},
        "f": {"N": str(packed.format)},
        "n": {"N": str(block.span_count)},
        "at": {"N": str(arrived_ms)},
        "expires_at": {"N": str(expires_at_s)},
    }


def to_fact(raw: Item) -> "FactItem":
    """What Query gave, as the model. Raises StoreError for an item that some other program put into the table."""
    from chalicelib.storage.dynamodb.models import FactItem  # noqa: PLC0415  # who only writes needs no PynamoDB

    try:
        fact = FactItem.from_raw_data(dict(raw))
    except (TypeError, ValueError) as error:  # an attribute of another type
        raise _alien(str(error)) from error
    absent = [name for name in FactItem.get_attributes() if getattr(fact, name) is None]
    if absent:
        raise _alien(f"it has no {', '.join(absent)}")
    return fact


def to_block(fact: "FactItem") -> Block:
    """The block in an item. Raises StoreError, naming the item, when its bytes are not what was written."""
    try:
        name = parse_fact_key(fact.pk, fact.sk)
    except ValueError as error:
        raise _alien(str(error)) from error
    try:
        payload = blocks.unpack(blocks.Packed(int(fact.format), fact.packed), name.trace_id)
    except ValueError as error:
        raise _unreadable(name, str(error)) from error
    if payload_digest(payload) != name.digest:
        raise _unreadable(name, "it does not have the digest it was written with")
    return Block(trace_id=name.trace_id, payload=payload, span_count=int(fact.span_count))


def _alien(why: str) -> StoreError:
    error = StoreError("something that is kept for this trace is not a block")
    error.add_note(why)
    return error


def _unreadable(name: FactName, why: str) -> StoreError:
    error = StoreError(f"a block of trace {name.trace_id} cannot be read: {why}")
    error.add_note(f"its digest is {name.digest.hex()}; a newer version may have written it")
    return error
