import contextlib
import gzip
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.codecs.carried import Limits, read_carried
from chalicelib.codecs.otlp import json as otlp_json
from chalicelib.codecs.otlp import protobuf
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.model.errors import PayloadError
from tests.codecs.otlp.actors import message, sent_by, span
from tests.function_lines import REQUEST, TIMED_OUT, end, made, start
from tests.functions.events import delivered, subscription

LIMITS = Limits(1 << 20, 32)
OTLP = message(sent_by("checkout", span(name="work")))


def names(payload: bytes) -> list[str]:
    carried = read_carried(payload, LIMITS)
    return [span.name for post in carried.posts for span in to_spans(post.message)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (protobuf.encode(OTLP), ["work"]),
        (otlp_json.encode(OTLP), ["work"]),
        (end().encode(), ["checkout"]),
        (f"{end()}\n{end(made('other'))}\n\n".encode(), ["checkout", "other"]),
        (json.dumps(subscription("user's own", end(), start(), "{}", TIMED_OUT)).encode(), ["checkout"]),
        (json.dumps(subscription(messageType="CONTROL_MESSAGE")).encode(), []),
    ],
    ids=["protobuf", "json", "line", "lines", "log", "control"],
)
def test_what_is_carried_is_told_by_its_look(payload, expected, pack):
    assert names(pack(payload)) == expected


def test_a_protobuf_whose_second_byte_is_a_brace_is_no_json():
    fields = {"name": ""}
    for length in range(200):
        fields["name"] = "x" * length
        payload = protobuf.encode(message(sent_by("checkout", span(**fields))))
        if payload[:2] == b"\n{":
            assert names(payload) == [fields["name"]]
            return
    pytest.fail("no name gives that length")


def test_a_log_tells_of_what_it_leaves_unfinished_and_where():
    carried = read_carried(delivered(subscription(start(), "hello")), LIMITS)
    assert (carried.log_group, carried.log_stream) == ("/aws/lambda/checkout", "2026/01/01/[$LATEST]8a1c")
    assert [one.request_id for one in carried.unfinished] == [REQUEST]


def test_a_line_that_bears_our_marker_and_cannot_be_read_is_told_of_and_the_others_are_read():
    delivery = subscription(end(), end()[:100], '{"__spanfold":2}', "mine", end(made("other")))
    carried = read_carried(delivered(delivery), LIMITS)
    assert [span.name for post in carried.posts for span in to_spans(post.message)] == ["checkout", "other"]
    assert [line.name for line in carried.unreadable] == [event["id"] for event in delivery["logEvents"][1:3]]
    first = carried.unreadable[0]
    assert first.reason.startswith("not a line of spans")
    assert first.place["log_group"] == "/aws/lambda/checkout"
    assert first.content == end()[:100].encode()


def test_a_line_that_was_cut_into_pieces_is_read():
    line = end(made("joined"))
    carried = read_carried(delivered(subscription("a", line[:80] + "\n", line[80:200], line[200:], "b")), LIMITS)
    assert [span.name for post in carried.posts for span in to_spans(post.message)] == ["joined"]
    assert carried.unreadable == ()


def test_of_several_lines_in_one_payload_those_that_can_be_read_are():
    carried = read_carried(f"{end()}\nnot ours\n{{}}".encode(), LIMITS)
    assert len(carried.posts) == 1
    assert [(line.name, line.content) for line in carried.unreadable] == [("2", b"not ours"), ("3", b"{}")]


@pytest.mark.parametrize(
    "payload",
    [
        b"hello",
        b"{}",
        b'{"__spanfold":1}',
        b"{\n}",
        b"{" * 10_000,
        b"\x1f\x8b broken",
        gzip.compress(b"{" + b" " * (1 << 20)),
        b"\xf3\x89\x9a\xc2 aggregated",
        b'{"messageType":"DATA_MESSAGE","logEvents":[{"id":1}]}',
        b'{"messageType":1,"logEvents":[]}',
    ],
)
def test_what_is_nothing_of_all_this_is_an_error_of_its_sender(payload):
    with pytest.raises(PayloadError):
        read_carried(payload, LIMITS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["__spanfold", "__otel_otlp_stdout", "kind", "messageType", "logEvents", "resourceSpans", "spans"]
)


@given(st.dictionaries(KEYS, JSON, max_size=5).map(json.dumps).map(str.encode) | st.binary(max_size=200))
@example(b'{"messageType": "DATA_MESSAGE", "logEvents": []}')
def test_any_payload_is_read_or_refused_and_nothing_else(payload):
    with contextlib.suppress(PayloadError):
        read_carried(payload, LIMITS)


@given(st.lists(JSON.map(json.dumps) | st.text(max_size=60).map('{"__spanfold":'.__add__), max_size=6))
def test_no_line_of_a_log_keeps_the_others_from_being_read(messages):
    carried = read_carried(delivered(subscription(*messages, end())), LIMITS)
    assert len(carried.posts) == 1
