"""What a subscription filter delivers: gzipped JSON with log events of one log stream, in their order.

Format: Amazon CloudWatch Logs User Guide, "Using subscription filters" (read November 2026). A function gets it as
`{"awslogs": {"data": <base64>}}`, a Kinesis stream as the record itself. A delivery may come more than once. A
CONTROL_MESSAGE only asks whether somebody is there, and holds nothing.
"""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.codecs import encodings
from chalicelib.model.errors import PayloadError

DIALECT = "cloudwatch-logs"
DATA_MESSAGE = "DATA_MESSAGE"


class LogEvent(msgspec.Struct, frozen=True):
    """One event. `id` is CloudWatch's, unique and the same in every delivery; `timestamp` is in epoch milliseconds."""

    id: str
    timestamp: int
    message: str


class Subscription(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A delivery: events of the stream `log_stream` in the group `log_group` of the account `owner`."""

    message_type: str
    owner: str = ""
    log_group: str = ""
    log_stream: str = ""
    log_events: tuple[LogEvent, ...] = ()


def awslogs_payload(event: Mapping[str, Any]) -> bytes:
    """What a function's event holds, still packed. Raises PayloadError."""
    try:
        return b64decode(event["awslogs"]["data"], validate=True)
    except (KeyError, TypeError, binascii.Error) as wrong:
        raise PayloadError(DIALECT, "the event has no awslogs.data in base64") from wrong


def read_subscription(payload: bytes, limit_bytes: int) -> Subscription:
    """A delivery as it came, packed or not, at most `limit_bytes` unpacked. Raises PayloadError."""
    text = encodings.decompress(payload, None, limit_bytes, DIALECT).decode("utf-8", "replace")
    try:
        return subscription_of(json.loads(text))
    except (ValueError, RecursionError) as wrong:
        raise PayloadError(DIALECT, f"not JSON: {wrong}") from wrong


def is_subscription(parsed: object) -> bool:
    """Whether JSON is meant to be a delivery."""
    return isinstance(parsed, dict) and "messageType" in parsed and "logEvents" in parsed


def subscription_of(parsed: object) -> Subscription:
    """A delivery as parsed JSON; without events unless it holds data. Raises PayloadError."""
    try:
        delivery = msgspec.convert(parsed, Subscription)
    except msgspec.ValidationError as wrong:
        raise PayloadError(DIALECT, f"not a delivery: {wrong}") from wrong
    if delivery.message_type == DATA_MESSAGE:
        return delivery
    return msgspec.structs.replace(delivery, log_events=())
