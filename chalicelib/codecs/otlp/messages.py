"""The generated OTLP messages: the only place that imports opentelemetry.proto."""

from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    EntityRef,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status, TracesData

__all__ = [
    "AnyValue",
    "ArrayValue",
    "EntityRef",
    "InstrumentationScope",
    "KeyValue",
    "KeyValueList",
    "Resource",
    "ResourceSpans",
    "ScopeSpans",
    "Span",
    "Status",
    "TracesData",
]
