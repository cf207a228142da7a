"""OpenTelemetry's instrumentations at one end, ours at the other."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import propagate
from opentelemetry.instrumentation.boto3sqs import Boto3SQSInstrumentor
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import get_current_span

from chalicelib.propagation.joins import SENT
from chalicelib.tracing.clients.aws.hooks import existing
from tests.tracing.clients.actors import ACCOUNT, client, ids, recognised, sqs_event
from tests.tracing.clients.recorder import Recorder


class Peer:
    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> tuple[str, str]:
        (span,) = (span for span in self.spans if span.name == name)
        return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


@pytest.fixture
def topic(aws: None) -> str:
    sns = client("sns")
    arn: str = sns.create_topic(Name="placed")["TopicArn"]
    client("sqs").create_queue(QueueName="orders")
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders")
    return arn


@pytest.fixture
def botocore_peer() -> Iterator[Peer]:
    peer = Peer()
    BotocoreInstrumentor().instrument(tracer_provider=peer.provider)
    yield peer
    BotocoreInstrumentor().uninstrument()


@pytest.fixture
def boto3sqs_peer() -> Iterator[Peer]:
    client("sqs")  # botocore makes a class with a client, and the instrumentation wraps the first that it finds
    gc.collect()
    peer = Peer()
    Boto3SQSInstrumentor().instrument(tracer_provider=peer.provider)
    yield peer
    Boto3SQSInstrumentor().uninstrument()


def wrapped() -> Any:
    """A client of the class that boto3sqs has wrapped."""
    return next(one for one in existing() if type(one) is Boto3SQSInstrumentor()._sqs_class)


def messages(**asked: Any) -> list[dict[str, Any]]:
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    found: list[dict[str, Any]] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **asked)["Messages"]
    return found


def test_what_opentelemetrys_botocore_publishes_we_find(topic: str, botocore_peer: Peer) -> None:
    client("sns").publish(TopicArn=topic, Message="1")
    (record,) = recognised(sqs_event(messages())).records
    assert (record.contexts[0].trace_id, record.contexts[0].span_id) == botocore_peer.named("placed send")


@pytest.fixture
def sent(aws: None, boto3sqs_peer: Peer, recorder: Recorder) -> tuple[str, str]:
    """The span of boto3sqs that sent a message."""
    sqs = wrapped()
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="1", MessageAttributes={})
    sqs.receive_message(QueueUrl=url)
    return boto3sqs_peer.named("orders send")


def test_what_opentelemetrys_boto3sqs_sends_our_receiver_links_to(sent: tuple[str, str], recorder: Recorder) -> None:
    receiver = recorder.named("receive orders")
    assert [(link.context.trace_id, link.context.span_id) for link in receiver.links] == [sent]


def test_and_so_does_a_function_that_the_queue_sets_off(aws: None, boto3sqs_peer: Peer) -> None:
    sqs = wrapped()
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="1", MessageAttributes={})
    (record,) = recognised(sqs_event(messages())).records
    assert (record.contexts[0].trace_id, record.contexts[0].span_id) == boto3sqs_peer.named("orders send")


def test_and_our_sender_leaves_its_context_in_place(sent: tuple[str, str], recorder: Recorder) -> None:
    sender = recorder.named("send orders")
    assert [(link.context.trace_id, link.context.span_id) for link in sender.links] == [sent]
    assert sender.attributes[SENT]


def test_what_we_send_opentelemetry_extracts(topic: str, recorder: Recorder) -> None:
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="1")
    (message,) = messages()
    carrier = {name: held["StringValue"] for name, held in message["MessageAttributes"].items()}
    found = get_current_span(propagate.extract(carrier)).get_span_context()
    sender = recorder.named("send orders")
    assert (f"{found.trace_id:032x}", f"{found.span_id:016x}") == ids(sender)
    assert found.is_remote
    assert found.trace_flags.sampled
