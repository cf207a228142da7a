"""A CloudWatch Logs subscription: what functions wrote to their logs, and what the platform said of those that died.

CloudWatch invokes this asynchronously, and Lambda repeats an invocation that raised twice, minutes apart; then what was
delivered goes to the queue of failures (infra/merge.yaml). The log keeps it in any case.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.functions.invocation import invocation
from chalicelib.services import Services


def receive_logs(services: Services, event: Mapping[str, Any], context: Any) -> None:
    """Keep the spans of one delivery. Raises StoreError, and PayloadError for an event that is none."""
    from chalicelib.codecs.cloudwatch_logs.subscription import awslogs_payload  # noqa: PLC0415  # only receivers pay
    from chalicelib.functions.receiving import Parcel, receive  # noqa: PLC0415

    with invocation(services, "receive_logs", context) as deadline:
        # The request id is the same when Lambda repeats the invocation.
        name = str(getattr(context, "aws_request_id", "-"))
        failures = receive(services, "logs", [Parcel(name, awslogs_payload(event))], deadline)
        for failure in failures.values():
            raise failure
