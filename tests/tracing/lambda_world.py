"""What surrounds a traced function in tests: Lambda's context, events as AWS makes them, and where spans go."""

from itertools import count

from chalicelib.tracing.process import configure
from tests.clocks import NOON_NS

ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders"
QUEUE_ARN = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:paid"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OTHER_TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "00f067aa0ba902b7"
MS = 1_000_000

ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "orders",
    "AWS_LAMBDA_FUNCTION_VERSION": "7",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[7]abc",
    "AWS_REGION": "eu-west-1",
    "SPANFOLD_TIMEOUT_MARGIN_MS": "0",
}


class Recorder:
    """An exporter that keeps what it is given. `fault`: raised instead, by `export`."""

    def __init__(self, fault=None):
        self.started = []
        self.batches = []
        self.fault = fault

    def start(self, batch):
        self.started.append(batch)

    def export(self, batch):
        if self.fault is not None:
            raise self.fault
        self.batches.append(batch)

    @property
    def spans(self):
        return [span for batch in self.batches for span in batch.spans]

    def named(self, name):
        """The only span of this name."""
        (found,) = (span for span in self.spans if span.name == name)
        return found

    def all_named(self, name):
        return [span for span in self.spans if span.name == name]

    @property
    def names(self):
        return sorted(span.name for span in self.spans)


class Ticking:
    """A clock that goes on by a millisecond at every look."""

    def __init__(self):
        self.at_ns = NOON_NS

    def __call__(self):
        self.at_ns += MS
        return self.at_ns


class Numbered:
    """Random bytes that count."""

    def __init__(self):
        self._numbers = count(1)

    def __call__(self, size):
        return next(self._numbers).to_bytes(size, "big")


class LambdaContext:
    """The runtime's, as far as tracing looks at it."""

    def __init__(self, request_id="request-1", *, remaining_ms=3000, client_context=None):
        self.aws_request_id = request_id
        self.function_name = "orders"
        self.function_version = "7"
        self.invoked_function_arn = f"{ARN}:live"
        self.client_context = client_context
        self._remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self):
        return self._remaining_ms


def in_lambda(recorder=None, **variables):
    """The process's tracer, as in a Lambda function; and where its spans go."""
    recorder = recorder or Recorder()
    configure(recorder, {**ENVIRONMENT, **variables}, now_ns=Ticking(), random_bytes=Numbered())
    return recorder


def traceparent(trace_id=TRACE, span_id=PARENT, flags="01"):
    return f"00-{trace_id}-{span_id}-{flags}"


def message(number, context="", *, sent_ms=NOON_NS // MS - 500, attempt=1):
    """One of SQS, with a producer's context in its attributes."""
    attributes = {"traceparent": {"stringValue": context, "dataType": "String"}} if context else {}
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": "{}",
        "attributes": {"SentTimestamp": str(sent_ms), "ApproximateReceiveCount": str(attempt)},
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE_ARN,
    }


def batch_of(*messages):
    return {"Records": list(messages)}


def request(path="/orders/{id}", headers=None, **more):
    """API Gateway's REST event."""
    headers = headers or {}
    return {
        "resource": path,
        "path": path.replace("{id}", "7"),
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"id": "7"} if "{id}" in path else None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": "GET",
            "path": f"/prod{path}",
            "stage": "prod",
            "requestId": "gateway-1",
            "requestTimeEpoch": NOON_NS // MS - 20,
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": None,
        "isBase64Encoded": False,
        **more,
    }
