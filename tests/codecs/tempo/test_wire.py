"""The wire is read back by protobuf's own runtime, from descriptors made of the same table."""

import json
import math
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from chalicelib.codecs.tempo import messages, wire
from chalicelib.codecs.tempo.messages import Message, Scalar

LABELS = [
    {"key": "resource.service.name", "value": {"stringValue": "cart"}},
    {"key": "code", "value": {"intValue": -(2**63)}},
    {"key": "p", "value": {"doubleValue": 0.9}},
    {"key": "retried", "value": {"boolValue": False}},
    {"key": "empty", "value": {"stringValue": ""}},
]
SPAN_SET = {
    "spans": [{"spanID": "00000000000000a1", "name": "pay", "startTimeUnixNano": 2**63, "durationNanos": 5}],
    "matched": 7,
    "attributes": LABELS,
}
ANSWERS = {
    "SEARCH": {
        "traces": [
            {
                "traceID": "a1",
                "rootServiceName": "cart",
                "startTimeUnixNano": 1_767_268_800_000_000_000,
                "durationMs": 3,
                "spanSet": SPAN_SET,
                "spanSets": [SPAN_SET, {"matched": 1}],
                "serviceStats": {"cart": {"spanCount": 3, "errorCount": 1}, "": {"spanCount": 1}},
            }
        ],
        "metrics": {"inspectedTraces": 1, "inspectedBytes": 2**40},
    },
    "QUERY_RANGE": {
        "series": [
            {
                "labels": LABELS,
                "samples": [{"timestampMs": 1000, "value": 0.0}, {"timestampMs": 2000, "value": 1.5}],
                "exemplars": [{"labels": LABELS, "value": 2.5, "timestampMs": 1001}],
            }
        ],
        "status": "PARTIAL",
        "message": "the deadline came first",
    },
    "QUERY_INSTANT": {"series": [{"labels": LABELS, "value": 42.0}]},
    "TAGS": {"tagNames": ["a", "b"]},
    "TAGS_V2": {"scopes": [{"name": "span", "tags": ["a", "ü"]}, {"name": "event"}]},
    "TAG_VALUES": {"tagValues": ["x"], "metrics": {"inspectedBytes": 1}},
    "TAG_VALUES_V2": {"tagValues": [{"type": "string", "value": "x"}]},
}
TYPES = {
    Scalar.STRING: "TYPE_STRING",
    Scalar.UINT32: "TYPE_UINT32",
    Scalar.INT64: "TYPE_UINT64",
    Scalar.DOUBLE: "TYPE_DOUBLE",
    Scalar.BOOL: "TYPE_BOOL",
    Scalar.PARTIAL: "TYPE_ENUM",
}


class Schema:
    """Protobuf's runtime over the table."""

    def __init__(self) -> None:
        self.file = descriptor_pb2.FileDescriptorProto(name="table.proto", package="t", syntax="proto3")
        status = self.file.enum_type.add(name="PartialStatus")
        status.value.add(name="COMPLETE", number=0)
        status.value.add(name="PARTIAL", number=1)
        self.names: dict[int, str] = {}

    def name_of(self, message: Message) -> str:
        if id(message) not in self.names:
            self.names[id(message)] = f"M{len(self.names)}"
            described = self.file.message_type.add(name=self.names[id(message)])
            for name, field in message.fields.items():
                self._add(described, name, field)
        return self.names[id(message)]

    def _add(self, described: Any, name: str, field: messages.Field) -> None:
        repeated = field.repeated or field.is_map
        added = described.field.add(
            name=name, json_name=name, number=field.number, label="LABEL_REPEATED" if repeated else "LABEL_OPTIONAL"
        )
        if name == "intValue":
            added.type = descriptor_pb2.FieldDescriptorProto.TYPE_INT64
        elif field.is_map:
            entry = described.nested_type.add(name=name[0].upper() + name[1:] + "Entry")
            entry.options.map_entry = True
            entry.field.add(name="key", number=1, type="TYPE_STRING", label="LABEL_OPTIONAL")
            entry.field.add(
                name="value",
                number=2,
                type="TYPE_MESSAGE",
                label="LABEL_OPTIONAL",
                type_name=f".t.{self.name_of(field.type)}",
            )
            added.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
            added.type_name = f".t.{described.name}.{entry.name}"
        elif isinstance(field.type, Message):
            added.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
            added.type_name = f".t.{self.name_of(field.type)}"
        else:
            added.type = getattr(descriptor_pb2.FieldDescriptorProto, TYPES[field.type])
            if field.type is Scalar.PARTIAL:
                added.type_name = ".t.PartialStatus"
        if name.endswith("Value") and name != "value":
            if not described.oneof_decl:
                described.oneof_decl.add(name="value")
            added.oneof_index = 0

    def parse(self, message: Message, data: bytes) -> Any:
        name = self.name_of(message)
        pool = descriptor_pool.DescriptorPool()
        pool.Add(self.file)
        parsed = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"t.{name}"))()
        parsed.ParseFromString(data)
        return parsed


@pytest.mark.parametrize("name", ANSWERS)
def test_protobuf_and_json_say_the_same_to_protobufs_own_runtime(name):
    message, answer = getattr(messages, name), ANSWERS[name]
    parsed = Schema().parse(message, wire.to_protobuf(message, answer))
    ours = json.loads(wire.to_json(message, answer))
    expected = json_format.MessageToDict(parsed)
    assert without_zero_samples(ours) == without_zero_samples(expected)


def without_zero_samples(value: Any) -> Any:
    """protobuf leaves a value of 0 out where we write it, and that is the one difference."""
    if isinstance(value, list):
        return [without_zero_samples(one) for one in value]
    if isinstance(value, dict):
        return {key: without_zero_samples(one) for key, one in value.items() if not (key == "value" and one == 0)}
    return value


@pytest.mark.parametrize(("number", "text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_numbers_that_json_does_not_have_are_words(number, text):
    written = json.loads(wire.to_json(messages.QUERY_INSTANT, {"series": [{"value": number}]}))
    assert written == {"series": [{"value": text}]}


def test_a_serialised_trace_is_carried_as_it_is_also_when_it_is_empty():
    assert wire.to_protobuf(messages.TRACE_BY_ID, {"trace": b"\x0a\x00"}) == b"\x0a\x02\x0a\x00"
    assert wire.to_protobuf(messages.TRACE_BY_ID, {"trace": b""}) == b"\x0a\x00"


def test_a_field_that_the_message_does_not_have_is_a_programming_error():
    with pytest.raises(KeyError):
        wire.to_json(messages.TAGS, {"tagnames": ["x"]})
