"""AWS clients, made once (it takes long), and events as Lambda would make them of what arrived."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.propagation.triggers.invoked import Invoked
from chalicelib.propagation.triggers.recognise import recognise
from chalicelib.propagation.triggers.trigger import Trigger
from chalicelib.tracing.span import Span

KEYS = {"region_name": "eu-central-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
ACCOUNT = "123456789012"
STATE_MACHINE = f"arn:aws:states:eu-central-1:{ACCOUNT}:stateMachine:orders"


@cache
def session() -> boto3.Session:
    return boto3.Session(**KEYS)


@cache
def client(service: str, endpoint_url: str | None = None) -> Any:
    """One that does not retry by itself."""
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=True)
    return session().client(service, endpoint_url=endpoint_url, config=config)


def sqs_event(messages: list[dict[str, Any]], queue: str = "orders") -> dict[str, Any]:
    """What Lambda makes of messages that ReceiveMessage gave."""
    return {"Records": [_sqs_record(message, queue) for message in messages]}


def _sqs_record(message: Mapping[str, Any], queue: str) -> dict[str, Any]:
    attributes = {
        name: {
            "dataType": held["DataType"],
            "stringValue": held.get("StringValue"),
            "stringListValues": [],
            "binaryListValues": [],
        }
        for name, held in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:{ACCOUNT}:{queue}",
        "awsRegion": "eu-central-1",
    }


def recognised(event: object) -> Trigger:
    return recognise(event, Invoked())


def ids(span: Span) -> tuple[str, str]:
    return span.trace_id, span.span_id
