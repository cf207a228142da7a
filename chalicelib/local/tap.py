"""The stream of the facts table, tapped where this process writes it.

Engines on one machine are of no help here. moto keeps every record and every iterator of a stream for as long as it
runs, dynalite has no streams at all. So the tap stands at the client: whatever BatchWriteItem put into the facts table
becomes a record, in the form in which Lambda hands over those of DynamoDB's own stream. What other processes write
is not seen, and records that wait are gone with the process: their blocks are not, and a rebuild finds them.
"""

import itertools
import time
from base64 import b64encode
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from threading import Condition
from typing import Any

from chalicelib.storage.dynamodb.client import DynamoClient
from chalicelib.storage.dynamodb.items import Item
from chalicelib.storage.dynamodb.sizing import item_size_bytes

MAX_WAITING = 50_000  # records; a person who sends more in a few seconds hears of it
REMEMBERED = 100_000  # keys, to tell what a repeated write replaced
FIRST_SEQUENCE = 100_000_000_000_000_000_000  # of as many digits as AWS gives them, so that they sort as numbers

_PUT = "spanfold_put"  # our place in the context that botocore passes from hook to hook of one call


class FactsTap:
    """Records of what `client` puts into `table`, until they are taken."""

    def __init__(self, client: DynamoClient, table: str, max_waiting: int = MAX_WAITING) -> None:
        self._table = table
        self._max_waiting = max_waiting
        self._waiting: deque[tuple[Item, int | None]] = deque()
        self._arrived_ms: OrderedDict[tuple[bytes, bytes], int] = OrderedDict()
        self._numbers = itertools.count(FIRST_SEQUENCE)
        self._changed = Condition()
        self.lost = 0
        events = client.meta.events
        events.register_first("provide-client-params.dynamodb.BatchWriteItem", self._asked)
        events.register("after-call.dynamodb.BatchWriteItem", self._answered)

    def take(self, most: int, wait_s: float) -> list[dict[str, Any]]:
        """Up to `most` records in the order of their writing, as soon as there are any; none after `wait_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, timeout=wait_s)
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        return [self._record(item, replaced_ms) for item, replaced_ms in taken]

    def _asked(self, params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
        requests = params["RequestItems"].get(self._table, ())
        context[_PUT] = [request["PutRequest"]["Item"] for request in requests if "PutRequest" in request]

    def _answered(self, parsed: Mapping[str, Any], context: Mapping[str, Any], **_: object) -> None:
        if "UnprocessedItems" not in parsed:  # an error, or nothing that can be understood
            return
        back = {
            _key(request["PutRequest"]["Item"])
            for requests in parsed["UnprocessedItems"].values()
            for request in requests
            if "PutRequest" in request
        }
        self._add([item for item in context.get(_PUT, ()) if _key(item) not in back])

    def _add(self, items: Sequence[Item]) -> None:
        with self._changed:
            for item in items:
                self._waiting.append((item, self._arrived_ms.get(_key(item))))
                self._arrived_ms[_key(item)] = int(item["at"]["N"])
                self._arrived_ms.move_to_end(_key(item))
            while len(self._waiting) > self._max_waiting:
                self._waiting.popleft()
                self.lost += 1
            while len(self._arrived_ms) > REMEMBERED:
                self._arrived_ms.popitem(last=False)
            self._changed.notify_all()

    def _record(self, item: Item, replaced_ms: int | None) -> dict[str, Any]:
        image = {name: _in_json(value) for name, value in item.items()}
        sequence = str(next(self._numbers))
        old = {"OldImage": {**image, "at": {"N": str(replaced_ms)}}} if replaced_ms is not None else {}
        return {
            "eventID": f"local-{sequence}",
            "eventName": "MODIFY" if old else "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "local",
            "dynamodb": {
                "ApproximateCreationDateTime": time.time(),
                "Keys": {name: image[name] for name in ("pk", "sk")},
                "NewImage": image,
                **old,
                "SequenceNumber": sequence,
                "SizeBytes": item_size_bytes(item),
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
            "eventSourceARN": f"arn:aws:dynamodb:local:000000000000:table/{self._table}/stream/tapped",
        }


def _key(item: Item) -> tuple[bytes, bytes]:
    return bytes(item["pk"]["B"]), bytes(item["sk"]["B"])


def _in_json(value: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: b64encode(content).decode() if kind == "B" else content for kind, content in value.items()}
