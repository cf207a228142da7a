"""A span for every call of AWS."""

import gc
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from chalicelib.tracing.clients import instrument, uninstrument
from chalicelib.tracing.clients.aws.hooks import existing
from chalicelib.tracing.span import CLIENT, ERROR, UNSET
from chalicelib.tracing.suppression import Suppressed
from tests.tracing.clients.actors import KEYS, client, session
from tests.tracing.clients.echo import Echo
from tests.tracing.clients.recorder import Recorder

THROTTLED = {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow down"}


def test_a_call_is_a_client_span_with_the_attributes_of_the_conventions(aws: None, recorder: Recorder) -> None:
    client("s3").list_buckets()
    span = recorder.only()
    assert (span.name, span.kind, span.status_code) == ("S3.ListBuckets", CLIENT, UNSET)
    assert span.attributes.pop("aws.request_id")
    assert span.attributes == {
        "rpc.system": "aws-api",
        "rpc.service": "S3",
        "rpc.method": "ListBuckets",
        "cloud.region": "eu-central-1",
        "server.address": "s3.eu-central-1.amazonaws.com",
        "server.port": 443,
        "http.response.status_code": 200,
    }


def test_it_is_a_child_of_the_span_that_is_current(aws: None, recorder: Recorder) -> None:
    work = recorder.start_span("work")
    with recorder.use(work):
        client("s3").list_buckets()
    assert recorder.named("S3.ListBuckets").parent_id == work.span_id
    work.end()


def test_an_error_of_the_service_is_the_spans(aws: None, recorder: Recorder) -> None:
    with pytest.raises(ClientError):
        client("s3").get_object(Bucket="no-such-bucket", Key="k")
    span = recorder.only()
    assert (span.status_code, span.status_message) == (ERROR, "The specified bucket does not exist")
    assert span.attributes["error.type"] == "NoSuchBucket"
    assert span.attributes["http.response.status_code"] == 404


def test_a_call_without_an_answer_has_the_exception(recorder: Recorder) -> None:
    nowhere = session().client("sqs", endpoint_url="http://127.0.0.1:9")
    nowhere.meta.events.register("before-send.sqs", _unreachable)
    with pytest.raises(EndpointConnectionError):
        nowhere.list_queues()
    span = recorder.only()
    assert span.status_code == ERROR
    assert span.attributes["error.type"] == "botocore.exceptions.EndpointConnectionError"
    assert [event.name for event in span.events if event.name != "retry"] == ["exception"]


def _unreachable(request: object, **_: object) -> None:
    # A session's own retries are spared by an error that they do not know as theirs.
    raise _NotRetried(endpoint_url="http://127.0.0.1:9")


class _NotRetried(EndpointConnectionError):
    __module__ = "botocore.exceptions"
    __qualname__ = "EndpointConnectionError"


def test_a_call_that_botocore_refuses_to_send_is_an_error_of_its_own(recorder: Recorder) -> None:
    with pytest.raises(ParamValidationError):
        client("s3").get_object(Bucket="shop", Key=3)
    span = recorder.only()
    assert (span.name, span.status_code) == ("S3.GetObject", ERROR)
    assert span.status_message == "the call failed before it was sent"
    assert not recorder.still_open


def test_tries_are_one_span_which_counts_them_and_tells_of_each(echo: Echo, recorder: Recorder) -> None:
    dynamodb = _retrying(echo)
    for _ in range(2):
        echo.plan(400, THROTTLED)
    echo.plan(200, {"TableNames": []})
    dynamodb.list_tables()
    span = recorder.only()
    assert span.status_code == UNSET
    assert span.attributes["http.request.resend_count"] == 2
    assert [(event.name, event.attributes) for event in span.events] == [
        (
            "retry",
            {"attempt": attempt, "error.type": "ThrottlingException", "http.response.status_code": 400},
        )
        for attempt in (1, 2)
    ]


def test_a_throttle_that_outlasts_the_tries_is_an_error(echo: Echo, recorder: Recorder) -> None:
    for _ in range(3):
        echo.plan(400, THROTTLED)
    with pytest.raises(ClientError):
        _retrying(echo).list_tables()
    span = recorder.only()
    assert (span.status_code, span.attributes["error.type"]) == (ERROR, "ThrottlingException")
    assert span.attributes["http.request.resend_count"] == 2


def _retrying(echo: Echo) -> object:
    """Tries three times, without a pause between."""
    made = client("dynamodb", echo.url)
    made.meta.events.register("needs-retry.dynamodb", _at_once, unique_id="at-once")
    return made


def _at_once(attempts: int, response: object, **_: object) -> int | None:
    return 0 if attempts < 3 and response is not None and response[0].status_code >= 400 else None


def test_what_a_call_calls_itself_is_its_child(echo: Echo, recorder: Recorder) -> None:
    dynamodb = client("dynamodb", echo.url)
    dynamodb.meta.events.register("request-created.dynamodb.DescribeLimits", lambda **_: dynamodb.list_tables())
    echo.plan(200, {"TableNames": []})
    echo.plan(200, {})
    dynamodb.describe_limits()
    dynamodb.list_tables()
    inner, outer, after = recorder.spans
    assert inner.parent_id == outer.span_id
    assert after.parent_id == ""


def test_each_page_is_a_call(aws: None, recorder: Recorder) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="shop", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key in "abc":
        s3.put_object(Bucket="shop", Key=key)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="shop", PaginationConfig={"PageSize": 2})
    assert len(list(pages)) == 2
    assert [span.name for span in recorder.spans].count("S3.ListObjectsV2") == 2


def test_a_streamed_body_is_left_for_the_caller(aws: None, recorder: Recorder) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="shop", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="shop", Key="k", Body=b"all of it")
    assert s3.get_object(Bucket="shop", Key="k")["Body"].read() == b"all of it"
    assert recorder.named("S3.GetObject").attributes["aws.s3.key"] == "k"


def test_presigned_urls_and_posts_are_as_without_us(recorder: Recorder) -> None:
    s3 = client("s3")
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "shop", "Key": "k"})
    post = s3.generate_presigned_post("shop", "k")
    assert "trace" not in f"{url}{post}".lower()
    assert not recorder.spans
    assert not recorder.still_open


def test_threads_do_not_mistake_each_others_calls_for_their_parents(aws: None, recorder: Recorder) -> None:
    s3 = client("s3")
    parents = [recorder.start_span(f"work {number}") for number in range(8)]

    def work(parent: object) -> None:
        with recorder.use(parent):
            s3.list_buckets()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, parents))
    calls = [span for span in recorder.spans if span.name == "S3.ListBuckets"]
    assert {span.parent_id for span in calls} == {parent.span_id for parent in parents}


class TestWhoIsHeard:
    def test_a_client_made_before_and_one_made_after(self, aws: None) -> None:
        before = boto3.Session(**KEYS).client("sts")
        recorder = Recorder()
        instrument("botocore", tracer=lambda: recorder)
        after = boto3.Session(**KEYS).client("sts")
        for one in (before, after):
            one.get_caller_identity()
        uninstrument("botocore")
        before.get_caller_identity()
        assert [span.name for span in recorder.spans] == ["STS.GetCallerIdentity"] * 2

    def test_a_client_of_a_session_made_before(self, aws: None) -> None:
        before = boto3.Session(**KEYS)
        recorder = Recorder()
        instrument("botocore", tracer=lambda: recorder)
        before.client("sts").get_caller_identity()
        uninstrument()
        assert [span.name for span in recorder.spans] == ["STS.GetCallerIdentity"]

    def test_a_named_client_session_or_resource(self, aws: None) -> None:
        recorder = Recorder()
        core = botocore.session.get_session()
        boto = boto3.Session(**KEYS)
        resource = boto3.Session(**KEYS).resource("sqs")
        instrument(client("sts"), core, boto, resource, tracer=lambda: recorder)
        client("sts").get_caller_identity()
        core.create_client("sts", "eu-central-1").get_caller_identity()
        boto.client("sts").get_caller_identity()
        list(resource.queues.all())
        uninstrument()
        assert [span.name for span in recorder.spans] == ["STS.GetCallerIdentity"] * 3 + ["SQS.ListQueues"]

    def test_twice_is_once(self, aws: None, recorder: Recorder) -> None:
        instrument("botocore", client("sts"), tracer=lambda: recorder)
        client("sts").get_caller_identity()
        assert len(recorder.spans) == 1

    def test_switched_off_and_on_again_a_client_is_heard_once(self, aws: None, recorder: Recorder) -> None:
        uninstrument("botocore")
        instrument("botocore", tracer=lambda: recorder)
        client("sts").get_caller_identity()
        assert len(recorder.spans) == 1

    def test_what_is_suppressed_is_not_traced(self, aws: None, recorder: Recorder) -> None:
        with Suppressed():
            client("sts").get_caller_identity()
        assert not recorder.spans

    def test_proxies_are_not_woken_by_the_search(self) -> None:
        class Lazy:
            @property
            def __class__(self) -> type:
                raise AssertionError

        sleeping = Lazy()
        gc.collect()
        assert not any(thing is sleeping for thing in existing())


def test_a_tracer_that_fails_leaves_the_call_alone(aws: None) -> None:
    def broken() -> Recorder:
        raise RuntimeError

    instrument("botocore", tracer=broken)
    assert client("sts").get_caller_identity()["Account"]
    uninstrument("botocore")


def test_what_is_not_sampled_is_no_span_but_carries_on(aws: None) -> None:
    recorder = Recorder({"OTEL_TRACES_SAMPLER": "always_off"})
    instrument("botocore", tracer=lambda: recorder)
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="1")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    uninstrument("botocore")
    assert message["MessageAttributes"]["traceparent"]["StringValue"].endswith(("-00", "-02"))
    assert not recorder.spans
