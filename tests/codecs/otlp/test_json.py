"""OTLP JSON: what the rules ask, what the Collector forgives, and whom a fault costs what."""

import base64
import json as stdlib_json
import math

import pytest
from hypothesis import given

from chalicelib.codecs.otlp import json, protobuf
from chalicelib.codecs.otlp.messages import AnyValue, Span, TracesData
from chalicelib.model.errors import PayloadError
from tests.strategies import traces

TRACE_ID = "5b8efff798038103d269b633813fc60c"
SPAN_ID = "eee19b7ec3c1b174"


def decode(tree, max_depth=32):
    payload = tree if isinstance(tree, bytes) else stdlib_json.dumps(tree).encode()
    return json.decode(payload, max_depth)


def request(*spans, **resource_spans):
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]} | resource_spans]}


def span(**fields):
    return {"traceId": TRACE_ID, "spanId": SPAN_ID} | fields


def spans_of(decoded):
    return [s for rs in decoded.message.resource_spans for ss in rs.scope_spans for s in ss.spans]


def decoded_span(**fields):
    decoded = decode(request(span(**fields)))
    assert decoded.rejections == ()
    [found] = spans_of(decoded)
    return found


def decoded_value(value):
    [attribute] = decoded_span(attributes=[{"key": "k", "value": value}]).attributes
    return attribute.value


def rejection_of(**fields):
    """Why the second of three spans is rejected: the one with `fields`."""
    decoded = decode(request(span(name="first"), span(**fields), span(name="last")))
    assert [found.name for found in spans_of(decoded)] == ["first", "last"]
    [rejection] = decoded.rejections
    return rejection.reason.removeprefix("resourceSpans[0].scopeSpans[0].spans[1].")


@given(traces())
def test_every_message_survives_the_round_trip(message):
    decoded = json.decode(json.encode(message), 32)
    assert protobuf.encode(decoded.message) == protobuf.encode(message)
    assert decoded.rejections == ()
    assert decoded.repairs == ()


@given(traces())
def test_what_is_written_is_json_by_the_strictest_reader(message):
    def refuse(constant):
        raise AssertionError(constant)

    stdlib_json.loads(json.encode(message).decode("utf-8", "strict"), parse_constant=refuse)


class TestWriting:
    def test_a_span_is_written_as_a_well_behaved_sender_writes_it(self):
        message = TracesData()
        resource_spans = message.resource_spans.add(
            resource={"attributes": [{"key": "service.name", "value": {"string_value": "shop"}}]}
        )
        scope_spans = resource_spans.scope_spans.add(scope={"name": "lib", "version": "1"}, schema_url="https://x/1")
        scope_spans.spans.add(
            trace_id=bytes.fromhex(TRACE_ID),
            span_id=bytes.fromhex(SPAN_ID),
            name="GET /",
            kind=Span.SPAN_KIND_SERVER,
            start_time_unix_nano=1_795_359_195_055_695_582,
            end_time_unix_nano=2**64 - 1,
            flags=0x101,
            attributes=[
                {"key": "n", "value": {"int_value": -5}},
                {"key": "nan", "value": {"double_value": math.nan}},
                {"key": "down", "value": {"double_value": -math.inf}},
                {"key": "up", "value": {"double_value": math.inf}},
                {"key": "raw", "value": {"bytes_value": b"\xff\xfe\xfd"}},
                {"key": "empty", "value": {}},
                {"key": "none", "value": {"array_value": {}}},
                {"key": "map", "value": {"kvlist_value": {"values": [{"key": "a", "value": {"bool_value": False}}]}}},
                {"key": "unset"},
            ],
            status={},
        )
        assert stdlib_json.loads(json.encode(message)) == {
            "resourceSpans": [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
                    "scopeSpans": [
                        {
                            "scope": {"name": "lib", "version": "1"},
                            "spans": [
                                {
                                    "traceId": TRACE_ID,
                                    "spanId": SPAN_ID,
                                    "flags": 257,
                                    "name": "GET /",
                                    "kind": 2,
                                    "startTimeUnixNano": "1795359195055695582",
                                    "endTimeUnixNano": "18446744073709551615",
                                    "attributes": [
                                        {"key": "n", "value": {"intValue": "-5"}},
                                        {"key": "nan", "value": {"doubleValue": "NaN"}},
                                        {"key": "down", "value": {"doubleValue": "-Infinity"}},
                                        {"key": "up", "value": {"doubleValue": "Infinity"}},
                                        {"key": "raw", "value": {"bytesValue": "//79"}},
                                        {"key": "empty", "value": {}},
                                        {"key": "none", "value": {"arrayValue": {"values": []}}},
                                        {
                                            "key": "map",
                                            "value": {
                                                "kvlistValue": {"values": [{"key": "a", "value": {"boolValue": False}}]}
                                            },
                                        },
                                        {"key": "unset"},
                                    ],
                                    "status": {},
                                }
                            ],
                            "schemaUrl": "https://x/1",
                        }
                    ],
                }
            ]
        }

    def test_no_spans_are_an_empty_list(self):
        assert json.encode(TracesData()) == b'{"resourceSpans":[]}'


class TestLeniency:
    @pytest.mark.parametrize("body", [b"{}", b' {"resourceSpans":[]}\n', b'{"resourceSpans":null}', b"\xef\xbb\xbf{}"])
    def test_an_empty_request_is_fine(self, body):
        assert decode(body) == json.decode(b"{}", 32)

    def test_ids_are_hex_in_either_case_of_any_length_and_may_be_unset(self):
        found = decoded_span(traceId=TRACE_ID.upper(), spanId="AB", parentSpanId="")
        assert (found.trace_id.hex(), found.span_id, found.parent_span_id) == (TRACE_ID, b"\xab", b"")

    def test_names_in_snake_case_are_known(self):
        found = decoded_span(
            parent_span_id=SPAN_ID, start_time_unix_nano="5", attributes=[{"key": "k", "value": {"string_value": "v"}}]
        )
        assert (found.parent_span_id.hex(), found.start_time_unix_nano) == (SPAN_ID, 5)
        assert found.attributes[0].value.string_value == "v"

    def test_unknown_keys_are_ignored_whatever_is_in_them(self):
        found = decoded_span(
            name="known",
            profile={"nested": [1, None]},
            attributes=[{"key": "k", "value": {"stringValue": "v", "newValue": []}}],
        )
        assert found.name == "known"
        assert found.attributes[0].value.string_value == "v"

    def test_null_is_a_field_left_out(self):
        found = decoded_span(name=None, attributes=None, status=None, events=[None])
        assert not found.HasField("status")
        assert len(found.events) == 1
        assert decoded_value({"stringValue": None}) == AnyValue()
        assert decoded_value({}) == AnyValue()

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("7", 7),
            (7, 7),
            (7.0, 7),
            ("7.0", 7),
            (1e3, 1000),
            ("1e3", 1000),
            ("-9223372036854775808", -(2**63)),
            (2**63 - 1, 2**63 - 1),
        ],
    )
    def test_a_64_bit_integer_may_be_a_string_or_a_number(self, written, read):
        assert decoded_value({"intValue": written}).int_value == read

    @pytest.mark.parametrize("written", [18446744073709551615, "18446744073709551615"])
    def test_times_take_all_64_bits(self, written):
        assert decoded_span(startTimeUnixNano=written).start_time_unix_nano == 2**64 - 1

    @pytest.mark.parametrize("written", [3, "3", 3.0])
    def test_a_32_bit_integer_may_be_a_string_too(self, written):
        found = decoded_span(flags=written, droppedAttributesCount=written)
        assert (found.flags, found.dropped_attributes_count) == (3, 3)

    @pytest.mark.parametrize(("written", "read"), [(2, 2), ("SPAN_KIND_SERVER", 2), (99, 99), (-1, -1)])
    def test_an_enum_may_be_a_name_and_unknown_numbers_survive(self, written, read):
        assert decoded_span(kind=written).kind == read

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            (1.5, 1.5),
            (2, 2.0),
            ("1.5", 1.5),
            ("1e3", 1000.0),
            ("Infinity", math.inf),
            ("-Infinity", -math.inf),
            ("-inf", -math.inf),
        ],
    )
    def test_a_double_may_be_a_number_a_string_or_a_word(self, written, read):
        assert decoded_value({"doubleValue": written}).double_value == read

    def test_nan_is_a_word(self):
        assert math.isnan(decoded_value({"doubleValue": "NaN"}).double_value)

    @pytest.mark.parametrize("written", ["+/+/AA==", "+/+/AA", "-_-_AA", "-_-_AA=="])
    def test_base64_may_be_url_safe_or_without_padding(self, written):
        assert decoded_value({"bytesValue": written}).bytes_value == base64.b64decode("+/+/AA==")

    def test_instrumentation_library_spans_are_scope_spans_by_their_old_name(self):
        old = [{"instrumentationLibrary": {"name": "lib"}, "spans": [span(name="old")]}]
        decoded = decode({"resourceSpans": [{"instrumentationLibrarySpans": old}]})
        assert decoded.message.resource_spans[0].scope_spans[0].scope.name == "lib"
        assert [found.name for found in spans_of(decoded)] == ["old"]
        beside = decode(request(span(name="new"), instrumentationLibrarySpans=old))
        assert [found.name for found in spans_of(beside)] == ["new"]
        assert beside.repairs == ("resourceSpans[0]: instrumentationLibrarySpans ignored beside scopeSpans",)

    @pytest.mark.parametrize(
        ("escaped", "read", "count"),
        [
            (r"\ud800", "\ufffd", 1),
            (r"\uDC00x\uD800", "\ufffdx\ufffd", 2),
            (r"\ud83d\ude00", "😀", 0),
            (r"\\ud800", r"\ud800", 0),
            (r"\ud800\ud83d\ude00", "\ufffd😀", 1),
        ],
    )
    def test_half_of_a_surrogate_pair_becomes_a_replacement_character(self, escaped, read, count):
        body = stdlib_json.dumps(request(span(name="NAME"))).replace("NAME", escaped)
        decoded = decode(body.encode())
        assert [found.name for found in spans_of(decoded)] == [read]
        assert decoded.repairs == ((f"unpaired surrogates replaced by U+FFFD: {count}",) if count else ())


class TestFaultsInASpan:
    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"traceId": "xyz"}, "traceId: 'xyz' is not hex"),
            ({"traceId": "ab cd"}, "traceId: 'ab cd' is not hex"),
            ({"spanId": 12}, "spanId: 12 is not hex"),
            ({"name": 5}, "name: 5 is not a string"),
            ({"kind": "SERVER"}, "kind: 'SERVER' is not one of SPAN_KIND_UNSPECIFIED,"),
            ({"kind": 2**31}, "kind: 2147483648 is not between"),
            ({"startTimeUnixNano": "-1"}, "startTimeUnixNano: '-1' is not between 0 and"),
            ({"startTimeUnixNano": 2**64}, "startTimeUnixNano: 18446744073709551616 is not between 0 and"),
            ({"startTimeUnixNano": "soon"}, "startTimeUnixNano: 'soon' is not a number"),
            ({"startTimeUnixNano": 1.5}, "startTimeUnixNano: 1.5 is not a whole number"),
            ({"endTimeUnixNano": True}, "endTimeUnixNano: true is not a number"),
            ({"flags": -1}, "flags: -1 is not between 0 and 4294967295"),
            ({"attributes": {}}, "attributes: an object is not an array"),
            ({"attributes": ["a"]}, "attributes[0]: 'a' is not an object"),
            (
                {"attributes": [{"key": "k"}, {"value": {"intValue": "1_0"}}]},
                "attributes[1].value.intValue: '1_0' is not",
            ),
            (
                {"attributes": [{"value": {"boolValue": "true"}}]},
                "attributes[0].value.boolValue: 'true' is not true or false",
            ),
            ({"attributes": [{"value": {"bytesValue": "a"}}]}, "attributes[0].value.bytesValue: 'a' is not base64"),
            (
                {"attributes": [{"value": {"doubleValue": "1e999"}}]},
                "attributes[0].value.doubleValue: '1e999' is too large",
            ),
            ({"attributes": [{"value": {"doubleValue": 10**400}}]}, "attributes[0].value.doubleValue: 1000000"),
            (
                {"events": [{}, {"attributes": [{"value": {"arrayValue": {"values": [{}, []]}}}]}]},
                "events[1].attributes[0].value.arrayValue.values[1]: an array is not an object",
            ),
            ({"links": [{"traceId": "g"}]}, "links[0].traceId: 'g' is not hex"),
            ({"status": {"code": "BAD"}}, "status.code: 'BAD' is not one of STATUS_CODE_UNSET,"),
            ({"status": []}, "status: an array is not an object"),
        ],
    )
    def test_it_is_rejected_alone_with_the_path_of_the_fault(self, fields, reason):
        assert rejection_of(**fields).startswith(reason)

    def test_a_span_that_is_no_object_is_rejected_alone(self):
        decoded = decode(request(span(name="first"), "span"))
        [rejection] = decoded.rejections
        assert rejection.reason == "resourceSpans[0].scopeSpans[0].spans[1]: 'span' is not an object"

    def test_a_value_nested_too_deep_is_rejected_alone(self):
        fits, too_deep = ({"key": "k", "value": nested(levels)} for levels in (31, 32))
        assert len(spans_of(decode(request(span(attributes=[fits]))))) == 1
        assert rejection_of(attributes=[fits, too_deep]) == "attributes[1]: a value nested deeper than 32"

    @pytest.mark.parametrize("maps", [False, True])
    def test_the_deepest_value_that_is_taken_can_be_stored_and_read_again(self, maps):
        decoded = decode(request(span(events=[{"attributes": [{"key": "k", "value": nested(31, maps=maps)}]}])), 1000)
        assert decoded.rejections == ()
        stored = protobuf.encode(decoded.message)
        assert json.decode(json.encode(protobuf.decode(stored, 32).message), 32).message == decoded.message


def nested(levels, *, maps=False):
    value = {"intValue": "1"}
    for _ in range(levels):
        value = (
            {"kvlistValue": {"values": [{"key": "k", "value": value}]}} if maps else {"arrayValue": {"values": [value]}}
        )
    return value


class TestFaultsAroundSpans:
    @pytest.mark.parametrize(
        ("tree", "detail"),
        [
            ([], "an array is not an object"),
            ({"resourceSpans": {}}, "resourceSpans: an object is not an array"),
            ({"resourceSpans": [[]]}, r"resourceSpans[0]: an array is not an object"),
            ({"resourceSpans": [{"scopeSpans": [{}, 5]}]}, "resourceSpans[0].scopeSpans[1]: 5 is not an object"),
            (
                {"resourceSpans": [{"scopeSpans": [{"spans": "x"}]}]},
                "resourceSpans[0].scopeSpans[0].spans: 'x' is not an array",
            ),
            (
                {"resourceSpans": [{"resource": {"attributes": [{"key": 1}]}}]},
                "resourceSpans[0].resource.attributes[0].key: 1 is not a string",
            ),
            (
                {"resourceSpans": [{"scopeSpans": [{"scope": {"name": []}}]}]},
                "resourceSpans[0].scopeSpans[0].scope.name: an array is not a string",
            ),
        ],
    )
    def test_a_wrong_envelope_is_a_payload_error_with_the_path_of_the_fault(self, tree, detail):
        with pytest.raises(PayloadError) as raised:
            decode(tree)
        assert raised.value.detail == f"not an OTLP JSON request: {detail}"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"\x0a\x00",
            b'{"resourceSpans":[NaN]}',
            b'{"a":"\xff"}',
            b'{"a":"\xed\xa0\x80"}',
            '{"resourceSpans":[]}'.encode("utf-16"),
            '{"resourceSpans":[]}'.encode("utf-16-le"),
            b"{} {}",
            b'{"a":' + b"9" * 5000 + b"}",
            b'{"resourceSpans":' + b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"a":1e999}',
        ],
        ids=lambda body: repr(body[:24]),
    )
    def test_what_is_not_json_in_utf_8_is_a_payload_error(self, body):
        with pytest.raises(PayloadError, match="not JSON"):
            decode(body)

    def test_a_resource_attribute_nested_too_deep_keeps_its_key_and_every_span(self):
        attributes = [
            {"key": "deep", "value": nested(4)},
            {"key": "flat", "value": {"intValue": "1"}},
            {"key": "deep", "value": nested(4)},
        ]
        decoded = decode(request(span(), resource={"attributes": attributes}), max_depth=4)
        assert len(spans_of(decoded)) == 1
        found = decoded.message.resource_spans[0].resource.attributes
        assert [(each.key, each.value.WhichOneof("value")) for each in found] == [
            ("deep", None),
            ("flat", "int_value"),
            ("deep", None),
        ]
        assert decoded.repairs == (
            "resourceSpans[0].resource.attributes[0]: a value nested deeper than 4; emptied, as any like it here",
        )
