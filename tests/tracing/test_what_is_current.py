"""`current_span` where tracing is off, or nothing is under way: a function's code works all the same."""

from chalicelib.tracing import current_span, traced
from chalicelib.tracing.process import configure
from tests.tracing.lambda_world import LambdaContext, request


@traced
def handler(event, context):
    current_span().set_attribute("order", 7)
    current_span().record_exception(ValueError("no"))
    return "answered"


def test_outside_of_any_span_the_current_one_takes_everything_and_records_nothing(recorder):
    current_span().set_attribute("order", 7)
    assert not current_span().is_recording
    assert recorder.spans == []


def test_a_handler_that_writes_on_the_current_span_works_with_tracing_switched_off():
    configure(OTEL_SDK_DISABLED="true")
    off = traced(handler.__wrapped__)
    assert off(request(), LambdaContext()) == "answered"
