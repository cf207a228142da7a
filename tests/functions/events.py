"""Events as Lambda gives them to functions that are not HTTP, and its context."""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.model.block import Block
from chalicelib.storage.dynamodb.items import to_item
from chalicelib.storage.dynamodb.keys import tenant_prefix
from tests.clocks import NOON_NS, Clock

NOON_MS = NOON_NS // 1_000_000
STREAM_ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/facts/stream/2026-01-01T00:00:00.000"
TICK = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-01-01T12:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/spanfold-dev-seal-event"],
    "detail": {},
}


class Context:
    """An invocation that has `left_s` to go on `clock`."""

    aws_request_id = "8a1c"

    def __init__(self, clock: Clock, left_s: float = 60) -> None:
        self._clock = clock
        self._ends_at_ns = clock.at_ns + round(left_s * 1e9)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, (self._ends_at_ns - self._clock.at_ns) // 1_000_000)


def image(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """An item in DynamoDB's JSON."""
    return {
        name: {kind: b64encode(content).decode() if kind == "B" else content for kind, content in value.items()}
        for name, value in item.items()
    }


def stream_event(blocks: Iterable[Block], tenant: str = "default", arrived_ms: int = NOON_MS) -> dict[str, Any]:
    """One record for each block that was kept, in their order."""
    items = (to_item(tenant_prefix(tenant), block, arrived_ms, arrived_ms // 1000 + 86_400) for block in blocks)
    return event_of(items)


def event_of(items: Iterable[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """One record for each item of the facts table, in their order."""
    return {"Records": [_record(image(item), number) for number, item in enumerate(items, 1)]}


def queue_event(*bodies: str) -> dict[str, Any]:
    """One message for each body."""
    return {"Records": [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]}


def subscription(*messages: str, at_ms: int = NOON_MS, every_ms: int = 1, **fields: Any) -> dict[str, Any]:
    """What CloudWatch Logs delivers: an event for each message, `every_ms` apart; `fields` replace its other fields."""
    stream = {"logGroup": "/aws/lambda/checkout", "logStream": "2026/01/01/[$LATEST]8a1c"} | fields
    events = [
        {
            "id": f"{at_ms + number * every_ms:020d}{number:036d}",
            "timestamp": at_ms + number * every_ms,
            "message": text,
        }
        for number, text in enumerate(messages)
    ]
    delivery = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "subscriptionFilters": ["spanfold"]}
    return {**delivery, **stream, "logEvents": events}


def delivered(delivery: Mapping[str, Any]) -> bytes:
    """A delivery as it goes into a stream."""
    return gzip.compress(json.dumps(delivery).encode(), mtime=0)


def logs_event(*messages: str, **fields: Any) -> dict[str, Any]:
    """A delivery as a function gets it."""
    return {"awslogs": {"data": b64encode(delivered(subscription(*messages, **fields))).decode()}}


def kinesis_event(*payloads: bytes) -> dict[str, Any]:
    """One record for each payload."""
    return {
        "Records": [
            {
                "kinesis": {"sequenceNumber": f"495{number:04d}", "data": b64encode(payload).decode()},
                "eventSource": "aws:kinesis",
                "eventID": f"shardId-000000000000:495{number:04d}",
            }
            for number, payload in enumerate(payloads)
        ]
    }


def _record(new_image: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {
        "eventID": f"c81e728d9d4c2f636f067f89cc1486{number:04d}",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": NOON_NS // 1_000_000_000,
            "Keys": {name: new_image[name] for name in ("pk", "sk")},
            "NewImage": new_image,
            "SequenceNumber": f"4421584500000000017450439{number:04d}",
            "SizeBytes": 126,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": STREAM_ARN,
    }
