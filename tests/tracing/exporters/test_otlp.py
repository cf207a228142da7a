"""The two encodings of OTLP that the library writes by itself, read by the backend, whose decoders are not its own."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.codecs.otlp import json as backend_json
from chalicelib.codecs.otlp import protobuf
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.spans import from_spans, to_spans
from chalicelib.tracing.exporters import otlp_json, otlp_protobuf
from chalicelib.tracing.exporters.errors import Losses
from tests.tracing.exporters.recorded import ATTRIBUTES, RESOURCE, any_spans, as_models, span


def by_json(recorded, resource):
    losses = Losses()
    body = otlp_json.request([otlp_json.resource_spans(recorded, resource, losses)])
    losses.raise_any()
    decoded = backend_json.decode(body, 32)
    assert (decoded.rejections, decoded.repairs) == ((), ())
    return decoded.message


def by_protobuf(recorded, resource):
    body = otlp_protobuf.request([(one.scope, otlp_protobuf.span_of(one)) for one in recorded], resource)
    return TracesData.FromString(body)


both = pytest.mark.parametrize("written_by", [by_json, by_protobuf])


@both
@settings(max_examples=60, deadline=None)
@given(recorded=st.lists(any_spans(), min_size=1, max_size=4), resource=ATTRIBUTES)
def test_the_backend_reads_every_field_as_it_was_recorded(written_by, recorded, resource):
    expected = from_spans(as_models(recorded, resource))
    assert protobuf.encode(written_by(recorded, resource)) == protobuf.encode(expected)


@both
def test_half_a_surrogate_pair_becomes_a_replacement_character_or_is_escaped(written_by):
    recorded = [span("bad \ud83d end", attributes={"k": "fine \U0001f600"})]
    if written_by is by_json:
        body = otlp_json.request([otlp_json.resource_spans(recorded, {}, Losses())])
        decoded = backend_json.decode(body, 32)
        message = decoded.message
    else:
        message = by_protobuf(recorded, {})
    [kept] = to_spans(message)
    assert (kept.name, kept.attributes) == ("bad \ufffd end", {"k": "fine \U0001f600"})


def test_json_follows_the_rules_that_differ_from_protobufs():
    attributes = {"i": 7, "f": 1.0, "nan": math.nan, "minus": -math.inf, "b": True, "bytes": b"\xff", "list": ["a", 1]}
    said = json.loads(otlp_json.encode(otlp_json.span_of(span(attributes=attributes, kind=3))))
    assert said == {
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": "0000000000000001",
        "name": "GET /orders",
        "kind": 3,
        "startTimeUnixNano": "1767268800000000000",
        "endTimeUnixNano": "1767268800001000000",
        "flags": 0x101,
        "attributes": [
            {"key": "i", "value": {"intValue": "7"}},
            {"key": "f", "value": {"doubleValue": 1.0}},
            {"key": "nan", "value": {"doubleValue": "NaN"}},
            {"key": "minus", "value": {"doubleValue": "-Infinity"}},
            {"key": "b", "value": {"boolValue": True}},
            {"key": "bytes", "value": {"bytesValue": "/w=="}},
            {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}}},
        ],
    }


@both
def test_values_that_contain_themselves_end_somewhere(written_by):
    endless = ["a"]
    endless.append(endless)
    [kept] = to_spans(written_by([span(attributes={"endless": endless})], RESOURCE))
    assert kept.attributes["endless"][0] == "a"
