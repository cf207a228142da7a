"""Lambda's Invoke: context in the client context's `custom`, the payload untouched.

API reference: Invoke (November 2026): up to 3,583 bytes of base64, handed to the function's context object, and for
synchronous invocations only. An asynchronous one has X-Amzn-Trace-Id, and the request id, which both sides know.
"""

import json
from base64 import b64decode, b64encode

from .. import carried
from .arns import region_of
from .injection import Untouched
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .injection import Injection
    from .service import Answer, Attributes, Params

MAX_CLIENT_CONTEXT_BYTES = 3583
_INVOKES = ("Invoke", "InvokeWithResponseStream")
_CONTEXT_KEYS = ("traceparent", "_datadog", "x-datadog-trace-id", "b3", "x-amzn-trace-id")


def _describe(operation: str, params: "Params") -> "Attributes":
    if operation not in (*_INVOKES, "InvokeAsync"):
        return {}
    described: Attributes = {"faas.invoked_provider": "aws", "faas.invoked_name": _function(params)}
    region = region_of(str(params.get("FunctionName") or ""))
    return described | ({"faas.invoked_region": region} if region else {})


def _function(params: "Params") -> str:
    """The name alone, of `name`, `name:alias`, `account:function:name` or an ARN with or without a version."""
    name = str(params.get("FunctionName") or "")
    _, mark, named = name.rpartition("function:")
    return (named if mark else name).partition(":")[0]


def _invoke(injection: "Injection", params: "Params") -> None:
    params.update(injection.one(params, lambda call: _with_context(injection, call)))


def _with_context(injection: "Injection", params: "Mapping[str, Any]") -> "dict[str, Any]":
    if params.get("InvocationType", "RequestResponse") != "RequestResponse":
        raise Untouched("an asynchronous invocation has no client context")
    held = _decoded(params.get("ClientContext"))
    custom = held.get("custom") or {}
    if not isinstance(custom, dict):
        raise Untouched("the client context's custom is not an object")
    if any(key in custom for key in _CONTEXT_KEYS):
        injection.keep(carried.context_in(custom.items()))
    for fields in carried.choices(injection.body):
        encoded = _encoded({**held, "custom": {**custom, **fields}})
        if len(encoded) <= MAX_CLIENT_CONTEXT_BYTES:
            return {**params, "ClientContext": encoded}
    raise Untouched("the client context would be too long")


def _decoded(client_context: object) -> "dict[str, Any]":
    if not client_context:
        return {}
    try:
        held = json.loads(b64decode(str(client_context)))
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict):
        raise Untouched("the client context is not a JSON object in base64")
    return held


def _encoded(client_context: "Mapping[str, Any]") -> str:
    return b64encode(json.dumps(client_context, separators=(",", ":")).encode()).decode()


def _sent(_params: "Params", answer: "Answer") -> list[str]:
    request_id = answer.get("ResponseMetadata", {}).get("RequestId")
    return [f"lambda:{request_id}"] if request_id else []


def _learn(operation: str, _params: "Params", answer: "Answer") -> "Attributes":
    if operation not in _INVOKES or not answer.get("FunctionError"):
        return {}
    return {
        "aws.lambda.function_error": answer["FunctionError"],
        "error.type": f"FunctionError.{answer['FunctionError']}",
    }


SERVICE = Service(
    attributes={"UUID": "aws.lambda.resource_mapping.id"},
    describe=_describe,
    destination=_function,
    fills=dict.fromkeys(_INVOKES, _invoke),
    joins=dict.fromkeys((*_INVOKES, "InvokeAsync"), _sent),
    learn=_learn,
)
