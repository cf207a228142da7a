"""A real execution of moto's interpreter, fetched, posted and read back."""

import json
import subprocess
import sys

import boto3
import pytest
from moto import mock_aws

from chalicelib.cli.executions import poster, region_of, send
from chalicelib.codecs.step_functions.history import decode
from chalicelib.local.server import serve
from chalicelib.propagation.joins import RECEIVED, SENT
from chalicelib.query.assembly import read_assembly
from chalicelib.query.traces import read_spans
from chalicelib.routes import gateway
from tests.actors import named, span, with_fields
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.views.pipeline import Pipeline

REGION = "us-east-1"
TRACE_ID = "1" * 32
S = 1_000_000_000
SEND = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
PUT = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:updateItem", "Next": "Done"}
DEFINITION = {
    "StartAt": "Choose",
    "States": {
        "Choose": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 0, "Next": "Both"}]},
        "Both": {
            "Type": "Parallel",
            "ResultPath": None,
            "Next": "Each",
            "Branches": [
                {
                    "StartAt": "Send",
                    "States": {"Send": SEND | {"Parameters": {"QueueUrl.$": "$.q", "MessageBody": "m"}}},
                },
                {"StartAt": "Rest", "States": {"Rest": {"Type": "Pass", "End": True}}},
            ],
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "One",
                "States": {"One": {"Type": "Pass", "End": True}},
            },
            "ResultPath": None,
            "Next": "Put",
        },
        "Put": PUT
        | {
            "Parameters": {
                "TableName": "no such table",
                "Key": {"id": {"S": "1"}},
                "UpdateExpression": "SET a = :a",
                "ExpressionAttributeValues": {":a": {"S": "b"}},
            },
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Refuse", "ResultPath": None}],
        },
        "Refuse": {"Type": "Fail", "Error": "Refused", "Cause": "because"},
        "Done": {"Type": "Succeed"},
    },
}


@pytest.fixture(scope="module")
def run():
    """The client of an account in which the machine ran, the execution's ARN, and the id of the message it sent."""
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        queue = boto3.client("sqs", REGION).create_queue(QueueName="q")["QueueUrl"]
        states = boto3.client("stepfunctions", REGION)
        role = "arn:aws:iam::123456789012:role/r"
        machine = states.create_state_machine(name="orders", definition=json.dumps(DEFINITION), roleArn=role)
        given = {
            "n": 1,
            "q": queue,
            "items": [1, 2],
            "_trace": {"traceparent": f"00-{TRACE_ID}-{'2' * 16}-01"},
        }
        started = states.start_execution(
            stateMachineArn=machine["stateMachineArn"], name="run", input=json.dumps(given)
        )
        _wait_for_end(states, started["executionArn"])
        received = boto3.client("sqs", REGION).receive_message(QueueUrl=queue)
        yield states, started["executionArn"], received["Messages"][0]["MessageId"]


def _wait_for_end(states, arn):
    for _ in range(1_000_000):
        if states.describe_execution(executionArn=arn)["status"] != "RUNNING":
            return


def test_a_real_execution_is_fetched_posted_and_assembled_with_who_took_its_message(run):
    states, arn, message_id = run
    ended = states.describe_execution(executionArn=arn)["stopDate"]
    pipeline = Pipeline(clock=Clock(int(ended.timestamp()) * S))
    with serve(gateway.create(pipeline.services), log=lambda _line: None) as url:
        taken = send(states, arn, poster(url, {"OTEL_EXPORTER_OTLP_HEADERS": "x-api-key=a%20b"}))
    assert taken == {"traceId": TRACE_ID, "spanCount": 12}
    found = read_spans(pipeline.services, TENANT, TRACE_ID, pipeline.clock.deadline())
    spans = named([each for each in found if each.name != "One"])
    assert spans["orders"].parent_id == "2" * 16
    assert spans["orders"].attributes[RECEIVED] == [f"states:{arn}"]
    assert spans["Send"].attributes[SENT] == [f"sqs:{message_id}"]
    assert spans["Put"].attributes["aws.step_functions.status"] == "CAUGHT"
    assert spans["Put"].attributes["aws.dynamodb.table_names"] == ["no such table"]
    assert spans["Refuse"].status_message == spans["orders"].status_message == "because"
    assert spans["Each [1]"].parent_id == spans["Each"].span_id
    take = with_fields(
        span("take", trace_id="3" * 32, attributes={RECEIVED: [f"sqs:{message_id}"]}), start_ns=spans["Send"].end_ns
    )
    pipeline.deliver([*pipeline.facts.told, pipeline.post([take])])
    trace = read_assembly(pipeline.services, TENANT, TRACE_ID, pipeline.clock.deadline())
    assert trace.summary.root_name == "orders"
    assert [(link.span_id, link.linked_trace_id, link.receives) for link in trace.links] == [
        (spans["Send"].span_id, "3" * 32, True)
    ]


def test_what_boto_gives_of_a_page_alone_is_a_history_too(run):
    states, arn, _ = run
    page = states.get_execution_history(executionArn=arn, maxResults=1000)
    text = json.dumps({"executionArn": arn, "events": page["events"]}, default=lambda moment: moment.isoformat())
    assert decode(text.encode()).span_count == 12


def test_an_address_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no address"):
        poster("localhost:8000", {})


def test_the_region_is_the_arns():
    assert (region_of("arn:aws:states:eu-west-1:1:execution:m:e"), region_of("x")) == ("eu-west-1", None)


def test_help_needs_no_aws():
    finished = subprocess.run(
        [sys.executable, "-m", "chalicelib.cli.executions", "--help"], capture_output=True, text=True, check=True
    )
    assert "Step Functions" in finished.stdout
