"""What the local stage plays of AWS, seen from functions that say what they are given."""

import base64
import gzip
import json
import os
from functools import partial

import pytest

from examples.workflow.stage.logs import matches
from examples.workflow.stage.queues import Queue
from examples.workflow.stage.stage import Differences, staged
from examples.workflow.stage.template import arn

TEMPLATE = """
Globals:
  Function: {MemorySize: 128, Timeout: 30, CodeUri: ".", LoggingConfig: {LogGroup: !Ref Logs}}
Resources:
  Work:
    Type: AWS::SQS::Queue
    Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Failures.Arn, maxReceiveCount: 2}}
  Failures: {Type: AWS::SQS::Queue}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Sub "${AWS::StackName}-bus"}}
  Asked:
    Type: AWS::Serverless::Function
    Properties:
      Handler: probe.asked
      Environment: {Variables: {QUEUE_URL: !Ref Work, BUS: !Ref Bus}}
      Events: {Api: {Type: Api, Properties: {Path: /things, Method: post}}}
  Took:
    Type: AWS::Serverless::Function
    Properties:
      Handler: probe.took
      Events:
        Work:
          Type: SQS
          Properties: {Queue: !GetAtt Work.Arn, BatchSize: 10, FunctionResponseTypes: [ReportBatchItemFailures]}
  Heard:
    Type: AWS::Serverless::Function
    Properties:
      Handler: probe.heard
      Events:
        Shipped: {Type: EventBridgeRule, Properties: {EventBusName: !Ref Bus, Pattern: {source: [shop]}}}
  Logs: {Type: AWS::Logs::LogGroup}
  ToUs: {Type: AWS::Logs::SubscriptionFilter, Properties: {LogGroupName: !Ref Logs, FilterPattern: ""}}
"""
PROBE = """
import json, os, time

def say(event, context):
    told = {
        "event": event, "request": context.aws_request_id, "left_ms": context.get_remaining_time_in_millis(),
        "xray": os.environ["_X_AMZN_TRACE_ID"], "stream": context.log_stream_name, "pid": os.getpid(),
    }
    print("SAID " + json.dumps(told))

def asked(event, context):
    import boto3
    say(event, context)
    body = json.loads(event["body"])
    attributes = {f"a{n}": {"DataType": "String", "StringValue": str(n)} for n in range(body.get("attributes", 0))}
    for text in body.get("send", ()):
        queue = {"QueueUrl": os.environ["QUEUE_URL"], "MessageBody": text, "MessageAttributes": attributes}
        boto3.client("sqs").send_message(**queue)
    for detail in body.get("put", ()):
        entry = {"EventBusName": os.environ["BUS"], "Source": "shop", "DetailType": "t", "Detail": json.dumps(detail)}
        boto3.client("events").put_events(Entries=[entry])
    return {"statusCode": 200, "body": "ok"}

def took(event, context):
    say(event, context)
    bodies = [record["body"] for record in event["Records"]]
    if "raise" in bodies:
        raise ValueError("no good")
    if "exit" in bodies:
        os._exit(1)
    if "sleep" in bodies:
        print("about to sleep")
        time.sleep(900)
    if "stranger" in bodies:
        return {"batchItemFailures": [{"itemIdentifier": "nobody's"}]}
    return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in event["Records"] if r["body"] == "bad"]}

def heard(event, context):
    say(event, context)
"""


class Watched:
    """A stage, and what its functions said and logged since this was last asked."""

    def __init__(self, stage, delivered):
        self.stage = stage
        self._delivered = delivered

    def send(self, *bodies, **asked):
        answer = self.stage.request("POST", "/things", {"send": bodies, **asked}, **{"X-Amzn-Trace-Id": "Root=1-a-b"})
        self.messages()
        return answer

    def messages(self):
        events = [json.loads(gzip.decompress(base64.b64decode(each["awslogs"]["data"]))) for each in self._delivered]
        self._delivered.clear()
        return [event["message"].rstrip() for each in events for event in each["logEvents"]]

    def said(self):
        return [json.loads(line.removeprefix("SAID ")) for line in self.messages() if line.startswith("SAID ")]

    def records(self):
        return [record for said in self.said() for record in said["event"]["Records"]]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder, delivered = tmp_path_factory.mktemp("probe"), []
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    (folder / "probe.py").write_text(PROBE, encoding="utf-8")
    with staged(folder / "template.yaml", folder, delivered.append, Differences(timeouts_s={"Took": 1.0})) as stage:
        yield Watched(stage, delivered)


@pytest.fixture(autouse=True)
def _nothing_is_left_from_before(stage):
    failures = Queue(arn("sqs", "shop-Failures"))
    for message in iter(partial(failures.receive, 1), []):
        failures.delete(message[0]["ReceiptHandle"])
    stage.messages()


def test_a_request_arrives_as_a_rest_event_and_is_answered(stage):
    answer = stage.stage.request("POST", "/things", {"a": 1}, traceparent="00-x", X_Amzn_Trace_Id="Root=1-5-6")
    [said] = stage.said()
    assert answer == {"statusCode": 200, "body": "ok"}
    assert said["event"]["requestContext"]["resourcePath"] == "/things"
    assert said["event"]["multiValueHeaders"]["traceparent"] == ["00-x"]
    assert said["xray"].startswith("Root=1-5-6;Parent=")
    assert "Sampled=0" in said["xray"]
    assert 0 < said["left_ms"] <= 30_000


def test_ten_messages_of_twelve_come_at_once_with_their_attributes_as_events_spell_them(stage):
    stage.send(*"abcdefghijkl", attributes=2)
    assert stage.stage.run() == 2
    records = stage.records()
    assert sorted(record["body"] for record in records) == list("abcdefghijkl")
    assert records[0]["messageAttributes"]["a1"] == {
        "stringValue": "1", "dataType": "String", "stringListValues": [], "binaryListValues": [],
    }  # fmt: skip
    assert records[0]["attributes"]["ApproximateReceiveCount"] == "1"


def test_a_message_says_which_of_xrays_traces_its_sender_ran_in(stage):
    stage.send("a")
    stage.stage.run()
    [record] = stage.records()
    assert record["attributes"]["AWSTraceHeader"].startswith("Root=1-a-b;Parent=")


def test_only_what_a_function_names_comes_again_and_is_set_aside_in_the_end(stage):
    stage.send("good", "bad")
    stage.stage.run()
    records = stage.records()
    assert [(record["body"], record["attributes"]["ApproximateReceiveCount"]) for record in records] == [
        ("good", "1"), ("bad", "1"), ("bad", "2"),
    ]  # fmt: skip
    assert records[1]["messageId"] == records[2]["messageId"]


def test_a_redriven_message_is_new_with_its_old_attributes_and_says_where_it_had_failed(stage):
    stage.send("bad", attributes=1)
    stage.stage.run()
    before = stage.records()[0]
    assert stage.stage.redrive("Failures", "Work") == 1
    stage.stage.run()
    after = stage.records()[0]
    assert after["messageId"] != before["messageId"]
    assert after["attributes"]["ApproximateReceiveCount"] == "1"
    assert after["attributes"]["DeadLetterQueueSourceArn"] == after["eventSourceARN"]
    for kept in ("body", "messageAttributes"):
        assert after[kept] == before[kept]
    assert after["attributes"]["AWSTraceHeader"] == before["attributes"]["AWSTraceHeader"]


@pytest.mark.parametrize("body", ["raise", "stranger"])
def test_a_function_that_fails_or_names_a_stranger_gets_the_whole_batch_again(stage, body):
    stage.send("good", body)
    stage.stage.run()
    assert [record["body"] for record in stage.records()] == ["good", body] * 2


def test_what_was_raised_is_in_the_log_between_start_and_end(stage):
    stage.send("raise")
    stage.stage.run()
    [start, error, *_] = [line for line in stage.messages() if line.startswith(("START", "[ERROR]", "END"))]
    assert start.startswith("START RequestId: ")
    assert error == "[ERROR] ValueError: no good"


def test_a_function_that_is_too_slow_is_killed_and_begins_anew_the_next_time(stage):
    stage.send("sleep")
    stage.stage.run()
    lines = stage.messages()
    said = [json.loads(line.removeprefix("SAID ")) for line in lines if line.startswith("SAID ")]
    assert lines.count("about to sleep") == 2
    assert sum("Task timed out after 1.00 seconds" in line for line in lines) == 2
    assert sum(line.endswith("Status: timeout") for line in lines if line.startswith("REPORT")) == 2
    assert len({each["pid"] for each in said}) == len({each["stream"] for each in said}) == 2
    with pytest.raises(ProcessLookupError):
        os.kill(said[0]["pid"], 0)


def test_a_function_that_ends_its_process_is_said_to_have_exited(stage):
    stage.send("exit")
    stage.stage.run()
    lines = stage.messages()
    assert sum("Runtime exited with error" in line for line in lines) == 2
    assert any("Status: error" in line for line in lines if line.startswith("REPORT"))


def test_only_a_cold_start_reports_how_long_it_took(stage):
    stage.send("a")
    stage.stage.run()
    stage.send("b")
    stage.stage.run()
    reports = [line for line in stage.messages() if line.startswith("REPORT")]
    assert "Init Duration" not in reports[-1]


def test_an_event_reaches_the_function_of_its_rule_with_the_trace_header_of_who_put_it(stage):
    stage.stage.request("POST", "/things", {"put": [{"order": 7}]}, **{"X-Amzn-Trace-Id": "Root=1-c-d"})
    stage.messages()
    assert stage.stage.run() == 1
    [said] = stage.said()
    assert said["event"]["detail"] == {"order": 7}
    assert said["xray"].startswith("Root=1-c-d;")


def test_more_than_ten_attributes_are_refused_as_sqs_refuses_them(stage):
    assert stage.send("a", attributes=11)["statusCode"] == 502
    assert stage.stage.run() == 0


@pytest.mark.parametrize(
    ("pattern", "message", "passes"),
    [
        ("", "anything", True),
        ('?"REPORT RequestId" ?timed', "REPORT RequestId: 1", True),
        ('?"REPORT RequestId" ?timed', "Task timed out", True),
        ('?"REPORT RequestId" ?timed', "a REPORT of something", False),
    ],
)
def test_a_filter_pattern_lets_a_line_through_that_has_any_of_its_terms(pattern, message, passes):
    assert matches(pattern, message) is passes
