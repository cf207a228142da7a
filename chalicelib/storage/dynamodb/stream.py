"""The stream of the facts table, as Lambda hands it over: one event, many records, each a block that was kept.

A record has the item as it is after the write ("NewImage") and, where there was one, as it was before ("OldImage"), in
DynamoDB's JSON with binaries in base64 (DynamoDB developer guide, "Using Lambda with DynamoDB Streams"). Left out are
items that were removed (TTL does that) and consolidated blocks, whose spans came before, in the blocks that they cover.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.model.arrival import Arrival, BadRecord
from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.items import Item, to_fact, to_owned

WRITES = frozenset({"INSERT", "MODIFY"})


class _NoRecord(Exception):
    """Not what a stream gives."""


def read_stream(event: Mapping[str, Any]) -> list[Arrival | BadRecord]:
    """What the records of an event tell, in their order; one that cannot be read is a BadRecord, and never raises."""
    return [told for record in event.get("Records") or () for told in _told(record)]


def _told(record: Any) -> Iterator[Arrival | BadRecord]:
    try:
        image = _find_image(record)
        if image is not None and "c" not in image:
            yield _arrival(record, image)
    except _NoRecord as wrong:
        yield _bad(record, str(wrong))
    except StoreError as wrong:
        yield _bad(record, " ".join([wrong.detail, *getattr(wrong, "__notes__", ())]))


def _find_image(record: Any) -> Item | None:
    """The item that was written, its binaries as bytes; None when none was."""
    try:
        if record["eventName"] not in WRITES:
            return None
        image = record["dynamodb"]["NewImage"]
        return {name: _with_bytes(value) for name, value in image.items()}
    except (KeyError, TypeError, AttributeError, ValueError, NotBase64) as wrong:
        raise _NoRecord(f"the record has not the form of a stream's: {wrong!r}") from wrong


def _with_bytes(value: Mapping[str, Any]) -> Mapping[str, Any]:
    [(kind, content)] = value.items()
    return {kind: b64decode(content, validate=True)} if kind == "B" else value


def _arrival(record: Mapping[str, Any], image: Item) -> Arrival:
    owned = to_owned(to_fact(image))
    try:
        sequence, event_id = str(record["dynamodb"]["SequenceNumber"]), str(record["eventID"])
    except KeyError as absent:
        raise _NoRecord(f"the record has no {absent}") from absent
    return Arrival(
        tenant=owned.tenant,
        kept=owned.kept,
        sequence=sequence,
        event_id=event_id,
        replaces_ms=_replaced_ms(record["dynamodb"].get("OldImage")),
    )


def _replaced_ms(old_image: Any) -> int | None:
    """When the same block said that it arrived before it was written again."""
    if old_image is None:
        return None
    try:
        return int(old_image["at"]["N"])
    except (KeyError, TypeError, ValueError) as wrong:
        raise _NoRecord(f"the item was another one before: {wrong!r}") from wrong


def _bad(record: Any, reason: str) -> BadRecord:
    parts = record if isinstance(record, Mapping) else {}
    told = parts.get("dynamodb")
    told = told if isinstance(told, Mapping) else {}
    sequence = told.get("SequenceNumber") or parts.get("eventID") or "unknown"
    return BadRecord(reason=reason, keys=_hex_keys(told.get("Keys")), sequence=str(sequence))


def _hex_keys(keys: Any) -> dict[str, str]:
    """The keys for a person to look up, as far as they are binaries."""
    if not isinstance(keys, Mapping):
        return {}
    readable = {}
    for name, value in keys.items():
        try:
            readable[str(name)] = b64decode(value["B"], validate=True).hex()
        except (KeyError, TypeError, ValueError):
            continue
    return readable
