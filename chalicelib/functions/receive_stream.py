"""A Kinesis stream of spans, or of what CloudWatch Logs subscriptions deliver into it.

Lambda gives the records of a shard in order, and after a failure again from the first that is named among
`batchItemFailures`. Where the first of all failed it raises, so that a mapping without ReportBatchItemFailures does the
same.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from chalicelib.functions.invocation import invocation
from chalicelib.services import Services


def receive_stream(services: Services, event: Mapping[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Keep the spans of each record; from where on to give again. Raises the failure (StoreError) if all did."""
    from chalicelib.functions.receiving import Parcel, receive  # noqa: PLC0415  # only receivers pay

    with invocation(services, "receive_stream", context) as deadline:
        records = [record["kinesis"] for record in event.get("Records") or []]
        parcels = [Parcel(record["sequenceNumber"], b64decode(record["data"])) for record in records]
        failures = receive(services, "stream", parcels, deadline, in_order=True)
        if failures and len(failures) == len(parcels):
            raise next(iter(failures.values()))
        first = list(failures)[:1]
        for sequence_number in first:
            said = f"{len(failures)} of {len(parcels)} records were not kept, from {sequence_number} on"
            services.telemetry.failure(said, failures[sequence_number])
    return {"batchItemFailures": [{"itemIdentifier": sequence_number} for sequence_number in first]}
