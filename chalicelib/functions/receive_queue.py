"""An SQS queue into which functions, or anybody else in the account, put spans.

SQS deletes what is not named among `batchItemFailures`. Where all failed it raises, which a mapping without
ReportBatchItemFailures understands as well (see work.py). What fails again and again goes to the queue's own queue of
failures; what cannot be read never fails, and becomes a dead letter.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from chalicelib.functions.invocation import invocation
from chalicelib.services import Services


def receive_queue(services: Services, event: Mapping[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Keep the spans of each message; the ids of those that failed. Raises the failure (StoreError) if all did."""
    from chalicelib.functions.receiving import Parcel, receive  # noqa: PLC0415  # only receivers pay

    with invocation(services, "receive_queue", context) as deadline:
        records = event.get("Records") or []
        parcels = [Parcel(record["messageId"], packed(record["body"])) for record in records]
        failures = receive(services, "queue", parcels, deadline)
        if failures and len(failures) == len(parcels):
            raise next(iter(failures.values()))
        for message_id, failure in failures.items():
            services.telemetry.failure(f"message {message_id} was not kept", failure)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}


def packed(body: str) -> bytes:
    """A message's body as bytes: text as it is, unless it is base64, which is what bytes come as (OTLP protobuf)."""
    if not body.lstrip().startswith("{"):
        try:
            return b64decode(body, validate=True)
        except (ValueError, binascii.Error):
            pass
    return body.encode("utf-8", "replace")
