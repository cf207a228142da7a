"""Bodies that upb reads, bodies it refuses and we mend, and bodies nobody could read."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.otlp import protobuf, wire
from chalicelib.codecs.otlp.messages import AnyValue, Span, TracesData
from chalicelib.codecs.otlp.parts import mending_allowance
from chalicelib.model.errors import PayloadError
from tests.strategies import traces

MAX_DEPTH = 32
BAD_TEXT = b"caf\xe9"


def decode(payload, max_depth=MAX_DEPTH):
    return protobuf.decode(payload, max_depth)


def spans_of(decoded):
    return [s for rs in decoded.message.resource_spans for ss in rs.scope_spans for s in ss.spans]


def names_of(decoded):
    return [span.name for span in spans_of(decoded)]


def span(name, **fields):
    return Span(trace_id=b"\1" * 16, span_id=b"\2" * 8, name=name, **fields).SerializeToString()


def length_delimited(number, body):
    tag = number << 3 | 2
    assert len(body) < 1 << 14
    encoded_tag = bytes([tag]) if tag < 0x80 else bytes([tag & 0x7F | 0x80, tag >> 7])
    size = bytes([len(body)]) if len(body) < 0x80 else bytes([len(body) & 0x7F | 0x80, len(body) >> 7])
    return encoded_tag + size + body


def request(*spans, resource=b"", scope=b""):
    scope_spans = length_delimited(1, scope) + b"".join(length_delimited(2, each) for each in spans)
    return length_delimited(1, length_delimited(1, resource) + length_delimited(2, scope_spans))


def nested(levels, *, maps=False):
    """A value with `levels` lists or maps around a number, and so of depth `levels` + 1."""
    value = AnyValue(int_value=1)
    for _ in range(levels):
        inner = (
            {"kvlist_value": {"values": [{"key": "k", "value": value}]}}
            if maps
            else {"array_value": {"values": [value]}}
        )
        value = AnyValue(**inner)
    return value


@given(traces())
def test_every_message_survives_the_round_trip(message):
    encoded = protobuf.encode(message)
    decoded = decode(encoded)
    assert protobuf.encode(decoded.message) == encoded
    assert decoded.rejections == ()
    assert decoded.repairs == ()


@given(traces())
def test_the_walk_changes_nothing_in_a_body_that_needs_no_mending(message):
    encoded = protobuf.encode(message)
    assert wire.mend(encoded, MAX_DEPTH, mending_allowance()) == wire.Mended(encoded, (), ())


def test_no_bytes_are_a_request_without_spans():
    assert decode(b"") == protobuf.Decoded(TracesData())


def test_a_body_cut_short_is_a_payload_error_that_says_so():
    body = request(span("whole"))
    with pytest.raises(
        PayloadError, match="not an OTLP protobuf message: the request is cut short: field 1 ends 1 byte"
    ):
        decode(body[:-1])


def test_a_body_that_is_not_protobuf_is_a_payload_error():
    with pytest.raises(PayloadError, match="not an OTLP protobuf message"):
        decode(b'{"resourceSpans":[]}')


def test_bad_utf_8_costs_its_bytes_and_no_span():
    bad_name = span("") + length_delimited(5, BAD_TEXT)
    decoded = decode(request(span("good"), bad_name, span("also good")))
    assert names_of(decoded) == ["good", "caf\ufffd", "also good"]
    assert decoded.rejections == ()
    assert decoded.repairs == ("invalid UTF-8 replaced by U+FFFD, strings: 1",)


def test_bad_utf_8_is_mended_wherever_text_can_be():
    attribute = length_delimited(1, BAD_TEXT) + length_delimited(2, length_delimited(1, BAD_TEXT))
    in_array = length_delimited(2, length_delimited(5, length_delimited(1, length_delimited(1, BAD_TEXT))))
    event = length_delimited(2, BAD_TEXT) + length_delimited(3, attribute)
    bad_span = span("s") + length_delimited(9, attribute + in_array) + length_delimited(11, event)
    resource = length_delimited(1, attribute) + length_delimited(3, length_delimited(3, BAD_TEXT))
    decoded = decode(request(bad_span, resource=resource, scope=length_delimited(1, BAD_TEXT)))
    resource_spans = decoded.message.resource_spans[0]
    assert resource_spans.resource.attributes[0].value.string_value == "caf\ufffd"
    assert resource_spans.resource.entity_refs[0].id_keys == ["caf\ufffd"]
    assert resource_spans.scope_spans[0].scope.name == "caf\ufffd"
    [found] = spans_of(decoded)
    assert found.attributes[0].key == "caf\ufffd"
    assert found.attributes[0].value.array_value.values[0].string_value == "caf\ufffd"
    assert found.events[0].attributes[0].value.string_value == "caf\ufffd"


def test_mending_text_changes_nothing_else():
    """Bytes are not text, and what a newer sender says in fields we do not know is kept as it is."""
    attribute = length_delimited(9, length_delimited(2, length_delimited(7, BAD_TEXT)))
    unknown = length_delimited(99, BAD_TEXT) + b"\xa8\x06\x07" + b"\xb3\x06\x08\x01\xb4\x06"  # text-like, varint, group
    decoded = decode(request(span("s") + attribute + unknown + length_delimited(3, BAD_TEXT)))
    [found] = spans_of(decoded)
    assert found.attributes[0].value.bytes_value == BAD_TEXT
    assert found.trace_state == "caf\ufffd"
    assert found.SerializeToString().endswith(unknown)


def test_a_span_of_broken_bytes_is_rejected_alone():
    cut_short = span("s") + b"\x4a\x7f\x00"  # an attribute of 127 bytes, of which one is there
    decoded = decode(request(span("first"), cut_short, span("last")))
    assert names_of(decoded) == ["first", "last"]
    [rejection] = decoded.rejections
    assert (
        rejection.reason
        == "resourceSpans[0].scopeSpans[0].spans[1]: Span is cut short: field 9 ends 126 bytes after it"
    )


@pytest.mark.parametrize("garbage", [b"\x00\x00", b"\x07", b"\x0c", b"\x4b\x08", b"\xff" * 11, b"\x4b\x54"])
def test_a_span_of_no_wire_format_is_rejected_alone(garbage):
    decoded = decode(request(span("first"), span("bad") + garbage, span("last")))
    assert names_of(decoded) == ["first", "last"]
    assert len(decoded.rejections) == 1


def test_a_broken_resource_breaks_the_request():
    with pytest.raises(PayloadError, match=r"resourceSpans\[0\].resource is cut short"):
        decode(request(span("s"), resource=b"\x0a\x7f"))


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("max_depth", [1, 2, 8, 32, 1000])
def test_values_nest_to_the_limit_and_no_deeper(maps, max_depth):
    limit = min(max_depth, 32)
    fits = span("fits", attributes=[{"key": "k", "value": nested(limit - 1, maps=maps)}])
    too_deep = span("deep", attributes=[{"key": "k", "value": nested(limit, maps=maps)}])
    decoded = decode(request(fits, too_deep, span("flat")), max_depth)
    assert names_of(decoded) == ["fits", "flat"]
    [rejection] = decoded.rejections
    assert rejection.reason == f"resourceSpans[0].scopeSpans[0].spans[1]: a value nested deeper than {limit}"


@pytest.mark.parametrize("maps", [False, True])
def test_the_deepest_value_that_is_taken_can_be_stored_and_read_again(maps):
    event = Span.Event(attributes=[{"key": "k", "value": nested(31, maps=maps)}])
    decoded = decode(request(span("s", events=[event])))
    assert names_of(decoded) == ["s"]
    assert decode(protobuf.encode(decoded.message)) == decoded


def test_a_value_a_thousand_levels_deep_costs_its_span_alone():
    value = b""
    for _ in range(1000):
        value = length_delimited(5, length_delimited(1, value))
    deep = span("deep") + length_delimited(9, length_delimited(2, value))
    decoded = decode(request(span("flat"), deep))
    assert names_of(decoded) == ["flat"]
    assert len(decoded.rejections) == 1


def test_a_deep_value_behind_others_in_its_list_is_found():
    value = AnyValue(array_value={"values": [AnyValue(string_value="x"), AnyValue(), nested(3), AnyValue(int_value=1)]})
    decoded = decode(request(span("deep", attributes=[{"key": "k", "value": value}])), max_depth=4)
    assert names_of(decoded) == []


def test_a_resource_attribute_nested_too_deep_keeps_its_key_and_every_span():
    resource = length_delimited(1, length_delimited(1, b"deep") + length_delimited(2, nested(4).SerializeToString()))
    decoded = decode(request(span("s"), resource=resource), max_depth=4)
    assert names_of(decoded) == ["s"]
    [attribute] = decoded.message.resource_spans[0].resource.attributes
    assert attribute.key == "deep"
    assert attribute.value == AnyValue()
    assert decoded.repairs == ("resourceSpans[0].resource.attributes: a value nested deeper than 4; emptied",)


def with_libraries(*, scope_spans):
    """A body as OTLP 0.15 allowed: InstrumentationLibrarySpans in field 1000."""
    library = length_delimited(1, length_delimited(1, b"lib")) + length_delimited(2, span("old"))
    new = length_delimited(2, length_delimited(2, span("new"))) if scope_spans else b""
    return length_delimited(1, new + length_delimited(1000, library))


def test_instrumentation_library_spans_are_scope_spans_by_their_old_name():
    decoded = decode(with_libraries(scope_spans=False))
    assert names_of(decoded) == ["old"]
    assert decoded.message.resource_spans[0].scope_spans[0].scope.name == "lib"


def test_instrumentation_library_spans_beside_scope_spans_are_ignored_as_the_collector_does():
    decoded = decode(with_libraries(scope_spans=True))
    assert names_of(decoded) == ["new"]
    assert decoded.repairs == ("resourceSpans[0]: instrumentationLibrarySpans ignored beside scopeSpans",)


def test_ids_of_any_length_are_carried_through():
    odd = Span(trace_id=b"\1" * 3, span_id=b"", parent_span_id=bytes(8), name="odd").SerializeToString()
    [found] = spans_of(decode(request(odd)))
    assert (found.trace_id, found.span_id, found.parent_span_id) == (b"\1" * 3, b"", bytes(8))


def test_a_body_full_of_false_lists_takes_no_longer_than_an_honest_one():
    """Each element hides the start of another list: to follow every one would take a step per pair of elements."""
    elements = 100_000
    hidden = b"\x12\xff\xff\xff\x09\x2a\xff\xff\xff\x09"
    text = (length_delimited(1, hidden)) * elements
    body = request_of_any_size(
        Span(
            trace_id=b"\1" * 16,
            span_id=b"\2" * 8,
            trace_state="",
            attributes=[{"key": "k", "value": {"bytes_value": hidden + text}}],
        )
    )
    started = time.process_time()
    assert len(spans_of(decode(body))) == 1
    assert time.process_time() - started < 5  # all pairs would take an hour


def request_of_any_size(whole_span):
    return TracesData(resource_spans=[{"scope_spans": [{"spans": [whole_span]}]}]).SerializeToString()


@pytest.mark.parametrize(
    "empty", [AnyValue(array_value={"values": [{}]}), AnyValue(kvlist_value={"values": [{"value": {}}]})]
)
def test_an_empty_value_counts_as_a_level_too(empty):
    too_deep = span("deep", attributes=[{"key": "k", "value": AnyValue(array_value={"values": [empty]})}])
    assert names_of(decode(request(too_deep), max_depth=2)) == []
    assert names_of(decode(request(too_deep), max_depth=3)) == ["deep"]


def test_keys_without_values_nest_nothing():
    keys = AnyValue(kvlist_value={"values": [{"key": "a"}, {}, {"key": "b"}]})
    fits = span("fits", attributes=[{"key": "k", "value": keys}])
    assert names_of(decode(request(fits), max_depth=1)) == ["fits"]


@given(traces(), st.integers(1, 4))
def test_exactly_the_spans_that_nest_too_deep_are_rejected(message, max_depth):
    sent = [s for rs in message.resource_spans for ss in rs.scope_spans for s in ss.spans]
    shallow = [each for each in sent if depth_of_span(each) <= max_depth]
    decoded = decode(protobuf.encode(message), max_depth)
    assert [protobuf.encode(each) for each in spans_of(decoded)] == [protobuf.encode(each) for each in shallow]
    assert len(decoded.rejections) == len(sent) - len(shallow)


def depth_of_span(each):
    holders = [each, *each.events, *each.links]
    return max((depth_of(kv) for holder in holders for kv in holder.attributes), default=0)


def depth_of(kv):
    return depth_of_value(kv.value) if kv.HasField("value") else 0


def depth_of_value(value):
    if value.WhichOneof("value") == "array_value":
        return 1 + max(map(depth_of_value, value.array_value.values), default=0)
    if value.WhichOneof("value") == "kvlist_value":
        return 1 + max(map(depth_of, value.kvlist_value.values), default=0)
    return 1
