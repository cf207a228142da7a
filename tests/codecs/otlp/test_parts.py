"""Large bodies are read in parts, and what is kept of them is what would have been kept of the whole."""

import pytest

from chalicelib.codecs.otlp import json, protobuf
from chalicelib.codecs.otlp.framing import delimited
from chalicelib.codecs.otlp.grouping import group
from chalicelib.codecs.otlp.messages import DEPRECATED_SCOPE_SPANS, TracesData
from chalicelib.codecs.otlp.parts import MAX_PIECES, MAX_SPANS, PART_BYTES
from chalicelib.model.errors import PayloadError, PayloadTooLarge
from tests.codecs.otlp.actors import attributes, message, sent_by, span

DEPTH = 32
FORMS = {"protobuf": (protobuf, protobuf.encode), "json": (json, json.encode)}
LONG = attributes(text="x" * 1000)


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


def several(first: int, count: int) -> list:
    return [span(number, attributes=LONG) for number in range(first, first + count)]


def kept(parts):
    return group([part.message for part in parts], 256 * 1024)


BODIES = {
    "many resources": message(*(sent_by(f"service-{n}", *several(20 * n + 1, 20)) for n in range(150))),
    "one scope": message(sent_by("cart", *several(1, 3000))),
    "small before large before small": message(
        sent_by("a", *several(1, 5)), sent_by("b", *several(10, 2500)), sent_by("c", *several(5000, 5))
    ),
    "a value larger than a part": message(
        sent_by("cart", span(1), span(2, attributes=attributes(text="x" * 3 * PART_BYTES)), span(3))
    ),
}


@pytest.mark.parametrize("sent", BODIES.values(), ids=BODIES)
def test_a_body_read_in_parts_makes_the_same_blocks_as_one_read_whole(form, sent: TracesData):
    codec, encode = form
    body = encode(sent)
    parts = list(codec.decode_in_parts(body, DEPTH))
    assert len(parts) > 1
    assert kept(parts) == kept([codec.decode(body, DEPTH)])


def test_a_body_of_ordinary_size_is_one_part(form):
    codec, encode = form
    body = encode(message(sent_by("cart", *several(1, 500))))
    assert list(codec.decode_in_parts(body, DEPTH)) == [codec.decode(body, DEPTH)]


def test_the_parts_of_a_body_are_about_as_large_as_they_may_be(form):
    codec, encode = form
    body = encode(BODIES["one scope"])
    assert len(list(codec.decode_in_parts(body, DEPTH))) <= len(body) // PART_BYTES + 1


def test_the_old_name_of_scope_spans_is_understood_in_parts_too():
    [scope_spans] = BODIES["one scope"].resource_spans[0].scope_spans
    old = delimited(1, delimited(DEPRECATED_SCOPE_SPANS, scope_spans.SerializeToString()))
    new = delimited(1, delimited(2, scope_spans.SerializeToString()))
    parts = list(protobuf.decode_in_parts(old, DEPTH))
    assert len(parts) > 1
    assert kept(parts) == kept(protobuf.decode_in_parts(new, DEPTH))


def test_a_span_that_cannot_be_read_is_rejected_alone_and_says_in_which_part_it_was():
    sent = BODIES["one scope"].SerializeToString().replace(b"\x2a\x04work", b"\x2a\x04w\xffrk")
    broken = delimited(1, delimited(2, delimited(2, b"\x0a\xff")))
    parts = list(protobuf.decode_in_parts(sent + broken, DEPTH))
    [rejection] = [rejection for part in parts for rejection in part.rejections]
    assert rejection.reason.startswith(f"part {len(parts)}: resourceSpans[")
    assert kept(parts).received == 3000


def test_a_large_body_that_ends_too_soon_is_a_payload_error(form):
    codec, encode = form
    with pytest.raises(PayloadError, match=r"^not "):
        list(codec.decode_in_parts(encode(BODIES["one scope"])[:-100], DEPTH))


@pytest.mark.parametrize("around", [(), (1,), (1, 2)], ids=["resources", "scopes", "spans"])
def test_more_resources_scopes_and_spans_than_a_body_can_honestly_hold_are_too_large(around: tuple[int, ...]):
    body = delimited(2 if around else 1, b"") * (MAX_SPANS + PART_BYTES)
    for number in reversed(around):
        body = delimited(number, body)
    with pytest.raises(PayloadTooLarge, match=f"more than {MAX_SPANS} spans"):
        list(protobuf.decode_in_parts(body, DEPTH))


def test_more_empty_spans_than_that_are_too_large_in_a_body_of_one_part():
    body = delimited(1, delimited(2, delimited(2, b"") * (MAX_SPANS + 1)))
    with pytest.raises(PayloadTooLarge, match=f"more than {MAX_SPANS} spans"):
        kept(protobuf.decode_in_parts(body, DEPTH))


@pytest.mark.parametrize("empty", [b"", delimited(2, b"")], ids=["resources", "scopes"])
def test_more_empty_resources_or_scopes_than_that_are_too_large_however_they_are_dealt_out(empty: bytes):
    """Each costs a few microseconds though it holds no span: ten million would outlast the gateway."""
    one_part = delimited(1, empty) if not empty else delimited(1, empty * 1000)
    body = one_part * (PART_BYTES // len(one_part))
    several = (one for _ in range(3) for one in protobuf.decode_in_parts(body, DEPTH))
    with pytest.raises(PayloadTooLarge, match=f"more than {MAX_SPANS} spans, scopes"):
        kept(several)


def test_more_values_in_one_span_than_a_sender_makes_are_too_large():
    dense = delimited(9, b"") * (PART_BYTES // 2 + 10)
    with pytest.raises(PayloadTooLarge, match=f"more than {MAX_PIECES} values in one Span"):
        list(protobuf.decode_in_parts(delimited(1, delimited(2, delimited(2, dense))), DEPTH))
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[%s{}]}]}]}]}' % (b"{}," * (MAX_PIECES * 2))
    with pytest.raises(PayloadTooLarge, match=f"more than {MAX_PIECES} values in one span"):
        list(json.decode_in_parts(body, DEPTH))


def test_commas_and_brackets_in_a_long_text_are_not_values():
    """A prompt, a table or a document in an attribute: large, and one value."""
    text = b'{\\"a\\": [1,2,3,4,5,6,7,8]},\\\\' * (PART_BYTES // 16)
    span = b'{"traceId":"%s","spanId":"%s","attributes":[{"key":"t","value":{"stringValue":"%s"}}]}'
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}' % (span % (b"1" * 32, b"2" * 16, text))
    [part] = json.decode_in_parts(body, DEPTH)
    [sent] = part.message.resource_spans[0].scope_spans[0].spans
    assert sent.attributes[0].value.string_value == '{"a": [1,2,3,4,5,6,7,8]},\\' * (PART_BYTES // 16)


def test_a_large_body_that_ends_within_a_text_is_a_payload_error_and_quickly():
    for end in (b'"', b'"\\', b'"x\\"'):
        with pytest.raises(PayloadError):
            list(json.decode_in_parts(b'{"resourceSpans":[' + b'"\\",{' * PART_BYTES + end, DEPTH))


@pytest.mark.parametrize("wrong", [b"7", b'"x"', b"{}", b"[7]"])
def test_json_of_the_wrong_kind_is_a_payload_error_in_a_large_body_too(wrong: bytes):
    body = b'{"x":"%s","resourceSpans":[{"scopeSpans":%s}]}' % (b"x" * 2 * PART_BYTES, wrong)
    with pytest.raises(PayloadError, match="not an OTLP JSON request"):
        list(json.decode_in_parts(body, DEPTH))


def test_json_members_that_nobody_knows_cost_nothing():
    body = b'{"x":"%s"}' % (b"x" * 2 * PART_BYTES)
    assert [part.message for part in json.decode_in_parts(body, DEPTH)] == [TracesData()]
