import io
import json
import logging

import pytest
from aws_lambda_powertools import Logger

from chalicelib.tracing import logs, span, traced
from chalicelib.tracing.logs import SpanFilter
from tests.tracing.lambda_world import LambdaContext, in_lambda


@pytest.fixture
def lines():
    """A logger of text lines, and what it wrote."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(trace_id)s %(span_id)s"))
    logger = logging.getLogger("shop.orders")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, stream
    logger.removeHandler(handler)
    logger.propagate = True


def written(stream):
    return stream.getvalue().splitlines()


def test_a_record_says_in_which_span_it_was_written(recorder, lines):
    logger, stream = lines
    logs.correlate(logger)
    with span("work") as found:
        logger.warning("within")
    logger.warning("without")
    assert written(stream) == [f"within {found.trace_id} {found.span_id}", "without  "]


def test_what_the_program_says_itself_stays(recorder, lines):
    logger, stream = lines
    logs.correlate(logger)
    with span("work"):
        logger.warning("own", extra={"trace_id": "mine", "span_id": "too"})
    assert written(stream) == ["own mine too"]


def test_it_is_put_on_once(recorder, lines):
    logger, _ = lines
    logs.correlate(logger)
    logs.correlate(logger)
    logs.correlate()
    for handler in logger.handlers:
        assert [type(one) for one in handler.filters] == [SpanFilter]


def test_the_first_invocation_puts_it_on_every_handler(recorder, lines):
    logger, stream = lines
    handler = traced(lambda event, context: logger.warning("hello"))
    handler({}, LambdaContext())
    found = recorder.named("orders")
    assert written(stream) == [f"hello {found.trace_id} {found.span_id}"]


def test_unless_it_is_not_wanted(lines):
    in_lambda(SPANFOLD_LOG_CORRELATION="0")
    logger, _ = lines
    traced(lambda event, context: None)({}, LambdaContext())
    ours = next(handler for handler in logger.handlers if type(handler) is logging.StreamHandler)
    assert ours.filters == []


def test_powertools_logger_writes_both(recorder):
    stream = io.StringIO()
    logger = Logger(service="shop", stream=stream)

    @traced
    def handler(event, context):
        logger.info("paid")

    handler({}, LambdaContext())
    found = recorder.named("orders")
    told = json.loads(stream.getvalue())
    assert (told["trace_id"], told["span_id"]) == (found.trace_id, found.span_id)
