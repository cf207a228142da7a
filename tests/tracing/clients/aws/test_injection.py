"""How a context gets into what a call sends, and where it must not. Limits as tables; no AWS here."""

import base64
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.propagation.context import TraceContext
from chalicelib.tracing.clients.aws.injection import INJECT, Injection
from chalicelib.tracing.clients.aws.services import service
from chalicelib.tracing.current import BAGGAGE
from chalicelib.tracing.span import Span
from tests.tracing.clients.recorder import Recorder

KIB = 1024
TRACEPARENT_BYTES = len("traceparent") + len("String") + 55
EARLIER = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
EARLIER_TEXT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MEMBERS = frozenset({"MessageSystemAttributeNames", "AttributeNames", "traceHeader"})
X_RAY_IS_ON = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
X_RAY_IS_OFF = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a87bd80c:0"


class Filled:
    """A call's parameters after us, its span, and the proof that the caller's own are as they were."""

    def __init__(
        self,
        service_id: str,
        operation: str,
        params: dict[str, Any],
        inject: str = "",
        trace_state: str = "",
        baggage: tuple[tuple[str, str], ...] = (),
        members: frozenset[str] = MEMBERS,
    ) -> None:
        recorder = Recorder({"SPANFOLD_INJECT": inject})
        before = copy.deepcopy(params)
        self.params = dict(params)
        parent = TraceContext("1" * 32, "2" * 16, sampled=True, trace_state=trace_state)
        self.span: Span = recorder.start_span("send", parent=parent)
        token = BAGGAGE.set(baggage)
        try:
            injection = Injection(self.span, recorder, members)
            service(service_id).fills[operation](injection, self.params)
            injection.tell()
        finally:
            BAGGAGE.reset(token)
        self.carried = injection.carried
        assert params == before

    @property
    def said(self) -> object:
        return self.span.attributes.get(INJECT)

    @property
    def traceparent(self) -> str:
        return f"00-{self.span.trace_id}-{self.span.span_id}-01"


def attributes(count: int) -> dict[str, Any]:
    return {f"a{number}": {"DataType": "String", "StringValue": "v"} for number in range(count)}


def of_size(text_bytes: int, extra_bytes: int = 0) -> str:
    return "x" * (text_bytes - extra_bytes)


class TestSqs:
    def send(self, **params: Any) -> Filled:
        options = {name: params.pop(name) for name in ("inject", "trace_state", "baggage") if name in params}
        return Filled("SQS", "SendMessage", {"QueueUrl": "u", "MessageBody": "b", **params}, **options)

    def test_a_message_gets_attributes_and_the_trace_header(self) -> None:
        filled = self.send(trace_state="a=1", baggage=(("user", "7"),))
        told = {name: held["StringValue"] for name, held in filled.params["MessageAttributes"].items()}
        assert told == {"traceparent": filled.traceparent, "tracestate": "a=1", "baggage": "user=7"}
        (header,) = filled.params["MessageSystemAttributes"].values()
        assert header["StringValue"] == f"Root=1-11111111-{'1' * 24};Parent={filled.span.span_id};Sampled=1"
        assert filled.said is None

    @pytest.mark.parametrize(
        ("held", "expected", "said"),
        [
            (0, {"traceparent", "tracestate", "baggage"}, None),
            (7, {"traceparent", "tracestate", "baggage"}, None),
            (8, {"traceparent", "tracestate"}, "reduced: no room for baggage"),
            (9, {"traceparent"}, "reduced: no room for tracestate and baggage"),
            (10, set(), "reduced: AWSTraceHeader alone, the message has ten attributes"),
        ],
    )
    def test_ten_attributes_are_the_most(self, held: int, expected: set[str], said: str | None) -> None:
        filled = self.send(MessageAttributes=attributes(held), trace_state="a=1", baggage=(("user", "7"),))
        added = set(filled.params["MessageAttributes"]) - set(attributes(held))
        assert (added, filled.said) == (expected, said)
        assert "AWSTraceHeader" in filled.params["MessageSystemAttributes"]

    @pytest.mark.parametrize("limit", [256 * KIB, 1024 * KIB])
    @pytest.mark.parametrize(("short_of_bytes", "is_carried"), [(0, True), (1, False)])
    def test_no_message_grows_over_a_limit(self, limit: int, short_of_bytes: int, is_carried: bool) -> None:
        filled = self.send(MessageBody=of_size(limit, TRACEPARENT_BYTES - short_of_bytes))
        assert ("MessageAttributes" in filled.params) is is_carried

    def test_bytes_are_counted_not_characters(self) -> None:
        body = "ü" * ((256 * KIB - TRACEPARENT_BYTES) // 2)
        assert "MessageAttributes" in self.send(MessageBody=body).params
        assert "MessageAttributes" not in self.send(MessageBody=body + "ü").params

    def test_what_is_too_long_already_is_left_alone(self) -> None:
        assert "MessageAttributes" not in self.send(MessageBody=of_size(2048 * KIB)).params

    @pytest.mark.parametrize("name", ["traceparent", "otel.traceparent"])
    def test_a_context_that_is_there_stays_and_is_linked(self, name: str) -> None:
        held = {name: {"DataType": "String", "StringValue": EARLIER_TEXT}}
        filled = self.send(MessageAttributes=held)
        assert filled.params == {"QueueUrl": "u", "MessageBody": "b", "MessageAttributes": held}
        assert [(link.context.trace_id, link.context.span_id) for link in filled.span.links] == [
            (EARLIER.trace_id, EARLIER.span_id)
        ]
        assert filled.said == "skipped: it has a context already"

    def test_a_trace_header_that_is_there_stays(self) -> None:
        held = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
        filled = self.send(MessageSystemAttributes=held)
        assert filled.params.get("MessageSystemAttributes") == held
        assert "traceparent" in filled.params["MessageAttributes"]

    def test_where_x_ray_is_on_the_trace_header_is_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", X_RAY_IS_ON)
        assert "MessageSystemAttributes" not in self.send().params
        assert self.send(MessageAttributes=attributes(10)).said == "skipped: the message has ten attributes"

    def test_lambdas_count_of_loops_is_passed_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", X_RAY_IS_OFF)
        header = self.send().params["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"]
        assert header.endswith(";Lineage=1:a87bd80c:0")

    def test_attributes_can_be_opted_out_of(self) -> None:
        filled = self.send(inject="-sqs")
        assert "MessageAttributes" not in filled.params
        assert "AWSTraceHeader" in filled.params["MessageSystemAttributes"]

    def test_a_batch_has_the_room_of_one(self) -> None:
        half = of_size(128 * KIB, TRACEPARENT_BYTES)
        entries = [{"Id": str(n), "MessageBody": half} for n in range(2)] + [{"Id": "2", "MessageBody": of_size(40)}]
        filled = Filled("SQS", "SendMessageBatch", {"QueueUrl": "u", "Entries": entries})
        carried = ["MessageAttributes" in entry for entry in filled.params["Entries"]]
        assert carried == [True, False, False]
        assert filled.said == "reduced: AWSTraceHeader alone, the message would be too long"

    def test_one_entry_does_not_spoil_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", X_RAY_IS_ON)
        entries = [{"Id": str(n), "MessageBody": "b", "MessageAttributes": attributes(n)} for n in (10, 1, 10)]
        filled = Filled("SQS", "SendMessageBatch", {"QueueUrl": "u", "Entries": entries})
        assert ["traceparent" in entry["MessageAttributes"] for entry in filled.params["Entries"]] == [
            False, True, False,
        ]  # fmt: skip
        assert filled.said == "skipped: the message has ten attributes (2 of 3)"

    @pytest.mark.parametrize(
        ("asked", "names", "system"),
        [
            (
                {},
                ["traceparent", "tracestate", "baggage", "otel.*"],
                {"MessageSystemAttributeNames": ["AWSTraceHeader"]},
            ),
            (
                {"MessageAttributeNames": ["mine", "baggage"], "AttributeNames": ["SentTimestamp"]},
                ["mine", "baggage", "traceparent", "tracestate", "otel.*"],
                {"AttributeNames": ["SentTimestamp", "AWSTraceHeader"]},
            ),
            (
                {"MessageAttributeNames": ["All"], "MessageSystemAttributeNames": ["All"]},
                ["All"],
                {"MessageSystemAttributeNames": ["All"]},
            ),
            ({"MessageAttributeNames": [".*"]}, [".*"], {"MessageSystemAttributeNames": ["AWSTraceHeader"]}),
        ],
    )
    def test_a_receiver_asks_for_the_context(
        self, asked: dict[str, Any], names: list[str], system: dict[str, list[str]]
    ) -> None:
        params = Filled("SQS", "ReceiveMessage", {"QueueUrl": "u", **asked}).params
        assert params == {"QueueUrl": "u", "MessageAttributeNames": names, **system}

    def test_an_older_botocore_is_asked_by_the_older_name(self) -> None:
        filled = Filled("SQS", "ReceiveMessage", {"QueueUrl": "u"}, members=frozenset({"AttributeNames"}))
        assert filled.params["AttributeNames"] == ["AWSTraceHeader"]


class TestSns:
    @pytest.mark.parametrize(
        ("target", "said"),
        [
            ({"TopicArn": "arn:aws:sns:eu-central-1:1:t"}, None),
            ({"TargetArn": "arn:aws:sns:eu-central-1:1:t"}, None),
            ({"PhoneNumber": "+49"}, "skipped: a text message or push notification shows nobody its attributes"),
            (
                {"TargetArn": "arn:aws:sns:eu-central-1:1:endpoint/GCM/app/1"},
                "skipped: a text message or push notification shows nobody its attributes",
            ),
        ],
    )
    def test_topics_carry_it_telephones_do_not(self, target: dict[str, str], said: str | None) -> None:
        filled = Filled("SNS", "Publish", {**target, "Message": "m"})
        assert filled.said == said
        assert ("MessageAttributes" in filled.params) is (said is None)

    @pytest.mark.parametrize(("short_of_bytes", "is_carried"), [(0, True), (1, False)])
    def test_a_message_stays_under_256_kib(self, short_of_bytes: int, is_carried: bool) -> None:
        message = of_size(256 * KIB, TRACEPARENT_BYTES - short_of_bytes)
        filled = Filled("SNS", "Publish", {"TopicArn": "t", "Message": message})
        assert ("MessageAttributes" in filled.params) is is_carried

    def test_each_of_a_batch_has_its_own(self) -> None:
        entries = [{"Id": "1", "Message": "m"}, {"Id": "2", "Message": "m", "MessageAttributes": attributes(10)}]
        filled = Filled("SNS", "PublishBatch", {"TopicArn": "t", "PublishBatchRequestEntries": entries})
        first, second = filled.params["PublishBatchRequestEntries"]
        assert first["MessageAttributes"]["traceparent"]["StringValue"] == filled.traceparent
        assert second == entries[1]
        assert filled.said == "skipped: the message has ten attributes (1 of 2)"


class TestEventBridge:
    def put(self, *details: object, inject: str = "", **entry: Any) -> Filled:
        entries = [{"Source": "shop", "DetailType": "Placed", "Detail": detail, **entry} for detail in details]
        return Filled("EventBridge", "PutEvents", {"Entries": entries}, inject=inject)

    def test_an_event_has_both_the_header_and_the_key(self) -> None:
        filled = self.put('{"order": 1.50}')
        (entry,) = filled.params["Entries"]
        assert entry["Detail"] == f'{{"order": 1.50,"_trace":{{"traceparent":"{filled.traceparent}"}}}}'
        assert entry["TraceHeader"].startswith("Root=1-11111111-")

    def test_the_key_can_be_opted_out_of(self) -> None:
        (entry,) = self.put("{}", inject="-eventbridge-detail").params["Entries"]
        assert entry["Detail"] == "{}"
        assert "TraceHeader" in entry

    def test_a_header_that_is_there_stays(self) -> None:
        assert self.put("{}", TraceHeader="Root=1").params["Entries"][0]["TraceHeader"] == "Root=1"

    @pytest.mark.parametrize("detail", ["[]", "no", "", "3", '{"a": 1} {"b": 2}', "[" * 100_000])
    def test_what_is_no_object_stays_as_it_is(self, detail: str) -> None:
        filled = self.put(detail)
        assert filled.params["Entries"][0]["Detail"] == detail
        assert str(filled.said).startswith("reduced: TraceHeader alone, it is not ")

    @pytest.mark.parametrize("limit", [256 * KIB, 1024 * KIB])
    def test_all_entries_together_stay_under_a_limit(self, limit: int) -> None:
        added = len(f',"_trace":{{"traceparent":"{EARLIER_TEXT}"}}')
        rest = len("shop") + len("Placed") + len('{"a":""}')
        fits = f'{{"a":"{"x" * (limit // 2 - rest)}"}}'
        less = f'{{"a":"{"x" * (limit // 2 - rest - added)}"}}'
        filled = self.put(less, fits)
        assert ["_trace" in entry["Detail"] for entry in filled.params["Entries"]] == [True, False]

    @pytest.mark.parametrize(
        "detail",
        [
            {"_trace": {"traceparent": EARLIER_TEXT}},
            {"traceparent": EARLIER_TEXT},
            {"_datadog": {"traceparent": EARLIER_TEXT, "x-datadog-trace-id": "1"}},
        ],
    )
    def test_a_context_that_is_there_stays_and_is_linked(self, detail: dict[str, Any]) -> None:
        filled = self.put(json.dumps(detail))
        assert json.loads(filled.params["Entries"][0]["Detail"]) == detail
        assert [link.context.span_id for link in filled.span.links] == [EARLIER.span_id]


class TestStepFunctions:
    def start(self, operation: str = "StartExecution", inject: str = "", **params: Any) -> Filled:
        return Filled("SFN", operation, {"stateMachineArn": "arn", **params}, inject=inject)

    @pytest.mark.parametrize(("text", "rest"), [({}, {}), ({"input": "{}"}, {}), ({"input": ' {"a": 1}\n'}, {"a": 1})])
    def test_an_input_has_the_key(self, text: dict[str, str], rest: dict[str, Any]) -> None:
        filled = self.start(**text)
        assert json.loads(filled.params["input"]) == {**rest, "_trace": {"traceparent": filled.traceparent}}
        assert filled.params["traceHeader"].startswith("Root=1-11111111-")

    def test_a_named_execution_is_idempotent_by_its_input(self) -> None:
        filled = self.start(name="order-1", input="{}")
        assert filled.params["input"] == "{}"
        assert filled.said == "reduced: traceHeader alone, an execution with a name is idempotent by its input"
        assert "_trace" in self.start(name="order-1", input="{}", inject="named-executions").params["input"]
        assert "_trace" in self.start("StartSyncExecution", name="order-1", input="{}").params["input"]

    @pytest.mark.parametrize(("short_of_bytes", "is_carried"), [(0, True), (1, False)])
    def test_an_input_stays_under_256_kib(self, short_of_bytes: int, is_carried: bool) -> None:
        added = len(f',"_trace":{{"traceparent":"{EARLIER_TEXT}"}}') - short_of_bytes
        text = f'{{"a":"{"x" * (256 * KIB - added - len(json.dumps({"a": ""}, separators=(",", ":"))))}"}}'
        assert ("_trace" in self.start(input=text).params["input"]) is is_carried

    def test_a_trace_header_stays_under_256_characters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", X_RAY_IS_OFF + ";a=" + "x" * 200)
        assert "traceHeader" not in self.start().params

    def test_it_can_be_opted_out_of(self) -> None:
        assert "input" not in self.start(inject="-step-functions-input").params


class TestInvoke:
    def invoke(self, **params: Any) -> Filled:
        return Filled("Lambda", "Invoke", {"FunctionName": "f", "Payload": b"{}", **params})

    @staticmethod
    def encoded(held: object) -> str:
        return base64.b64encode(json.dumps(held).encode()).decode()

    @staticmethod
    def decoded(filled: Filled) -> Any:
        return json.loads(base64.b64decode(filled.params["ClientContext"]))

    def test_the_client_context_carries_it_and_the_payload_stays(self) -> None:
        filled = self.invoke()
        assert self.decoded(filled) == {"custom": {"traceparent": filled.traceparent}}
        assert filled.params["Payload"] == b"{}"

    def test_what_the_client_context_held_stays(self) -> None:
        filled = self.invoke(ClientContext=self.encoded({"client": {"app": "x"}, "custom": {"a": "1"}}))
        assert self.decoded(filled) == {
            "client": {"app": "x"},
            "custom": {"a": "1", "traceparent": filled.traceparent},
        }

    def test_it_stays_under_3583_bytes(self) -> None:
        assert len(str(self.invoke(ClientContext=self.encoded({"a": "x" * 2585})).params["ClientContext"])) <= 3583
        held = self.encoded({"a": "x" * 2600})
        filled = self.invoke(ClientContext=held)
        assert filled.params["ClientContext"] == held
        assert filled.said == "skipped: the client context would be too long"

    @pytest.mark.parametrize(
        ("params", "said"),
        [
            ({"InvocationType": "Event"}, "an asynchronous invocation has no client context"),
            ({"InvocationType": "DryRun"}, "an asynchronous invocation has no client context"),
            ({"ClientContext": "!"}, "the client context is not a JSON object in base64"),
            ({"ClientContext": "W10="}, "the client context is not a JSON object in base64"),
            ({"ClientContext": "eyJjdXN0b20iOjF9"}, "the client context's custom is not an object"),
        ],
    )
    def test_on_any_doubt_it_goes_out_untouched(self, params: dict[str, str], said: str) -> None:
        filled = self.invoke(**params)
        assert filled.params == {"FunctionName": "f", "Payload": b"{}", **params}
        assert filled.said == f"skipped: {said}"

    def test_a_context_that_is_there_stays_and_is_linked(self) -> None:
        filled = self.invoke(ClientContext=self.encoded({"custom": {"traceparent": EARLIER_TEXT}}))
        assert self.decoded(filled) == {"custom": {"traceparent": EARLIER_TEXT}}
        assert [link.context.span_id for link in filled.span.links] == [EARLIER.span_id]


class TestKinesis:
    def put(self, data: object, inject: str = "kinesis") -> Filled:
        return Filled("Kinesis", "PutRecord", {"StreamName": "s", "PartitionKey": "k", "Data": data}, inject=inject)

    def test_it_is_off_unless_asked_for(self) -> None:
        filled = self.put(b"{}", inject="")
        assert (filled.params["Data"], filled.said) == (b"{}", None)

    @pytest.mark.parametrize("data", ['{"a": 1}', b'{"a": 1}', '{"a": 1}\n', b'{"a": 1}\r\n', b" { } \n"])
    def test_an_object_gets_the_key_and_keeps_the_rest(self, data: str | bytes) -> None:
        sent = self.put(data).params["Data"]
        assert type(sent) is type(data)
        text, before = (value.decode() if isinstance(value, bytes) else value for value in (sent, data))
        assert {key: value for key, value in json.loads(text).items() if key != "_trace"} == json.loads(before)
        assert text[text.rindex("}") :] == before[before.rindex("}") :]
        assert text.startswith(before[: before.rindex("}")])

    @pytest.mark.parametrize(
        "data", [b"[1]", b"\xf3\x89\x9a\xc2protobuf", b"", "text", b"\xff{}", base64.b64encode(b"{}")], ids=repr
    )
    def test_anything_else_stays_as_it_is(self, data: object) -> None:
        filled = self.put(data)
        assert filled.params["Data"] == data
        assert str(filled.said).startswith("skipped: it is not ")

    def test_a_record_stays_under_its_limit(self) -> None:
        data = f'{{"a":"{"x" * (1024 * KIB - 10)}"}}'
        assert self.put(data).params["Data"] == data

    def test_each_record_is_seen_to(self) -> None:
        records = [{"Data": b"{}", "PartitionKey": "1"}, {"Data": b"no", "PartitionKey": "2"}]
        filled = Filled("Kinesis", "PutRecords", {"StreamName": "s", "Records": records}, inject="kinesis")
        assert ["_trace" in str(record["Data"]) for record in filled.params["Records"]] == [True, False]
        assert filled.said == "skipped: it is not JSON (1 of 2)"


class TestS3:
    @pytest.mark.parametrize(
        ("operation", "params", "inject", "is_carried"),
        [
            ("PutObject", {}, "", False),
            ("PutObject", {}, "s3-metadata", True),
            ("CreateMultipartUpload", {}, "s3-metadata", True),
            ("CopyObject", {}, "s3-metadata", False),
            ("CopyObject", {"MetadataDirective": "REPLACE"}, "s3-metadata", True),
            ("PutObject", {"Metadata": {"a": "x" * (2047 - len("traceparent") - 55)}}, "s3-metadata", True),
            ("PutObject", {"Metadata": {"a": "x" * (2048 - len("traceparent") - 55)}}, "s3-metadata", False),
            ("PutObject", {"Metadata": {"Traceparent": EARLIER_TEXT}}, "s3-metadata", False),
        ],
    )
    def test_metadata_carries_it_where_asked_for(
        self, operation: str, params: dict[str, Any], inject: str, is_carried: bool
    ) -> None:
        filled = Filled("S3", operation, {"Bucket": "b", "Key": "k", **params}, inject=inject)
        assert ("traceparent" in filled.params.get("Metadata", {})) is is_carried


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=30, deadline=None)  # the first example imports the service
@given(body=st.dictionaries(st.text(), JSON, max_size=4), indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_an_objects_own_text_is_all_there_around_the_key(
    body: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(body, indent=indent, ensure_ascii=ascii_only)
    sent = Filled("SFN", "StartExecution", {"input": text}).params["input"]
    if not {"_trace", "_datadog", "traceparent"}.intersection(body):
        held = json.loads(sent)
        assert held.pop("_trace")["traceparent"]
        assert held == json.loads(text)
        start, end = sent.rindex('"_trace"'), text.rindex("}")
        assert sent[: start - bool(body)] == text[:end]
        assert sent.endswith(text[end:])


@settings(max_examples=30, deadline=None)  # the first example imports the service
@given(
    params=st.dictionaries(
        st.sampled_from(["Entries", "Message", "MessageAttributes", "Records", "Data", "input"]), JSON
    )
)
@pytest.mark.parametrize(
    ("service_id", "operation"),
    [("SQS", "SendMessage"), ("SNS", "Publish"), ("EventBridge", "PutEvents"), ("Kinesis", "PutRecord")],
)
def test_what_fails_on_nonsense_leaves_it_for_botocore_to_refuse(
    service_id: str, operation: str, params: dict[str, Any]
) -> None:
    given_params = copy.deepcopy(params)
    recorder = Recorder({"SPANFOLD_INJECT": "kinesis"})
    injection = Injection(recorder.start_span("send"), recorder, MEMBERS)
    try:
        service(service_id).fills[operation](injection, params)
    except Exception:  # noqa: BLE001  # as Call does, which swallows it
        assert params == given_params
