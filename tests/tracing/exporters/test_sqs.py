import random

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from chalicelib.codecs.function_lines.reading import read
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.tracing.exporters.errors import ExportError
from chalicelib.tracing.exporters.sqs import SqsExporter
from chalicelib.tracing.suppression import is_suppressed
from tests.tracing.exporters.recorded import batch, span, spans


@pytest.fixture
def aws(monkeypatch):
    for name, value in (
        ("ACCESS_KEY_ID", "testing"),
        ("SECRET_ACCESS_KEY", "testing"),
        ("DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        yield


@pytest.fixture
def sqs(aws):
    return boto3.client("sqs", region_name="eu-central-1")


@pytest.fixture
def queue_url(sqs):
    return sqs.create_queue(QueueName="spans")["QueueUrl"]


def received(sqs, queue_url):
    """The messages in the queue, in their order."""
    bodies = []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in messages]
    return sorted(bodies, key=lambda body: read(body).part)


def test_a_batch_is_a_message_that_the_backend_reads(sqs, queue_url):
    SqsExporter(queue_url).export(batch(*spans(20), until_ns=2**62))
    [body] = received(sqs, queue_url)
    assert [one.span_id for one in to_spans(read(body).decoded.message)] == [one.span_id for one in spans(20)]


def test_many_spans_are_as_many_messages_and_requests_as_it_takes(sqs, queue_url):
    chance = random.Random(4)
    recorded = spans(120)
    for one in recorded:
        one.attributes["body"] = chance.randbytes(15_000).hex()
    SqsExporter(queue_url).export(batch(*recorded, until_ns=2**62))
    bodies = received(sqs, queue_url)
    assert len(bodies) > 10
    assert max(map(len, bodies)) <= 240_000
    kept = [one.span_id for body in bodies for one in to_spans(read(body).decoded.message)]
    assert kept == [one.span_id for one in recorded]


class Queue:
    """A client that fails the messages it is told to, and keeps the others."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.calls = []
        self.was_suppressed = []

    def send_message_batch(self, *, QueueUrl, Entries):  # noqa: N803
        self.was_suppressed.append(is_suppressed())
        self.calls.append([entry["Id"] for entry in Entries])
        assert sum(len(entry["MessageBody"]) for entry in Entries) <= 240_000
        failed = self.failures.pop(0) if self.failures else []
        return {"Failed": [{"Id": one, "Code": "InternalError", "Message": "try later"} for one in failed]}


def exporter_to(queue, **options):
    return SqsExporter(
        "https://sqs.eu-central-1.amazonaws.com/123456789012/spans", make_client=lambda _: queue, **options
    )


def two_messages():
    """A batch that two messages of one request hold: together it unpacks to more than one may."""
    return batch(*[span("padded", n, attributes={"body": "x" * 800_000}) for n in (1, 2)], until_ns=2**62)


def test_messages_that_the_queue_fails_are_sent_once_more_alone():
    queue = Queue(["1"])
    exporter_to(queue).export(two_messages())
    assert queue.calls == [["0", "1"], ["1"]]


def test_messages_that_fail_again_are_told_of():
    queue = Queue(["0", "1"], ["1"])
    with pytest.raises(ExportError, match="1 messages failed: InternalError: try later"):
        exporter_to(queue).export(two_messages())
    assert queue.calls == [["0", "1"], ["0", "1"]]


def test_without_time_left_nothing_is_sent():
    queue = Queue()
    with pytest.raises(ExportError, match="no time left to send 1 messages"):
        exporter_to(queue, now_ns=lambda: 2).export(batch(span(), until_ns=1))
    assert queue.calls == []


def test_its_own_calls_are_not_traced():
    queue = Queue()
    exporter_to(queue).export(batch(span(), until_ns=2**62))
    assert queue.was_suppressed == [True]
    assert not is_suppressed()


def test_the_begin_of_an_invocation_is_no_message():
    queue = Queue()
    exporter_to(queue).start(batch(span()))
    assert queue.calls == []


def test_a_queue_that_is_not_there_is_an_error_for_the_caller(aws):
    with pytest.raises(ClientError, match="NonExistentQueue"):
        SqsExporter("https://sqs.eu-central-1.amazonaws.com/123456789012/none").export(batch(span(), until_ns=2**62))


def test_a_queue_that_is_away_is_an_error_for_the_caller(monkeypatch):
    for name, value in (
        ("ACCESS_KEY_ID", "testing"),
        ("SECRET_ACCESS_KEY", "testing"),
        ("DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")
    with pytest.raises(EndpointConnectionError):
        SqsExporter("https://sqs.eu-central-1.amazonaws.com/123456789012/spans").export(batch(span(), until_ns=2**62))
