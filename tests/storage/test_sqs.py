"""The work queue on SQS as moto plays it, and what SQS answers when it takes only a part."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from chalicelib.model.errors import StoreError, StoreThrottled
from chalicelib.storage.dynamodb.client import OnceMade
from chalicelib.storage.dynamodb.writer import Backoff
from chalicelib.storage.sqs.queue import CALL_BYTES, SqsWorkQueue, batches, make_client
from tests.clocks import Clock
from tests.contracts.work_queue import WorkQueueContract

KEYS = {"region_name": "eu-central-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/work"


def queue_over(send_message_batch, clock: Clock) -> SqsWorkQueue:
    client = SimpleNamespace(send_message_batch=send_message_batch)
    return SqsWorkQueue(connection=OnceMade(lambda: client), url=URL, backoff=Backoff(lambda: 0.5, clock.sleep))


class TestSqsWorkQueue(WorkQueueContract):
    @pytest.fixture
    def sqs(self) -> Iterator[SimpleNamespace]:
        with mock_aws():
            client = make_client(**KEYS)
            url = client.create_queue(QueueName="work")["QueueUrl"]
            yield SimpleNamespace(client=client, url=url)

    @pytest.fixture
    def queue(self, sqs, clock: Clock) -> SqsWorkQueue:
        backoff = Backoff(lambda: 0.5, clock.sleep)
        return SqsWorkQueue(connection=OnceMade(lambda: sqs.client), url=sqs.url, backoff=backoff)

    @pytest.fixture
    def taken(self, sqs) -> Callable[[], list[bytes]]:
        def take() -> list[bytes]:
            messages = []
            while got := sqs.client.receive_message(QueueUrl=sqs.url, MaxNumberOfMessages=10).get("Messages"):
                messages += got
                for one in got:
                    sqs.client.delete_message(QueueUrl=sqs.url, ReceiptHandle=one["ReceiptHandle"])
            return [one["Body"].encode() for one in messages]

        return take

    def test_a_queue_that_is_not_there_is_told_to_the_operator(self, sqs, queue: SqsWorkQueue, clock: Clock):
        sqs.client.delete_queue(QueueUrl=sqs.url)
        with pytest.raises(StoreError) as refusal:
            queue.send([b"{}"], clock.deadline())
        assert "SPANFOLD_WORK_QUEUE_URL" in refusal.value.__notes__[0]


def test_calls_hold_ten_messages_and_a_quarter_of_a_megabyte():
    assert [len(batch) for batch in batches([b"{}"] * 24)] == [10, 10, 4]
    assert [len(batch) for batch in batches([b"x" * (CALL_BYTES // 3)] * 7)] == [3, 3, 1]
    assert list(batches([])) == []


def test_what_was_not_taken_is_sent_again_and_nothing_else(clock: Clock):
    sent = []

    def takes_the_even_ones_first(QueueUrl, Entries):  # noqa: N803  # botocore's names
        sent.append([entry["MessageBody"] for entry in Entries])
        taken = [entry for entry in Entries if len(sent) > 1 or int(entry["Id"]) % 2 == 0]
        failed = [{"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"} for entry in Entries]
        return {
            "Successful": [{"Id": entry["Id"]} for entry in taken],
            "Failed": [entry for entry in failed if entry["Id"] not in {one["Id"] for one in taken}],
        }

    queue_over(takes_the_even_ones_first, clock).send([b"0", b"1", b"2", b"3"], clock.deadline())
    assert sent == [["0", "1", "2", "3"], ["1", "3"]]
    assert len(clock.naps_s) == 1


def test_a_queue_that_never_takes_it_all_is_busy_in_the_end(clock: Clock):
    deadline = clock.deadline()

    def takes_none(QueueUrl, Entries):  # noqa: N803
        return {"Failed": [{"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"} for entry in Entries]}

    with pytest.raises(StoreThrottled):
        queue_over(takes_none, clock).send([b"{}"], deadline)
    assert 0 < deadline.remaining_s() < 2


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({}, "cannot be understood"),
        ({"Failed": [{"Id": "0", "SenderFault": True, "Code": "InvalidMessageContents"}]}, "refused a message"),
    ],
)
def test_an_answer_that_does_not_say_taken_never_passes_for_it(answer, says, clock: Clock):
    with pytest.raises(StoreError, match=says):
        queue_over(lambda **_: answer, clock).send([b"{}"], clock.deadline())


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "SendMessageBatch"), StoreThrottled),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "SendMessageBatch"), StoreError),
        (EndpointConnectionError(endpoint_url=URL), StoreError),
    ],
)
def test_what_the_sdk_says_becomes_the_stores_own_error(error, raised, clock: Clock):
    def fails(**_):
        raise error

    with pytest.raises(raised) as refusal:
        queue_over(fails, clock).send([b"{}"], clock.deadline())
    assert type(refusal.value) is raised
    assert refusal.value.__cause__ is error


def test_a_message_that_is_too_large_is_a_mistake_of_whoever_made_it(clock: Clock):
    with pytest.raises(ValueError, match="over 204800 bytes"):
        queue_over(lambda **_: pytest.fail("nothing may be sent"), clock).send([b"x" * 204_801], clock.deadline())
