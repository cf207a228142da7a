"""The fields of Tempo's answers: names as in its JSON, numbers and types as on its protobuf wire.

An answer is a plain dict by these names; what is absent is at its default. Facts: Tempo 3's API documentation and
tempo.proto (field numbers), Grafana's Tempo data source (what it reads). Times and counts of 64 bits are ints here,
and decimal strings in JSON.
"""

from enum import Enum

import msgspec


class Scalar(Enum):
    """A field's type, where it is not a message."""

    STRING = "string"
    UINT32 = "uint32"
    INT64 = "int64"  # and uint64: a varint here, a string in JSON
    DOUBLE = "double"
    BOOL = "bool"
    PARTIAL = "PartialStatus"  # an enum; COMPLETE is its zero
    RAW = "raw"  # a message that is serialised already (`bytes`); in JSON, JSON that is encoded already (msgspec.Raw)


class Field(msgspec.Struct, frozen=True):
    """A `repeated` field is a list, a map is a dict by text (on the wire: entries of a key, 1, and a value, 2)."""

    number: int
    type: "Scalar | Message"
    repeated: bool = False
    is_map: bool = False


class Message(msgspec.Struct, frozen=True):
    """A message by its JSON field names."""

    fields: dict[str, Field]


_TEXT = Scalar.STRING
_COUNT = Scalar.UINT32
_LONG = Scalar.INT64

ANY_VALUE = Message(
    {
        "stringValue": Field(1, _TEXT),
        "boolValue": Field(2, Scalar.BOOL),
        "intValue": Field(3, _LONG),
        "doubleValue": Field(4, Scalar.DOUBLE),
    }
)
KEY_VALUE = Message({"key": Field(1, _TEXT), "value": Field(2, ANY_VALUE)})

TRACE_METRICS = Message({"inspectedBytes": Field(1, _LONG)})
TRACE_BY_ID = Message(
    {
        "trace": Field(1, Scalar.RAW),
        "metrics": Field(2, TRACE_METRICS),
        "status": Field(3, Scalar.PARTIAL),
        "message": Field(4, _TEXT),
    }
)

SEARCH_METRICS = Message(
    {
        "inspectedTraces": Field(1, _COUNT),
        "inspectedBytes": Field(2, _LONG),
        "totalBlocks": Field(3, _COUNT),
        "completedJobs": Field(4, _COUNT),
        "totalJobs": Field(5, _COUNT),
        "totalBlockBytes": Field(6, _LONG),
        "inspectedSpans": Field(7, _LONG),
    }
)
SEARCH_SPAN = Message(
    {
        "spanID": Field(1, _TEXT),
        "name": Field(2, _TEXT),
        "startTimeUnixNano": Field(3, _LONG),
        "durationNanos": Field(4, _LONG),
        "attributes": Field(5, KEY_VALUE, repeated=True),
    }
)
SPAN_SET = Message(
    {
        "spans": Field(1, SEARCH_SPAN, repeated=True),
        "matched": Field(2, _COUNT),
        "attributes": Field(3, KEY_VALUE, repeated=True),
    }
)
SERVICE_STATS = Message({"spanCount": Field(1, _COUNT), "errorCount": Field(2, _COUNT)})
TRACE_SEARCH_METADATA = Message(
    {
        "traceID": Field(1, _TEXT),
        "rootServiceName": Field(2, _TEXT),
        "rootTraceName": Field(3, _TEXT),
        "startTimeUnixNano": Field(4, _LONG),
        "durationMs": Field(5, _COUNT),
        "spanSet": Field(6, SPAN_SET),
        "spanSets": Field(7, SPAN_SET, repeated=True),
        "serviceStats": Field(8, SERVICE_STATS, is_map=True),
    }
)
SEARCH = Message({"traces": Field(1, TRACE_SEARCH_METADATA, repeated=True), "metrics": Field(2, SEARCH_METRICS)})

METADATA_METRICS = Message(
    {"inspectedBytes": Field(1, _LONG), "totalJobs": Field(2, _COUNT), "completedJobs": Field(3, _COUNT)}
)
TAGS = Message({"tagNames": Field(1, _TEXT, repeated=True), "metrics": Field(2, METADATA_METRICS)})
TAGS_SCOPE = Message({"name": Field(1, _TEXT), "tags": Field(2, _TEXT, repeated=True)})
TAGS_V2 = Message({"scopes": Field(1, TAGS_SCOPE, repeated=True), "metrics": Field(2, METADATA_METRICS)})
TAG_VALUES = Message({"tagValues": Field(1, _TEXT, repeated=True), "metrics": Field(2, METADATA_METRICS)})
TAG_VALUE = Message({"type": Field(1, _TEXT), "value": Field(2, _TEXT)})
TAG_VALUES_V2 = Message({"tagValues": Field(1, TAG_VALUE, repeated=True), "metrics": Field(2, METADATA_METRICS)})

SAMPLE = Message({"timestampMs": Field(2, _LONG), "value": Field(1, Scalar.DOUBLE)})
EXEMPLAR = Message(
    {
        "labels": Field(1, KEY_VALUE, repeated=True),
        "value": Field(2, Scalar.DOUBLE),
        "timestampMs": Field(3, _LONG),
    }
)
TIME_SERIES = Message(
    {
        "labels": Field(1, KEY_VALUE, repeated=True),
        "samples": Field(2, SAMPLE, repeated=True),
        "exemplars": Field(4, EXEMPLAR, repeated=True),
    }
)
INSTANT_SERIES = Message({"labels": Field(1, KEY_VALUE, repeated=True), "value": Field(2, Scalar.DOUBLE)})
QUERY_RANGE = Message(
    {
        "series": Field(1, TIME_SERIES, repeated=True),
        "metrics": Field(2, SEARCH_METRICS),
        "status": Field(3, Scalar.PARTIAL),
        "message": Field(4, _TEXT),
    }
)
QUERY_INSTANT = Message({**QUERY_RANGE.fields, "series": Field(1, INSTANT_SERIES, repeated=True)})
