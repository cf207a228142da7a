import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.codecs.function_lines.line import Spans, Start
from chalicelib.codecs.function_lines.reading import read
from chalicelib.codecs.otlp import protobuf
from chalicelib.codecs.otlp.spans import from_spans, to_spans
from chalicelib.tracing.exporters import lines
from chalicelib.tracing.span import Event
from tests.tracing.exporters.recorded import ATTRIBUTES, RESOURCE, TEXT, any_spans, as_models, batch, span, spans

BATCH_ID = "00c0ffee00c0ffee"


def read_all(written):
    found = [read(line) for line in written]
    assert all(isinstance(line, Spans) for line in found)
    return [span for line in found for span in to_spans(line.decoded.message)]


@settings(max_examples=60, deadline=None)
@given(
    recorded=st.lists(any_spans(), min_size=1, max_size=4),
    resource=ATTRIBUTES,
    request_id=TEXT,
    is_last=st.booleans(),
)
def test_the_backend_reads_every_field_as_it_was_recorded(recorded, resource, request_id, is_last):
    given_batch = batch(*recorded, resource=resource, request_id=request_id, is_last=is_last)
    [line] = lines.write(given_batch, BATCH_ID).lines
    said = read(line)
    expected = protobuf.encode(from_spans(as_models(recorded, resource)))
    assert protobuf.encode(said.decoded.message) == expected
    assert (said.decoded.rejections, said.decoded.repairs) == ((), ())
    assert (said.request_id, said.is_last, said.part, said.batch) == (request_id, is_last, (1, 1), BATCH_ID)


@settings(max_examples=30, deadline=None)
@given(recorded=any_spans())
def test_a_start_line_holds_the_one_open_span(recorded):
    recorded.end_ns = 0
    [line] = lines.write(batch(recorded, is_last=False), BATCH_ID, kind="start").lines
    said = read(line)
    assert isinstance(said, Start)
    assert (said.request_id, said.batch, said.span.end_ns) == ("8f5e0c1e", BATCH_ID, 0)
    expected = protobuf.encode(from_spans(as_models([recorded], RESOURCE)))
    assert protobuf.encode(from_spans([said.span])) == expected


def test_a_line_begins_with_what_finds_it_in_a_log():
    [line] = lines.write(batch(span()), BATCH_ID).lines
    keys = ["__spanfold", "kind", "batch", "part", "request", "trace", "last", "resource", "spans"]
    assert list(json.loads(line)) == keys
    assert line.startswith(
        '{"__spanfold":1,"kind":"spans","batch":"00c0ffee00c0ffee","part":[1,1],"request":"8f5e0c1e"'
    )


def test_what_stands_at_its_default_at_the_end_of_a_span_is_left_out():
    [line] = lines.write(batch(span()), BATCH_ID).lines
    [row] = json.loads(line)["spans"]
    assert row == ["0" * 15 + "1", "", "GET /orders", 1, 1767268800000000000, 1000000, 0, "", {}, [], [], 0x101]


@pytest.mark.parametrize(("count", "member"), [(1, "spans"), (2, "zlib"), (100, "zlib")])
def test_one_span_is_left_readable_and_more_are_packed(count, member):
    [line] = lines.write(batch(*spans(count)), BATCH_ID).lines
    assert member in json.loads(line)


def test_a_packed_line_still_names_its_trace_and_request():
    [line] = lines.write(batch(*spans(20)), BATCH_ID).lines
    said = json.loads(line)
    assert (said["trace"], said["request"]) == ("0af7651916cd43dd8448eb211c80319c", "8f5e0c1e")
    assert len(line) < 2000


def test_no_spans_are_no_lines():
    assert lines.write(batch(), BATCH_ID).lines == []


def test_many_spans_are_numbered_lines_of_whole_spans_in_order():
    chance = random.Random(4)
    recorded = spans(900)
    for one in recorded:
        one.attributes["payload"] = chance.randbytes(150).hex()
    written = lines.write(batch(*recorded, is_last=True), BATCH_ID).lines
    assert len(written) > 2
    assert max(map(len, written)) <= lines.MAX_LINE_BYTES
    assert [read(line).part for line in written] == [(n, len(written)) for n in range(1, len(written) + 1)]
    assert [one.span_id for one in read_all(written)] == [one.span_id for one in recorded]


def test_no_line_unpacks_to_more_than_a_reader_takes():
    recorded = spans(600)
    for one in recorded:
        one.attributes["payload"] = "x" * 3000
    written = lines.write(batch(*recorded), BATCH_ID).lines
    assert len(written) > 1
    assert len(read_all(written)) == 600


@pytest.mark.parametrize("limit_bytes", [60_000, 240_000])
def test_of_a_span_larger_than_a_line_the_longest_texts_are_cut_and_marked(limit_bytes):
    chance = random.Random(5)
    recorded = span(attributes={"body": chance.randbytes(200_000).hex(), "small": "stays" * 60})
    recorded.events.append(
        Event(recorded.start_ns, "exception", {"exception.stacktrace": chance.randbytes(9000).hex()})
    )
    written = lines.write(batch(recorded), BATCH_ID, limit_bytes=limit_bytes)
    [line] = written.lines
    assert len(line) <= limit_bytes
    assert written.cut == 1
    [kept] = read_all([line])
    assert kept.attributes["spanfold.cut"] == ["body: 400000"]
    assert kept.attributes["small"] == "stays" * 60
    assert len(kept.events[0].attributes["exception.stacktrace"]) == 18_000
    assert recorded.attributes["body"].startswith(kept.attributes["body"])
    assert len(kept.attributes["body"]) > limit_bytes * 0.4
    assert len(recorded.attributes["body"]) == 400_000  # what was recorded stays as it is


def test_a_long_text_that_packs_well_is_not_cut():
    written = lines.write(batch(span(attributes={"body": "abc" * 100_000})), BATCH_ID)
    [line] = written.lines
    assert (len(line) < 5000, written.cut) == (True, 0)
    [kept] = read_all([line])
    assert len(kept.attributes["body"]) == 300_000


def test_text_of_any_language_is_cut_between_its_characters():
    chance = random.Random(6)
    text = "".join(chance.choices('語\U0001f600\n"é', k=60_000))
    [line] = lines.write(batch(span(attributes={"body": text})), BATCH_ID).lines
    assert len(line) <= lines.MAX_LINE_BYTES
    [kept] = read_all([line])
    assert text.startswith(kept.attributes["body"])
    assert len(kept.attributes["body"]) > 5000


def test_names_messages_lists_and_maps_are_cut_too():
    chance = random.Random(7)
    recorded = span(
        chance.randbytes(30_000).hex(),
        attributes={"list": [chance.randbytes(30_000).hex()] * 2, "map": {"m": {"k": "v" * 300}}},
    )
    recorded.status_message = chance.randbytes(40_000).hex()
    [line] = lines.write(batch(recorded), BATCH_ID).lines
    assert len(line) <= lines.MAX_LINE_BYTES
    [kept] = read_all([line])
    assert {mark.partition(":")[0] for mark in kept.attributes["spanfold.cut"]} >= {"list", "status_message"}


def test_of_too_many_small_things_the_last_are_dropped_and_counted():
    chance = random.Random(8)
    recorded = span()
    recorded.dropped_events = 3
    for number in range(2000):
        recorded.events.append(Event(recorded.start_ns + number, "retry", {"id": chance.randbytes(60).hex()}))
    written = lines.write(batch(recorded), BATCH_ID)
    [line] = written.lines
    assert len(line) <= lines.MAX_LINE_BYTES
    [kept] = read_all([line])
    assert 0 < len(kept.events) < 2000
    assert kept.dropped_events_count == 3 + 2000 - len(kept.events)
    assert written.cut == 2000 - len(kept.events)
    assert [one.time_ns for one in kept.events] == [recorded.start_ns + n for n in range(len(kept.events))]


def test_nothing_in_a_text_can_end_a_line_or_leave_ascii():
    [line] = lines.write(batch(span("a\nb\r\u2028\u0085\x00\U0001f600")), BATCH_ID).lines
    assert re.fullmatch(r"[ -~]+", line)
    [kept] = read_all([line])
    assert kept.name == "a\nb\r\u2028\u0085\x00\U0001f600"


@pytest.mark.parametrize("count", [1, 5])
def test_half_a_surrogate_pair_becomes_a_replacement_character(count):
    recorded = [span("bad \ud83d end", n, attributes={"\udc00": ["\udfff"]}) for n in range(1, count + 1)]
    [line] = lines.write(batch(*recorded), BATCH_ID).lines
    assert {(kept.name, str(kept.attributes)) for kept in read_all([line])} == {
        ("bad \ufffd end", "{'\ufffd': ['\ufffd']}")
    }


def test_a_resource_of_unreasonable_size_is_shortened():
    [line] = lines.write(batch(span(), resource={f"key.{n}": "x" * 1000 for n in range(100)}), BATCH_ID).lines
    assert len(line) < lines.MAX_RESOURCE_BYTES
    [kept] = read_all([line])
    assert kept.resource.attributes["key.0"] == "x" * 256


class Unprintable:
    def __str__(self):
        raise RuntimeError("never")


def test_a_span_that_cannot_be_written_does_not_take_the_others_with_it():
    good, bad = span("good", 1), span("bad", 2, attributes={"object": Unprintable()})
    written = lines.write(batch(bad, good), BATCH_ID)
    assert [one.name for one in read_all(written.lines)] == ["good"]
    assert (written.losses.count, written.losses.why) == (1, "RuntimeError: never")
