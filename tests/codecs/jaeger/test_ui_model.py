"""The UI's JSON, written and read."""

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.codecs.jaeger.adjusters import Row
from chalicelib.codecs.jaeger.span import Log, Process, Tag
from chalicelib.codecs.jaeger.to_otlp import to_spans
from chalicelib.codecs.jaeger.ui_model import read_traces, write_trace
from chalicelib.model.errors import PayloadError
from chalicelib.model.span import Link, Resource
from tests.actors import CHECKOUT, FRONTEND, span
from tests.codecs.jaeger.strategies import jaeger_spans
from tests.codecs.jaeger.test_mapping import jaegers

LOW = "000000000000000048485a3953bb6124"


def written(*rows):
    return json.loads(bytes(write_trace([row if isinstance(row, Row) else Row(row) for row in rows])))


def written_tags(attributes):
    return {
        tag["key"]: (tag["type"], tag["value"])
        for tag in written(span("op", attributes=attributes))["spans"][0]["tags"]
    }


def test_a_span_is_written_with_every_field_that_the_ui_reads_and_in_its_order():
    one = span(
        "op", parent_id="b" * 16, trace_id=LOW, kind=0, resource=Resource(attributes={"service.name": "shop", "v": 1})
    )
    assert written(Row(one, ("odd",))) == {
        "traceID": "48485a3953bb6124",
        "spans": [{
            "traceID": "48485a3953bb6124",
            "spanID": one.span_id,
            "operationName": "op",
            "references": [{"refType": "CHILD_OF", "traceID": "48485a3953bb6124", "spanID": "b" * 16}],
            "startTime": one.start_ns // 1000,
            "duration": 10_000,
            "tags": [],
            "logs": [],
            "processID": "p1",
            "warnings": ["odd"],
        }],
        "processes": {"p1": {"serviceName": "shop", "tags": [{"key": "v", "type": "int64", "value": 1}]}},
        "warnings": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("x", ("string", "x")),
        (True, ("bool", True)),
        (7, ("int64", 7)),
        (7.0, ("float64", 7.0)),
        (b"\xff", ("binary", "/w==")),
        ((1 << 53) - 1, ("int64", (1 << 53) - 1)),
        (1 << 53, ("int64", str(1 << 53))),
        (-(1 << 53), ("int64", str(-(1 << 53)))),
        (math.nan, ("float64", "NaN")),
        (math.inf, ("float64", "+Inf")),
        (-math.inf, ("float64", "-Inf")),
        ('<script>"\u2028', ("string", '<script>"\u2028')),
    ],
)
def test_a_tag_is_written_by_its_type(value, told):
    assert written_tags({"k": value})["k"] == told


def test_processes_are_numbered_by_their_first_appearance_and_each_is_there_once():
    twin = Resource(attributes=dict(FRONTEND.attributes))
    found = written(span("a", resource=FRONTEND), span("b", resource=CHECKOUT), span("c", resource=twin))
    assert [one["processID"] for one in found["spans"]] == ["p1", "p2", "p1"]
    assert [found["processes"][name]["serviceName"] for name in ("p1", "p2")] == ["frontend", "checkout"]


def test_processes_that_differ_in_the_type_of_a_tag_are_two():
    ones = [span(str(value), resource=Resource(attributes={"n": value})) for value in (1, True, 1.0)]
    assert len(written(*ones)["processes"]) == 3


def test_links_of_other_traces_are_references_with_their_ids():
    one = span("op", links=(Link(trace_id="0" * 31 + "1", span_id="a" * 16),))
    assert written(one)["spans"][0]["references"] == [
        {"refType": "FOLLOWS_FROM", "traceID": "0" * 15 + "1", "spanID": "a" * 16}
    ]


@settings(max_examples=40, deadline=None)
@given(span=jaeger_spans(), more=jaeger_spans())
def test_what_is_written_is_read(span, more):
    document = (
        b'{"data":['
        + bytes(write_trace(map(Row, to_spans([span]))))
        + b","
        + bytes(write_trace(map(Row, to_spans([more]))))
        + b"]}"
    )
    assert read_traces(document) == [[span], [more]]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"traceID": "x"}, "is not a trace id"),
        ({"traceID": "0"}, "its trace id is all zeros"),
        ({"spanID": "1" * 17}, "is not a span id"),
        ({"startTime": -1}, "is not a number of microseconds"),
        ({"startTime": "soon"}, "Expected `int`"),
        ({"tags": [{"key": "k", "type": "odd", "value": 1}]}, "tag 'k' is of type 'odd', which there is not"),
        ({"tags": [{"key": "k", "type": "int64", "value": 1 << 63}]}, "the value of tag 'k' is no int64"),
        ({"tags": [{"key": "k", "type": "bool", "value": 1}]}, "the value of tag 'k' is no bool"),
        ({"tags": [{"key": "k", "type": "float64", "value": []}]}, "the value of tag 'k' is no float64"),
        ({"tags": [{"key": "k", "type": "binary", "value": 5}]}, "the value of tag 'k' is no binary"),
        ({"references": [{"refType": "ODD", "traceID": "1", "spanID": "1"}]}, "is no type of a reference"),
    ],
)
def test_a_span_that_cannot_be_is_refused_in_words_that_name_it(fields, said):
    one = {"traceID": "1", "spanID": "1", "startTime": 0} | fields
    with pytest.raises(PayloadError) as caught:
        read_traces(json.dumps({"data": [{"spans": [one]}]}).encode())
    assert said in caught.value.detail


def test_what_older_programs_write_is_read_too():
    one = {"traceID": "1", "spanID": "2", "parentSpanID": "3", "startTime": 5, "processID": "p9", "unknown": 1,
           "tags": [{"key": "n", "type": "int64", "value": "9007199254740993"}], "logs": None,
           "references": None}  # fmt: skip
    [[found]] = read_traces(json.dumps({"data": [{"spans": [one]}]}).encode())
    assert found.tags == (Tag("n", 9007199254740993),)
    assert (found.references[0].span_id, found.process) == ("3".zfill(16), Process("", ()))


@settings(deadline=None)
@given(body=st.one_of(st.binary(max_size=30), st.text(max_size=30).map(str.encode)))
def test_any_file_is_read_or_a_payload_error(body):
    for document in (body, b'{"data":[{"spans":[' + body + b"]}]}"):
        with suppress(PayloadError):
            read_traces(document)


def test_logs_are_written_with_their_fields():
    [made] = to_spans([jaegers(logs=(Log(7, (Tag("event", "e"), Tag("n", 1))),))])
    assert written(made)["spans"][0]["logs"] == [{
        "timestamp": 7,
        "fields": [{"key": "event", "type": "string", "value": "e"}, {"key": "n", "type": "int64", "value": 1}],
    }]  # fmt: skip
