"""A DynamoDB that misbehaves on purpose, under the SDK's own retry loop.

`with faults(plan) as calls:` wraps what moto does with a request, below botocore: signing, retries, checksums and
parsing are the real ones. (A botocore hook that answers in moto's place would not do: all hooks run, so moto would
still apply the write.) The plan is asked about each attempt that the SDK makes and names its outcome; `calls` lists
the attempts as they came. Naps of the SDK's retry loop take the time of `clock` and none of ours, and its retry
quota, which lasts as long as a client, is not used up: tests share one, and each means the first trouble in a while.
"""

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from types import SimpleNamespace
from typing import Any
from unittest import mock

import botocore.endpoint
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.retries.quota import RetryQuota
from moto.core.models import botocore_stubber

from tests.clocks import Clock

Reply = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True)
class Call:
    """One attempt: `number` counts those of the same operation, from 1; `serve` applies it and gives moto's reply."""

    operation: str
    number: int
    body: dict[str, Any]
    url: str
    serve: Callable[[dict[str, Any] | None], Reply]

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items that a BatchWriteItem puts; none for other operations."""
        [requests] = self.body.get("RequestItems", {"": []}).values()
        return [request["PutRequest"]["Item"] for request in requests]


Outcome = Callable[[Call], Reply]
Plan = Callable[[Call], Outcome]


@contextmanager
def faults(plan: Plan, clock: Clock | None = None) -> Iterator[list[Call]]:
    """Let `plan` decide over every request to moto inside the block."""
    genuine = botocore_stubber.process_request
    naps = (clock or Clock()).sleep
    calls: list[Call] = []
    lock = Lock()

    def process(request: Any) -> Reply:
        with lock:
            call = _call(request, calls, genuine)
            calls.append(call)
            outcome = plan(call)
        return outcome(call)

    sdk_time = SimpleNamespace(sleep=naps, time=time.time)
    with (
        mock.patch.object(botocore_stubber, "process_request", process),
        mock.patch.object(botocore.endpoint, "time", sdk_time),
        mock.patch.object(RetryQuota, "acquire", return_value=True),
    ):
        yield calls


def _call(request: Any, earlier: list[Call], genuine: Callable[[Any], Reply]) -> Call:
    target = request.headers["X-Amz-Target"]
    operation = (target if isinstance(target, str) else target.decode()).partition(".")[2]
    number = 1 + sum(call.operation == operation for call in earlier)

    def serve(other_body: dict[str, Any] | None = None) -> Reply:
        if other_body is not None:
            request.body = json.dumps(other_body).encode()
        return genuine(request)

    return Call(operation, number, json.loads(request.body), request.url, serve)


# Plans


def served_well(call: Call) -> Outcome:
    """Nothing goes wrong: to look at the calls."""
    return served


def always(outcome: Outcome, operation: str | None = None) -> Plan:
    """Every attempt (of `operation`, if given) ends so."""
    return lambda call: outcome if operation in (None, call.operation) else served


def in_turn(*outcomes: Outcome, operation: str | None = None) -> Plan:
    """The first attempts (of `operation`, if given) end so, one after the other; later ones are served."""
    rest = iter(outcomes)
    return lambda call: next(rest, served) if operation in (None, call.operation) else served


def at(number: int, outcome: Outcome, operation: str = "BatchWriteItem") -> Plan:
    """Only attempt `number` of `operation` ends so."""
    return lambda call: outcome if (call.operation, call.number) == (operation, number) else served


def on_table(table: str, plan: Plan) -> Plan:
    """As `plan`, but calls about other tables are served."""
    return lambda call: (
        plan(call) if table in {call.body.get("TableName"), *call.body.get("RequestItems", ())} else served
    )


def stale(is_stale: Callable[[str], bool]) -> Plan:
    """An eventually consistent Query of such a partition of views finds nothing yet."""

    def plan(call: Call) -> Outcome:
        values = call.body.get("ExpressionAttributeValues", {})
        partition = values.get(":pk", {}).get("S", "")
        is_late = call.operation == "Query" and not call.body.get("ConsistentRead") and is_stale(partition)
        return (lambda _: (200, {}, b'{"Items": [], "Count": 0, "ScannedCount": 0}')) if is_late else served

    return plan


# Outcomes


def served(call: Call) -> Reply:
    return call.serve(None)


def refused(code: str, status: int = 400) -> Outcome:
    """Nothing is applied; DynamoDB says `code`."""
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "injected"}).encode()
    return lambda call: (status, {}, body)


throttled = refused("ProvisionedThroughputExceededException")
broken = refused("InternalServerError", 500)


def unreachable(call: Call) -> Reply:
    raise EndpointConnectionError(endpoint_url=call.url)


def unanswered(call: Call) -> Reply:
    """Not applied, and nobody says so."""
    raise ReadTimeoutError(endpoint_url=call.url)


def applied_but_unanswered(call: Call) -> Reply:
    call.serve(None)
    raise ReadTimeoutError(endpoint_url=call.url)


def applied_but_garbled(call: Call) -> Reply:
    """Applied, and the answer's checksum does not fit."""
    status, headers, body = call.serve(None)
    return status, {**headers, "x-amz-crc32": "1"}, body


def applied_but_unreadable(call: Call) -> Reply:
    """Applied, and the answer is a page of some proxy that says 200."""
    call.serve(None)
    return 200, {}, b"<html>"


def dies(call: Call) -> Reply:
    """The process ends before the request gets anywhere."""
    raise SystemExit(1)


def applied_then_dies(call: Call) -> Reply:
    call.serve(None)
    raise SystemExit(1)


def taking(count: int) -> Outcome:
    """A BatchWriteItem of which only the first `count` items are taken; the others are handed back."""

    def partly(call: Call) -> Reply:
        [(table, requests)] = call.body["RequestItems"].items()
        rest = requests[count:]
        if requests[:count]:
            call.serve({**call.body, "RequestItems": {table: requests[:count]}})
        answer = {"UnprocessedItems": {table: rest} if rest else {}}
        return 200, {}, json.dumps(answer).encode()

    return partly


def base64(raw: bytes) -> str:
    """How `raw` looks in the body of a call."""
    return b64encode(raw).decode()
