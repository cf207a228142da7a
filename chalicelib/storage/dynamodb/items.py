"""A block as an item of the facts table, and a view as one of the views table, and back.

Pure: the clock's reading comes in as an argument.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.codecs import blocks
from chalicelib.model.block import DIGEST_BYTES, Block, KeptBlock, payload_digest
from chalicelib.model.errors import StoreError, UnreadableBlock
from chalicelib.model.view import MAX_BODY_BYTES, View
from chalicelib.storage.dynamodb.keys import (
    FactKey,
    FactName,
    consolidated_key,
    fact_key,
    parse_fact_key,
    shortened,
    view_partition,
)
from chalicelib.storage.port import MAX_COVERED_BLOCKS

if TYPE_CHECKING:
    from chalicelib.storage.dynamodb.models import FactItem

Item = Mapping[str, Mapping[str, Any]]  # attribute name -> {type: value}, as the low-level API speaks

MAX_PACKED_BYTES = 400_000  # of DynamoDB's 409,600 per item; names, keys and numbers take under 200


class OwnedBlock(NamedTuple):
    """A block, and whose it is."""

    tenant: str
    kept: KeptBlock


def to_item(prefix: bytes, block: Block, arrived_ms: int, expires_at_s: int, *, undecided: bool = False) -> Item:
    """The item for `block`, in the attributes of models.FactItem; `prefix` is keys.tenant_prefix of its tenant.

    Raises ValueError for a block that no item can hold: whoever made it had to split first.
    """
    item = _item(fact_key(prefix, block), block, arrived_ms, expires_at_s)
    return {**item, "u": {"BOOL": True}} if undecided else item


def to_consolidated_item(prefix: bytes, kept: KeptBlock) -> Item:
    """The item for a consolidated block. Raises ValueError as `to_item`, and for one that covers none or too many."""
    if not 1 <= len(kept.covers) <= MAX_COVERED_BLOCKS:
        raise ValueError(f"{len(kept.covers)} covered blocks are not 1 to {MAX_COVERED_BLOCKS}")
    first_ms = kept.arrived_ms if kept.first_arrived_ms is None else kept.first_arrived_ms
    return {
        **_item(consolidated_key(prefix, kept.block), kept.block, kept.arrived_ms, kept.expires_at_s),
        "c": {"B": b"".join(kept.covers)},
        "fa": {"N": str(first_ms)},
    }


def covered_digests(covers: bytes | None) -> tuple[bytes, ...]:
    """The digests that one after the other make up the `covers` of an item."""
    joined = covers or b""
    return tuple(joined[at : at + DIGEST_BYTES] for at in range(0, len(joined), DIGEST_BYTES))


def to_view_item(tenant: str, view: View) -> Item:
    """The item for `view`, in the attributes of models.ViewItem. Raises ValueError for a body that is too big."""
    if len(view.body) > MAX_BODY_BYTES:
        raise ValueError(f"view {view.partition}/{view.sort} has {len(view.body)} bytes, over {MAX_BODY_BYTES}")
    item = {
        "pk": {"S": view_partition(tenant, view.partition)},
        "sk": {"S": view.sort},
        "expires_at": {"N": str(view.expires_at_s)},
    }
    return {**item, "b": {"B": view.body}} if view.body else item


def to_view(partition: str, raw: Item) -> View:
    """The view in an item that was found in `partition`. Raises StoreError for one that somebody else put there.

    Read without the model: a search reads hundreds, and PynamoDB takes 10 ms to import.
    """
    try:
        body = raw["b"]["B"] if "b" in raw else b""
        return View(
            partition=partition, sort=raw["sk"]["S"], body=bytes(body), expires_at_s=int(raw["expires_at"]["N"])
        )
    except (KeyError, TypeError, ValueError) as error:
        alien = StoreError("something that is kept among the views is not one")
        alien.add_note(f"partition {partition!r}: {error!r}")
        raise alien from error


def _item(key: FactKey, block: Block, arrived_ms: int, expires_at_s: int) -> dict[str, Mapping[str, Any]]:
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
    """What Query gave, as the model. Raises UnreadableBlock for an item that some other program put into the table."""
    from chalicelib.storage.dynamodb.models import FactItem  # noqa: PLC0415  # who only writes needs no PynamoDB

    try:
        fact = FactItem.from_raw_data(dict(raw))
    except (TypeError, ValueError) as error:  # an attribute of another type
        raise _alien(str(error)) from error
    absent = [name for name, own in FactItem.get_attributes().items() if not own.null and getattr(fact, name) is None]
    if absent:
        raise _alien(f"it has no {', '.join(absent)}")
    return fact


def to_owned(fact: "FactItem") -> OwnedBlock:
    """The block in an item. Raises UnreadableBlock, naming the item, when its bytes are not what was written."""
    try:
        name = parse_fact_key(fact.pk, fact.sk)
    except ValueError as error:
        raise _alien(str(error)) from error
    try:
        payload = blocks.unpack(blocks.Packed(int(fact.format), fact.packed), name.trace_id)
    except ValueError as error:
        raise _unreadable(name, str(error)) from error
    digest = payload_digest(payload)
    if name.digest != (shortened(digest) if fact.covers else digest):
        raise _unreadable(name, "it does not have the digest it was written with")
    kept = KeptBlock(
        block=Block(trace_id=name.trace_id, payload=payload, span_count=int(fact.span_count)),
        digest=digest,
        arrived_ms=int(fact.arrived_ms),
        expires_at_s=int(fact.expires_at),
        undecided=bool(fact.undecided),
        covers=covered_digests(fact.covers),
        first_arrived_ms=None if fact.first_arrived_ms is None else int(fact.first_arrived_ms),
    )
    return OwnedBlock(name.tenant, kept)


def _alien(why: str) -> UnreadableBlock:
    error = UnreadableBlock("something that is kept for this trace is not a block")
    error.add_note(why)
    return error


def _unreadable(name: FactName, why: str) -> UnreadableBlock:
    error = UnreadableBlock(f"a block of trace {name.trace_id} cannot be read: {why}")
    error.add_note(f"its digest is {name.digest.hex()}; a newer version may have written it")
    return error
