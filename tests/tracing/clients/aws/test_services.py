"""Each service on moto: what arrives at the other side, and what the span says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.propagation import pointers
from chalicelib.propagation.joins import RECEIVED, SENT
from chalicelib.tracing.clients import instrument, uninstrument
from chalicelib.tracing.clients.aws.dynamodb import KeyNames
from chalicelib.tracing.clients.aws.injection import INJECT
from chalicelib.tracing.span import CLIENT, ERROR, PRODUCER, Span
from tests.tracing.clients.actors import ACCOUNT, STATE_MACHINE, client, ids, recognised, session, sqs_event
from tests.tracing.clients.recorder import Recorder

TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:placed"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/states"
DEFINITION = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})


@pytest.fixture
def opted_in() -> Iterator[Recorder]:
    made = Recorder({"SPANFOLD_INJECT": "kinesis, s3-metadata"})
    instrument("botocore", tracer=lambda: made)
    yield made
    uninstrument()
    assert (made.errors, made.first_error) == (0, "")


@pytest.fixture
def queue(aws: None) -> str:
    url: str = client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    return url


def received(queue: str) -> list[dict[str, Any]]:
    answer = client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    found: list[dict[str, Any]] = answer["Messages"]
    return found


def attributes(span: Span, *prefixes: str) -> dict[str, Any]:
    return {name: value for name, value in span.attributes.items() if name.startswith(prefixes)}


class TestSqs:
    def test_a_message_arrives_with_the_span_that_sent_it(self, queue: str, recorder: Recorder) -> None:
        sqs = client("sqs")
        sent = sqs.send_message(QueueUrl=queue, MessageBody="1")
        (message,) = received(queue)
        sender, receiver = recorder.spans
        (record,) = recognised(sqs_event([message])).records
        assert [(context.trace_id, context.span_id) for context in record.contexts] == [ids(sender)]
        assert [(link.context.trace_id, link.context.span_id) for link in receiver.links] == [ids(sender)]
        assert list(record.joins) == sender.attributes[SENT] == receiver.attributes[RECEIVED]
        assert (sender.name, sender.kind) == ("send orders", PRODUCER)
        assert (receiver.name, receiver.kind) == ("receive orders", CLIENT)
        assert attributes(sender, "messaging", "aws.sqs") == {
            "messaging.system": "aws_sqs",
            "messaging.operation.type": "send",
            "messaging.operation.name": "send",
            "messaging.destination.name": "orders",
            "messaging.message.id": sent["MessageId"],
            "aws.sqs.queue.url": queue,
        }

    def test_every_message_of_a_batch_does(self, queue: str, recorder: Recorder) -> None:
        entries = [{"Id": str(number), "MessageBody": "b"} for number in range(3)]
        client("sqs").send_message_batch(QueueUrl=queue, Entries=entries)
        assert entries == [{"Id": str(number), "MessageBody": "b"} for number in range(3)]
        messages = received(queue)
        sender = recorder.spans[0]
        records = recognised(sqs_event(messages)).records
        assert {(record.contexts[0].trace_id, record.contexts[0].span_id) for record in records} == {ids(sender)}
        assert sender.attributes["messaging.batch.message_count"] == 3
        assert sender.attributes[SENT] == [join for record in records for join in record.joins]

    def test_entries_that_failed_alone_make_it_an_error(self, queue: str, recorder: Recorder) -> None:
        entries = [{"Id": "1", "ReceiptHandle": "none"}]
        client("sqs").delete_message_batch(QueueUrl=queue, Entries=entries)
        span = recorder.only()
        assert (span.name, span.status_code) == ("settle orders", ERROR)
        assert span.attributes["spanfold.failed_entries"] == 1

    def test_a_resource_is_as_its_client(self, queue: str, recorder: Recorder) -> None:
        session().resource("sqs").Queue(queue).send_message(MessageBody="1")
        assert recorder.only().name == "send orders"


class TestSns:
    def test_a_message_reaches_the_queue_behind_the_topic(self, queue: str, recorder: Recorder) -> None:
        sns = client("sns")
        topic = sns.create_topic(Name="placed")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders")
        sns.publish(TopicArn=topic, Message="1")
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "2"}])
        records = recognised(sqs_event(received(queue))).records
        senders = [span for span in recorder.spans if span.name == "send placed"]
        assert [(record.contexts[0].trace_id, record.contexts[0].span_id) for record in records] == [
            ids(sender) for sender in senders
        ]
        assert all(
            set(sender.attributes[SENT]) <= set(record.joins) for sender, record in zip(senders, records, strict=True)
        )
        assert attributes(senders[0], "aws.sns", "messaging.s") == {
            "aws.sns.topic.arn": TOPIC,
            "messaging.system": "aws.sns",
        }

    def test_a_telephone_number_is_not_recorded(self, aws: None, recorder: Recorder) -> None:
        client("sns").publish(PhoneNumber="+4915112345678", Message="m")
        span = recorder.only()
        assert (span.name, span.kind) == ("send phone_number", CLIENT)
        assert "4915112345678" not in str(span.attributes)


class TestEventBridge:
    def test_an_event_reaches_a_queue_with_the_key_in_its_detail(self, queue: str, recorder: Recorder) -> None:
        events = client("events")
        events.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders"}])
        events.put_events(Entries=[{"Source": "shop", "DetailType": "Placed", "Detail": '{"order": 1}'}])
        (record,) = recognised(sqs_event(received(queue))).records
        sender = recorder.named("send default")
        assert (record.contexts[0].trace_id, record.contexts[0].span_id) == ids(sender)
        assert sender.attributes[SENT][0] in record.joins
        assert sender.attributes["messaging.batch.message_count"] == 1


class TestKinesis:
    @pytest.mark.parametrize("by", ["StreamName", "StreamARN"])
    def test_records_arrive_with_the_key_and_are_known_by_their_number(
        self, aws: None, opted_in: Recorder, by: str
    ) -> None:
        kinesis = client("kinesis")
        kinesis.create_stream(StreamName="clicks", ShardCount=1)
        stream = {"StreamName": "clicks", "StreamARN": f"arn:aws:kinesis:eu-central-1:{ACCOUNT}:stream/clicks"}
        kinesis.put_record(**{by: stream[by]}, Data=b'{"a": 1}\n', PartitionKey="1")
        answer = kinesis.put_records(**{by: stream[by]}, Records=[{"Data": b"{}", "PartitionKey": "1"}])
        shard = kinesis.get_shard_iterator(
            StreamName="clicks", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )
        one, other = kinesis.get_records(ShardIterator=shard["ShardIterator"])["Records"]
        single, batch = (span for span in opted_in.spans if span.name == "send clicks")
        assert json.loads(one["Data"])["_trace"]["traceparent"].split("-")[2] == single.span_id
        assert one["Data"].endswith(b"}\n")
        assert json.loads(other["Data"])["_trace"]["traceparent"].split("-")[2] == batch.span_id
        assert single.attributes[SENT] == [f"kinesis:clicks:{one['SequenceNumber']}"]
        assert batch.attributes[SENT] == [f"kinesis:clicks:{answer['Records'][0]['SequenceNumber']}"]
        assert batch.attributes["aws.kinesis.stream_name"] == "clicks"


class TestStepFunctions:
    def test_an_execution_has_the_key_in_its_input(self, aws: None, recorder: Recorder) -> None:
        states = client("stepfunctions")
        states.create_state_machine(name="orders", definition=DEFINITION, roleArn=ROLE)
        arn = states.start_execution(stateMachineArn=STATE_MACHINE, input='{"order": 1}')["executionArn"]
        held = json.loads(states.describe_execution(executionArn=arn)["input"])
        span = recorder.named("SFN.StartExecution")
        assert held["order"] == 1
        assert held["_trace"]["traceparent"].split("-")[1:3] == [*ids(span)]
        assert span.kind == PRODUCER
        assert span.attributes[SENT] == [f"states:{arn}"]
        assert attributes(span, "aws.step") == {
            "aws.step_functions.state_machine.arn": STATE_MACHINE,
            "aws.step_functions.execution.arn": arn,
        }


class TestS3:
    @pytest.fixture
    def bucket(self, aws: None) -> str:
        client("s3").create_bucket(Bucket="shop", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        return "shop"

    def test_what_was_written_has_a_pointer(self, bucket: str, recorder: Recorder) -> None:
        s3 = client("s3")
        etag = s3.put_object(Bucket=bucket, Key="a b", Body=b"x")["ETag"]
        s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "a b"})
        put, copied = recorder.spans
        assert put.attributes[SENT] == [
            f"s3:{pointers.s3_object(bucket, 'a b', etag)}",
            f"s3-request:{put.attributes['aws.request_id']}",
        ]
        assert copied.attributes[SENT][0] == f"s3:{pointers.s3_object(bucket, 'c', etag)}"
        assert attributes(copied, "aws.s3") == {
            "aws.s3.bucket": bucket,
            "aws.s3.key": "c",
            "aws.s3.copy_source": "shop/a%20b",
        }

    def test_so_has_what_was_written_in_parts(self, bucket: str, recorder: Recorder) -> None:
        s3 = client("s3")
        upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        part = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
        parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
        whole = s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=parts)
        span = recorder.named("S3.CompleteMultipartUpload")
        assert span.attributes[SENT][0] == f"s3:{pointers.s3_object(bucket, 'k', whole['ETag'])}"
        assert recorder.named("S3.UploadPart").attributes["aws.s3.part_number"] == 1

    def test_metadata_where_asked_for(self, bucket: str, opted_in: Recorder) -> None:
        metadata = {"mine": "1"}
        client("s3").put_object(Bucket=bucket, Key="k", Body=b"x", Metadata=metadata)
        held = client("s3").head_object(Bucket=bucket, Key="k")["Metadata"]
        assert held["traceparent"].split("-")[2] == opted_in.spans[0].span_id
        assert metadata == {"mine": "1"}


class TestDynamoDb:
    @pytest.fixture
    def table(self, aws: None) -> str:
        client("dynamodb").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "N"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        return "orders"

    @staticmethod
    def pointer(sort: int) -> str:
        return f"dynamodb:{pointers.dynamodb_item('orders', {'pk': {'S': 'a'}, 'sk': {'N': str(sort)}})}"

    def test_writes_by_key_have_pointers_and_teach_the_key(self, table: str, recorder: Recorder) -> None:
        orders = session().resource("dynamodb").Table(table)
        orders.update_item(Key={"pk": "a", "sk": 1}, AttributeUpdates={})
        orders.put_item(Item={"pk": "a", "sk": 2, "note": "secret"})
        with orders.batch_writer() as batch:
            batch.put_item(Item={"pk": "a", "sk": 3})
            batch.delete_item(Key={"pk": "a", "sk": 1})
        write = [{"Put": {"TableName": table, "Item": {"pk": {"S": "a"}, "sk": {"N": "4"}}}}]
        client("dynamodb").transact_write_items(TransactItems=write)
        assert [span.attributes[SENT] for span in recorder.spans] == [
            [self.pointer(1)],
            [self.pointer(2)],
            [self.pointer(3), self.pointer(1)],
            [self.pointer(4)],
        ]
        assert "secret" not in str([span.attributes for span in recorder.spans])

    def test_a_call_names_its_tables_and_what_it_found(self, table: str, recorder: Recorder) -> None:
        client("dynamodb").query(
            TableName=table,
            KeyConditionExpression="pk = :a",
            ExpressionAttributeValues={":a": {"S": "a"}},
            Limit=5,
            ReturnConsumedCapacity="TOTAL",
        )
        span = recorder.only()
        consumed = span.attributes.pop("aws.dynamodb.consumed_capacity")
        assert json.loads(consumed[0])["TableName"] == table
        assert attributes(span, "aws.dynamodb", "db") == {
            "db.system.name": "aws.dynamodb",
            "db.operation.name": "Query",
            "db.collection.name": table,
            "aws.dynamodb.table_names": [table],
            "aws.dynamodb.limit": 5,
            "aws.dynamodb.count": 0,
            "aws.dynamodb.scanned_count": 0,
        }

    def test_key_names_are_configured_learnt_and_forgotten(self) -> None:
        names = KeyNames("orders=sk, pk; users=id;nonsense")
        assert names.keys_of("orders", {"pk": 1, "sk": 2, "a": 3}) == {"pk": 1, "sk": 2}
        assert names.keys_of("orders", {"pk": 1}) == {}
        assert names.keys_of("nonsense", {"pk": 1}) == {}
        for number in range(256):
            names.learn(f"t{number}", ["id"])
        assert names.keys_of("orders", {"pk": 1, "sk": 2}) == {}
        assert names.keys_of("t255", {"id": 1}) == {"id": 1}


class TestLambda:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("charge", "charge"),
            ("charge:live", "charge"),
            (f"{ACCOUNT}:function:charge", "charge"),
            ("arn:aws:lambda:us-east-1:123456789012:function:charge:7", "charge"),
        ],
    )
    def test_an_invocation_names_the_function_and_its_region(
        self, echo: Any, recorder: Recorder, name: str, expected: str
    ) -> None:
        echo.plan(200, {}, **{"x-amzn-RequestId": "r-1"})
        client("lambda", echo.url).invoke(FunctionName=name, Payload=b"{}")
        span = recorder.only()
        assert attributes(span, "faas") == {
            "faas.invoked_provider": "aws",
            "faas.invoked_name": expected,
            "faas.invoked_region": "us-east-1" if name.startswith("arn") else "eu-central-1",
        }
        assert span.attributes[SENT] == ["lambda:r-1"]
        (header,) = echo.requests[0].headers["x-amzn-trace-id"]
        assert header.startswith(f"Root=1-{span.trace_id[:8]}-{span.trace_id[8:]};Parent={span.span_id}")

    def test_a_function_that_failed_makes_it_an_error(self, echo: Any, recorder: Recorder) -> None:
        echo.plan(200, {}, **{"X-Amz-Function-Error": "Unhandled"})
        client("lambda", echo.url).invoke(FunctionName="charge", InvocationType="Event")
        span = recorder.only()
        assert (span.status_code, span.attributes["error.type"]) == (ERROR, "FunctionError.Unhandled")
        assert span.attributes[INJECT] == "skipped: an asynchronous invocation has no client context"


def test_botocores_own_trace_header_gives_way_to_ours_but_for_x_ray(
    echo: Any, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
    root = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled="
    headers = []
    for is_sampled in "01":
        monkeypatch.setenv("_X_AMZN_TRACE_ID", f"{root}{is_sampled};Lineage=1:a87bd80c:0")
        echo.plan(200, {})
        client("lambda", echo.url).invoke(FunctionName="f")
        headers += echo.requests[-1].headers["x-amzn-trace-id"]
    span = recorder.spans[0]
    assert headers == [
        f"Root=1-{span.trace_id[:8]}-{span.trace_id[8:]};Parent={span.span_id};Sampled=1;Lineage=1:a87bd80c:0",
        f"{root}1;Lineage=1:a87bd80c:0",
    ]
