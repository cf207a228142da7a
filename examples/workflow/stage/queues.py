"""SQS's event source mapping: a queue's messages as Lambda events, and what becomes of them afterwards."""

from collections.abc import Mapping
from typing import Any

from examples.workflow.stage.lambdas import Function, Invoked
from examples.workflow.stage.template import REGION, client

# The same attribute in boto3's form and in an event's.
ATTRIBUTE_NAMES = {"StringValue": "stringValue", "BinaryValue": "binaryValue", "DataType": "dataType"}


class Queue:
    """A queue of moto's, and what redriven messages were not able to keep there."""

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self._sqs = client("sqs")
        self._url = self._sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        self._sources: dict[str, str] = {}  # DeadLetterQueueSourceArn by message id, which moto has not

    def receive(self, count: int) -> list[dict[str, Any]]:
        """Up to `count` messages with all their attributes; they are invisible until they are given back."""
        taken = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=count,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        for message in taken:
            source = self._sources.get(message["MessageId"])
            if source:
                message["Attributes"]["DeadLetterQueueSourceArn"] = source
        return taken

    def delete(self, receipt: str) -> None:
        """The message was taken care of."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)

    def give_back(self, receipt: str) -> None:
        """Let the message be received again. On AWS the visibility timeout would have to pass first."""
        self._sqs.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=0)

    def redrive_from(self, dead_letters: "Queue") -> int:
        """What StartMessageMoveTask does: how many messages came back.

        They are new messages (id, receive count, time) with the old attributes, and say which queue had failed.
        """
        moved = 0
        while messages := dead_letters.receive(10):
            for message in messages:
                header = message["Attributes"].get("AWSTraceHeader")
                system = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}} if header else {}
                sent = self._sqs.send_message(
                    QueueUrl=self._url,
                    MessageBody=message["Body"],
                    MessageAttributes=message.get("MessageAttributes", {}),
                    MessageSystemAttributes=system,
                )
                self._sources[sent["MessageId"]] = self.arn
                dead_letters.delete(message["ReceiptHandle"])
                moved += 1
        return moved


class EventSource:
    """Hands a queue's messages to a function, a batch at a time."""

    def __init__(self, queue: Queue, function: Function, *, batch_size: int, reports_failures: bool) -> None:
        self._queue = queue
        self._function = function
        self._batch_size = batch_size
        self._reports_failures = reports_failures

    def step(self) -> bool:
        """Deliver one batch; False if there is none."""
        messages = self._queue.receive(self._batch_size)
        if not messages:
            return False
        event = {"Records": [_record(message, self._queue.arn) for message in messages]}
        failed = _failed(event, self._function.invoke(event), reports_failures=self._reports_failures)
        for message in messages:
            put_away = self._queue.give_back if message["MessageId"] in failed else self._queue.delete
            put_away(message["ReceiptHandle"])
        return True


def _record(message: Mapping[str, Any], arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringListValues": [], "binaryListValues": []}
            | {ATTRIBUTE_NAMES[key]: value for key, value in attribute.items() if key in ATTRIBUTE_NAMES}
            for name, attribute in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }


def _failed(event: Mapping[str, Any], invoked: Invoked, *, reports_failures: bool) -> set[str]:
    """The ids of the messages that are to be tried again. An id that no message has fails the whole batch."""
    every = {record["messageId"] for record in event["Records"]}
    if invoked.error is not None:
        return every
    if not reports_failures or not isinstance(invoked.answer, dict):
        return set()
    named = {failure.get("itemIdentifier") for failure in invoked.answer.get("batchItemFailures") or []}
    return every if named - every else named
