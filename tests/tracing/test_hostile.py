"""Whatever an event, an answer or a context is: the function gets its event, its caller the answer."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.tracing import current_span, records, traced, tracer
from tests.tracing.lambda_world import LambdaContext, batch_of, in_lambda, message, traceparent

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["aws:sqs", "aws:kinesis", "aws:sns", "Records", traceparent(), "1-5759e988-bd862e3fe1be46a994272793", "{}", ""]
)
KEYS = TEXTS | st.sampled_from(
    ["Records", "records", "requestContext", "headers", "eventSource", "eventSourceARN", "messageAttributes", "body",
     "batchItemFailures", "itemIdentifier", "statusCode", "detail", "detail-type", "source", "http", "kinesis", "Sns"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(event=JSON, answer=JSON)
def test_any_event_and_any_answer(event, answer):
    recorder = in_lambda()
    seen = []

    @traced
    def handler(given_event, context):
        seen.append(given_event)
        seen.extend(records(given_event))
        return answer

    assert handler(event, LambdaContext()) is answer
    assert seen[0] is event
    assert not current_span().is_recording
    assert recorder.batches[0].is_last
    assert tracer().errors == 0
    assert all(span.end_ns for span in recorder.spans)


@settings(max_examples=60, deadline=None)
@given(answer=st.builds(lambda failed: {"batchItemFailures": failed}, JSON | st.lists(JSON)))
def test_any_list_of_failures(answer):
    recorder = in_lambda()
    handler = traced(lambda event, context: answer)
    assert handler(batch_of(message(1, traceparent()), message(2)), LambdaContext()) is answer
    assert tracer().errors == 0
    assert recorder.named("process paid").end_ns


@settings(max_examples=60, deadline=None)
@given(request_id=JSON, name=JSON, arn=JSON | st.text(":a", max_size=12), version=JSON, client=JSON, remaining=JSON)
def test_any_context(request_id, name, arn, version, client, remaining):
    in_lambda(SPANFOLD_TIMEOUT_MARGIN_MS="0")
    context = LambdaContext(request_id, remaining_ms=remaining, client_context=client)
    context.function_name, context.invoked_function_arn, context.function_version = name, arn, version
    assert traced(lambda event, given_context: given_context)({}, context) is context
    assert tracer().errors == 0
