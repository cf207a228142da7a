"""What each of Zipkin's four encodings is read as, and how it is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.thrift.writer import write_binary
from chalicelib.codecs.zipkin import json_v1, json_v2, proto3, thrift_v1
from chalicelib.codecs.zipkin.span import Annotation, Endpoint, ZipkinSpan, endpoint_of, normal_trace_id
from chalicelib.model.errors import PayloadError
from tests.codecs.zipkin.strategies import zipkin_spans

T_US = 1_700_000_000_000_000
ENCODINGS = [json_v2.read, json_v1.read, proto3.read, thrift_v1.read]


def v2(**fields) -> ZipkinSpan:
    return json_v2.read(json.dumps([{"traceId": "a", "id": "b"} | fields]).encode())[0]


def refusal(**fields) -> str:
    with pytest.raises(PayloadError) as caught:
        v2(**fields)
    return caught.value.detail


def as_proto3(span: ZipkinSpan) -> bytes:
    message = proto3.list_of_spans()()
    added = message.spans.add(
        trace_id=bytes.fromhex(span.trace_id),
        id=bytes.fromhex(span.id),
        parent_id=bytes.fromhex(span.parent_id or ""),
        kind=("", "CLIENT", "SERVER", "PRODUCER", "CONSUMER").index(span.kind or ""),
        name=span.name or "",
        timestamp=span.timestamp or 0,
        duration=span.duration or 0,
        tags=span.tags,
        debug=span.debug,
        shared=span.shared,
    )
    for said, into in ((span.local_endpoint, "local_endpoint"), (span.remote_endpoint, "remote_endpoint")):
        if said is not None:
            endpoint = getattr(added, into)
            endpoint.service_name, endpoint.port = said.service_name or "", said.port or 0
            endpoint.ipv4, endpoint.ipv6 = packed(said.ipv4), packed(said.ipv6)
    for one in span.annotations:
        added.annotations.add(timestamp=one.timestamp, value=one.value)
    return message.SerializeToString()


def packed(address: str | None) -> bytes:
    import ipaddress  # noqa: PLC0415  # here alone

    return ipaddress.ip_address(address).packed if address else b""


@given(span=zipkin_spans())
def test_protobuf_says_what_json_says(span):
    assert proto3.read(as_proto3(span)) == [span]


def test_ids_are_padded_to_16_or_32_digits_and_zeros_in_front_of_16_go():
    span = v2(traceId="48485a3953bb6124", id="2", parentId="3")
    assert (span.trace_id, span.id, span.parent_id) == ("48485a3953bb6124", "2".zfill(16), "3".zfill(16))
    assert normal_trace_id("1" * 17) == "1".zfill(16) + "1" * 16
    assert normal_trace_id("0" * 16 + "1" * 16) == "1" * 16


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"traceId": "ABC"}, "traceId 'ABC' should be lower-hex encoded with no prefix"),
        ({"traceId": ""}, "traceId is empty"),
        ({"traceId": "0000"}, "traceId is all zeros"),
        ({"traceId": "1" * 33}, "is longer than 32 digits"),
        ({"id": "0x1"}, "id '0x1' should be lower-hex"),
        ({"id": "0"}, "id is all zeros"),
        ({"id": 7}, "Expected `str`, got `int` - at `$[0].id`"),
        ({"parentId": "xyz"}, "parentId 'xyz' should be lower-hex"),
        ({"kind": "client"}, "kind 'client' is none of CLIENT, SERVER, PRODUCER, CONSUMER"),
        ({"annotations": [{"timestamp": 1}]}, "Incomplete annotation"),
        ({"annotations": [{"timestamp": -1, "value": "x"}]}, "annotation timestamp -1"),
        ({"tags": {"a": None}}, "No value at tags['a']"),
        ({"tags": {"a": []}}, "$[0].tags[...]"),
        ({"localEndpoint": {"port": 65536}}, "invalid port 65536"),
        ({"timestamp": 1 << 63}, "is not a number of microseconds that a clock can show"),
        ({"timestamp": 1.5}, "timestamp 1.5 is not a whole number"),
        ({"timestamp": "soon"}, "timestamp 'soon' is not a whole number"),
    ],
)
def test_a_span_that_cannot_be_is_refused_in_words_that_name_it(fields, said):
    assert said in refusal(**fields)


def test_the_refusal_of_a_batch_says_which_span_it_was():
    body = json.dumps([{"traceId": "a", "id": "b"}, {"traceId": "a", "id": "B"}]).encode()
    with pytest.raises(PayloadError, match=r"at \$\[1\]"):
        json_v2.read(body)


@pytest.mark.parametrize(
    ("fields", "field", "read"),
    [
        ({"name": "GET /"}, "name", "get /"),
        ({"name": ""}, "name", None),
        ({"timestamp": 0}, "timestamp", None),
        ({"timestamp": -5}, "timestamp", None),
        ({"timestamp": str(T_US)}, "timestamp", T_US),
        ({"duration": 3.0}, "duration", 3),
        ({"parentId": "0000"}, "parent_id", None),
        ({"parentId": "b"}, "parent_id", None),
        ({"kind": None}, "kind", None),
        ({"localEndpoint": {}}, "local_endpoint", None),
        ({"localEndpoint": {"serviceName": "Shop", "port": 0}}, "local_endpoint", Endpoint(service_name="shop")),
        ({"localEndpoint": {"ipv4": "no address"}}, "local_endpoint", None),
        ({"localEndpoint": {"ipv6": "::ffff:1.2.3.4"}}, "local_endpoint", Endpoint(ipv4="1.2.3.4")),
        ({"tags": {"b": 1, "a": True, "c": 1.5}}, "tags", {"a": "true", "b": "1", "c": "1.5"}),
        ({"shared": True, "kind": "CLIENT"}, "shared", False),
        ({"shared": True, "kind": "SERVER"}, "shared", True),
        ({"debug": None}, "debug", False),
        ({"annotations": [{"timestamp": 2, "value": "b"}, {"timestamp": 1, "value": "a"}] * 2}, "annotations",
         (Annotation(1, "a"), Annotation(2, "b"))),
        ({"unknown": {"field": 1}}, "tags", {}),
    ],
)  # fmt: skip
def test_what_is_written_loosely_is_read_as_zipkin_reads_it(fields, field, read):
    assert getattr(v2(**fields), field) == read


@pytest.mark.parametrize(
    ("read", "body", "said"),
    [
        (json_v2.read, b'{"traceId":"a"}', "Expected a JSON_V2 encoded list"),
        (json_v2.read, b'[{"binaryAnnotations":[]}]', "Expected a JSON_V2 encoded list, but received: JSON_V1"),
        (json_v1.read, b"{}", "Expected a JSON_V1 encoded list"),
        (json_v1.read, b'[{"localEndpoint":{}}]', "Expected a JSON_V1 encoded list, but received: JSON_V2"),
        (json_v1.read, b'[{"tags":{}}]', "Expected a JSON_V1 encoded list, but received: JSON_V2"),
        (json_v2.read, b"[", "Cannot read JSON_V2 spans"),
        (proto3.read, b"\x0a\x05abc", "Cannot read PROTO3 spans"),
        (thrift_v1.read, b"\x0b\0\0\0\1\0\0\0\0", "Thrift: a list of string, not of struct"),
    ],
)
def test_a_body_of_another_kind_is_refused_in_zipkins_words(read, body, said):
    with pytest.raises(PayloadError) as caught:
        read(body)
    assert said in caught.value.detail


@pytest.mark.parametrize("read", ENCODINGS)
@given(body=st.one_of(st.binary(max_size=60), st.binary(max_size=40).map(lambda rest: b"[" + rest)))
def test_any_body_is_read_or_a_payload_error(read, body):
    with suppress(PayloadError):
        read(body)


@given(span=zipkin_spans())
def test_a_body_that_ends_early_is_a_payload_error(span):
    body = json_v2.write([span])
    for size in range(len(body)):
        with pytest.raises(PayloadError):
            json_v2.read(body[:size])


def test_empty_lists_are_no_spans():
    assert [json_v2.read(b"[]"), json_v1.read(b" []"), proto3.read(b""), thrift_v1.read(b"\x0c\0\0\0\0")] == [[]] * 4


def test_thrift_says_what_v1_json_says():
    body = write_binary(thrift_v1.SPANS, [{
        "trace_id": -1, "trace_id_high": 1, "id": 2, "parent_id": 3, "name": "Get", "timestamp": T_US, "duration": 5,
        "debug": True,
        "annotations": [{"timestamp": T_US, "value": "cs", "endpoint": {
            "ipv4": -1062731775, "port": -1, "service_name": "Shop", "ipv6": b"\x20\x01" + b"\0" * 13 + b"\1"}}],
        "binary_annotations": [
            {"key": "path", "value": b"/", "type": 6},
            {"key": "sa", "value": b"\1", "type": 0, "endpoint": {"service_name": "bank"}},
            {"key": "size", "value": b"\0\0\0\7", "type": 3},
            {"key": "raw", "value": b"\xff", "type": 1},
            {"key": "odd", "value": b"\1", "type": 0},
        ],
    }])  # fmt: skip
    assert thrift_v1.read(body) == [
        ZipkinSpan(
            trace_id="1".zfill(16) + "f" * 16,
            id="2".zfill(16),
            parent_id="3".zfill(16),
            kind="CLIENT",
            name="get",
            timestamp=T_US,
            duration=5,
            local_endpoint=endpoint_of("shop", ("192.168.0.1", "2001::1"), 65535),
            remote_endpoint=Endpoint(service_name="bank"),
            tags={"odd": "true", "path": "/", "raw": "ff", "size": "7"},
            debug=True,
        )
    ]
