"""Lambda's part: the app is invoked with an event and a context, both as JSON would carry them."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from chalicelib.local.proxy import BAD_ANSWER, MAX_EVENT_BYTES, TOO_LONG, HttpAnswer, http_answer

FUNCTION_TIMEOUT_S = 30.0

Handler = Callable[[Any, Any], Any]


class LambdaContext:
    """What a handler is told about its invocation."""

    function_name = "spanfold-local"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:local:000000000000:function:spanfold-local"
    memory_limit_in_mb = "512"
    log_group_name = "/aws/lambda/spanfold-local"
    log_stream_name = "local"

    def __init__(self, timeout_s: float = FUNCTION_TIMEOUT_S) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self._ends_at_s = time.monotonic() + timeout_s

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function would be stopped; never negative."""
        return max(0, int((self._ends_at_s - time.monotonic()) * 1000))


def invoke_event(handler: Handler, event: dict[str, Any], timeout_s: float, say: Callable[[str], None]) -> bool:
    """Whether a handler that answers nobody ended well. Its event and answer pass through JSON, as they do on AWS."""
    try:
        json.dumps(handler(json.loads(json.dumps(event)), LambdaContext(timeout_s)))
    except Exception as error:  # noqa: BLE001  # Lambda too turns whatever a handler raises into a failed invocation
        say(f"a function failed: {error!r}")
        return False
    return True


def invoke(handler: Handler, event: dict[str, Any], say: Callable[[str], None]) -> HttpAnswer:
    """The handler's answer as HTTP. Both ways pass through JSON and its limits, as they do on AWS."""
    sent = json.dumps(event)
    if len(sent) > MAX_EVENT_BYTES:
        return TOO_LONG
    try:
        proxied = handler(json.loads(sent), LambdaContext())
        came_back = json.dumps(proxied)
    except Exception as error:  # noqa: BLE001  # Lambda too turns whatever a handler raises into a failed invocation
        say(f"the handler failed: {error!r}")
        return BAD_ANSWER
    if len(came_back) > MAX_EVENT_BYTES:
        say(f"an answer of {len(came_back)} bytes is more than Lambda gives back")
        return BAD_ANSWER
    return http_answer(proxied)
