"""Every endpoint outside the dialects: what it takes, what it gives and how it may fail. document.py tells it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.model.access import Scope
from chalicelib.model.executions import HistoryTaken
from chalicelib.model.found import LinksPage, SearchPage
from chalicelib.model.reports import (
    AttributesReport,
    GraphReport,
    OperationsReport,
    RedReport,
    SeriesReport,
    ServicesReport,
    ValuesReport,
)
from chalicelib.routes.answers import JSON
from chalicelib.routes.native import parameters
from chalicelib.routes.native.parameters import CURSOR, RANGE, Parameter

PROTOBUF = "application/x-protobuf"

_OF_KEYS = {401: "No key, or none that is known.", 403: "A key that was not made for this."}
_OF_STORES = {
    429: "The store asks to slow down; Retry-After says for how long.",
    503: "The store could not answer in time; Retry-After says when to try again.",
}
_OF_ANY = {500: "A fault of ours, which has been logged."} | _OF_KEYS | _OF_STORES
_OF_READING = {400: "A parameter that means nothing.", 422: "More than one answer may weigh."} | _OF_ANY
_OF_TRACES = {404: "The tenant has no such trace."} | _OF_READING
_OF_SENDING = {
    400: "A body that cannot be read.",
    413: "A body that is too large.",
    415: "A media type that OTLP does not have.",
} | (_OF_KEYS | _OF_STORES)
_OF_HISTORIES = {
    400: "A body that is no history of an execution.",
    413: "A body that is too large.",
} | _OF_ANY
_OF_OTHER_SIGNALS = {404: "Only traces are taken."} | _OF_SENDING


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of a path. `answer` is the struct that a 200 is made of, its schema, or None if there is no 200."""

    id: str
    summary: str
    answer: Any
    errors: Mapping[int, str]
    scope: Scope | None = Scope.READ
    query: Sequence[Parameter[Any]] = ()
    path: Mapping[str, Mapping[str, Any]] = {}
    media_types: Sequence[str] = (JSON,)
    is_otlp: bool = False
    body: Mapping[str, Any] | None = None


_TRACE_ID = {
    "trace_id": {
        "type": "string",
        "pattern": "^([0-9a-fA-F]{16}|[0-9a-fA-F]{32})$",
        "description": "32 hex digits, or 16 for every trace whose lower 64 bits they are.",
    }
}
_WHOLE_TRACE_ID = {"trace_id": {"type": "string", "pattern": "^[0-9a-fA-F]{32}$"}}
_TEXT = {"type": "string", "minLength": 1}
_TRACES_DATA = {
    "type": "object",
    "description": "OTLP's TracesData; `cursor` where more follows.",
    "properties": {
        "resourceSpans": {"type": "array", "items": {"type": "object"}},
        "cursor": {"type": "string"},
    },
}
_ASSEMBLY = {"allOf": [{"$ref": "#/components/schemas/AssembledTrace"}], "properties": {"cursor": {"type": "string"}}}
_HEALTH = {
    "type": "object",
    "properties": {"status": {"const": "ok"}, "version": {"type": "string"}},
    "required": ["status", "version"],
}
_EXPORT_ANSWER = {"type": "object", "properties": {"partialSuccess": {"type": "object"}}}
_EXPORT = {
    "type": "object",
    "description": "OTLP's ExportTraceServiceRequest.",
    "properties": {"resourceSpans": {"type": "array", "items": {"type": "object"}}},
}


def _get(name: str, summary: str, answer: Any, errors: Mapping[int, str] = _OF_READING, **more: Any) -> Operation:
    return Operation(id=name, summary=summary, answer=answer, errors=errors, **more)


def _post(name: str, summary: str, answer: Any, errors: Mapping[int, str] = _OF_SENDING) -> Operation:
    return Operation(
        id=name,
        summary=summary,
        answer=answer,
        errors=errors,
        scope=Scope.INGEST,
        media_types=(JSON, PROTOBUF),
        is_otlp=True,
        body=_EXPORT,
    )


_HISTORY = {
    "type": "object",
    "description": "What GetExecutionHistory answered, and whose history it is.",
    "properties": {
        "executionArn": {"type": "string"},
        "events": {"type": "array", "items": {"type": "object"}},
        "execution": {"type": "object", "description": "What DescribeExecution answered; may be left out."},
    },
    "required": ["executionArn", "events"],
}
_SENDING = {
    "/v1/traces": _post("sendTraces", "Send spans (OTLP)", _EXPORT_ANSWER),
    "/": _post("sendTracesToRoot", "The same, for endpoints without a path", _EXPORT_ANSWER),
    "/v1/metrics": _post("refuseMetrics", "Metrics are not taken", None, _OF_OTHER_SIGNALS),
    "/v1/step-functions/history": Operation(
        id="sendHistory",
        summary="Send an execution of Step Functions, as its history",
        answer=HistoryTaken,
        errors=_OF_HISTORIES,
        scope=Scope.INGEST,
        body=_HISTORY,
    ),
    "/v1/logs": _post("refuseLogs", "Logs are not taken", None, _OF_OTHER_SIGNALS),
}
_READING = {
    "/v1/traces/{trace_id}": _get(
        "getTrace",
        "A trace as OTLP",
        _TRACES_DATA,
        _OF_TRACES,
        path=_TRACE_ID,
        query=[CURSOR],
        media_types=(JSON, PROTOBUF, "application/protobuf"),
    ),
    "/v1/traces/{trace_id}/assembly": _get(
        "getAssembly", "A trace as a person reads it", _ASSEMBLY, _OF_TRACES, path=_TRACE_ID, query=[CURSOR]
    ),
    "/v1/traces/{trace_id}/links": _get(
        "getLinks",
        "Links of a trace, both ways",
        LinksPage,
        _OF_TRACES,
        path=_WHOLE_TRACE_ID,
        query=[parameters.LINKS_LIMIT, CURSOR],
    ),
    "/v1/search": _get(
        "search",
        "Traces of a range of starts, by TraceQL, newest first",
        SearchPage,
        query=[parameters.SEARCH_QUERY, *RANGE, parameters.LIMIT, parameters.SPANS, CURSOR],
    ),
    "/v1/services": _get("getServices", "Services with their RED", ServicesReport, query=RANGE),
    "/v1/services/{name}/operations": _get(
        "getOperations", "Operations of a service with their RED", OperationsReport, path={"name": _TEXT}, query=RANGE
    ),
    "/v1/attributes": _get(
        "getAttributes", "Attributes that spans have", AttributesReport, query=[parameters.SCOPE, *RANGE]
    ),
    "/v1/attributes/{key}/values": _get(
        "getAttributeValues",
        "Values of an attribute, or of an intrinsic such as span:name",
        ValuesReport,
        path={"key": _TEXT},
        query=[parameters.SCOPE, parameters.VALUES_QUERY, *RANGE, parameters.VALUES_LIMIT],
    ),
    "/v1/graph": _get("getGraph", "The service graph", GraphReport, query=RANGE),
    "/v1/metrics": _get(
        "getMetrics",
        "Rate, errors and durations by step",
        RedReport,
        query=[*RANGE, parameters.RED_STEP, parameters.SERVICE, parameters.OPERATION, parameters.KIND, parameters.BY],
    ),
    "/v1/metrics/query": _get(
        "queryMetrics",
        "TraceQL metrics",
        SeriesReport,
        query=[
            parameters.METRICS_QUERY,
            *RANGE,
            parameters.STEP,
            parameters.INSTANT,
            parameters.SERIES_LIMIT,
            parameters.EXEMPLARS,
            CURSOR,
        ],
    ),
    "/v1/openapi.json": _get("getDocument", "This document", {"type": "object"}, _OF_ANY),
    "/healthz": _get("getHealth", "Whether the function answers, and its version", _HEALTH, {}, scope=None),
}

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    **{("POST", path): operation for path, operation in _SENDING.items()},
    **{("GET", path): operation for path, operation in _READING.items()},
}
