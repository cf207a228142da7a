"""What a Thrift Batch is read as, in both protocols, and how it is refused."""

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.codecs import thrift
from chalicelib.codecs.jaeger import batch
from chalicelib.codecs.jaeger.span import Process, Reference, Tag
from chalicelib.codecs.thrift.writer import write_binary, write_compact
from chalicelib.model.errors import PayloadError
from tests.codecs.jaeger.strategies import as_batch, as_tag, jaeger_spans

WRITERS = [write_binary, write_compact]
T_US = 1_700_000_000_000_000
TAGS = (Tag("s", "x"), Tag("d", 1.5), Tag("b", True), Tag("l", -(1 << 63)), Tag("raw", b"\xff"))
SPAN = {"trace_id_low": 1, "span_id": 2, "start_time": T_US}
SHOP = {"service_name": "shop"}


def read(*spans, process=SHOP, write=write_binary):
    return batch.read(write(batch.BATCH, {"process": process, "spans": list(spans)}))


def refusal(*spans):
    with pytest.raises(PayloadError) as caught:
        read(*spans)
    return caught.value.detail


@pytest.mark.parametrize("write", WRITERS)
@settings(deadline=None)
@given(span=jaeger_spans())
def test_what_is_written_is_read(write, span):
    assert batch.read(write(batch.BATCH, as_batch([span]))) == [span]


@pytest.mark.parametrize("write", WRITERS)
def test_a_value_is_chosen_by_its_type_whatever_other_fields_hold(write):
    """jaeger-client-node writes every field of a tag."""
    [span] = read(SPAN | {"tags": [as_tag(tag, every_field=True) for tag in TAGS]}, write=write)
    assert span.tags == TAGS


def test_a_value_that_is_left_out_is_the_zero_of_its_type():
    [span] = read(SPAN | {"tags": [{"key": "k", "v_type": number} for number in range(5)]})
    assert [(type(tag.value), tag.value) for tag in span.tags] == [
        (str, ""), (float, 0.0), (bool, False), (int, 0), (bytes, b""),
    ]  # fmt: skip


def test_ids_are_unsigned():
    [span] = read(SPAN | {"trace_id_low": -1, "trace_id_high": -2, "span_id": -3, "parent_span_id": -4})
    assert (span.trace_id, span.span_id) == ("f" * 15 + "e" + "f" * 16, "f" * 15 + "d")
    assert span.references == (Reference("CHILD_OF", span.trace_id, "f" * 15 + "c"),)


def test_a_parent_that_is_referred_to_as_well_is_one_reference():
    told = {"ref_type": 0, "trace_id_low": 1, "trace_id_high": 0, "span_id": 9}
    [span] = read(SPAN | {"parent_span_id": 9, "references": [told]})
    assert span.references == (Reference("CHILD_OF", "1".zfill(32), "9".zfill(16)),)


def test_a_batch_without_spans_is_none():
    assert read() == batch.read(write_compact(batch.BATCH, {"process": SHOP})) == []


def test_what_a_newer_sender_adds_is_passed_over():
    body = write_binary(batch.BATCH, {"process": SHOP, "spans": [SPAN]})
    with_seq_no = body[:-1] + b"\x0a\x00\x03" + bytes(8) + b"\x0c\x00\x04\x0a\x00\x01" + bytes(8) + b"\x00\x00"
    assert batch.read(with_seq_no) == batch.read(body)


def test_the_process_is_that_of_every_span():
    tags = [{"key": "ip", "v_type": 0, "v_str": "10.0.0.1"}]
    first, second = read(SPAN, SPAN | {"span_id": 3}, process=SHOP | {"tags": tags})
    assert first.process is second.process
    assert first.process == Process("shop", (Tag("ip", "10.0.0.1"),))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"trace_id_low": 0}, "span 1: its trace id is all zeros"),
        ({"span_id": 0}, "span 1: its span id is all zeros"),
        ({"start_time": -1}, "span 1: -1 is not a number of microseconds that a clock can show"),
        ({"duration": (1 << 63) - 1}, "is not a number of microseconds"),
        ({"logs": [{"timestamp": -5}]}, "span 1: -5 is not"),
        ({"tags": [{"key": "k", "v_type": 5}]}, "span 1: tag 'k' has a value of type 5, which there is not"),
        ({"references": [{"ref_type": 2, "trace_id_low": 1, "span_id": 1}]}, "span 1: 2 is no type of a reference"),
    ],
)
def test_a_span_that_cannot_be_fails_its_batch_in_words_that_name_it(fields, said):
    assert said in refusal(SPAN, SPAN | fields)


@pytest.mark.parametrize("write", WRITERS)
@settings(max_examples=15, deadline=None)
@given(span=jaeger_spans())
def test_a_body_that_ends_early_is_a_payload_error_whichever_byte_is_missing(write, span):
    body = write(batch.BATCH, as_batch([span]))
    for size in range(len(body)):
        with pytest.raises(PayloadError):
            batch.read(body[:size])


@settings(deadline=None)
@given(body=st.one_of(st.binary(max_size=80), st.binary(max_size=60).map(lambda rest: b"\x0c\0\1\x0b\0\1" + rest)))
def test_any_body_is_read_or_a_payload_error(body):
    with suppress(PayloadError):
        batch.read(body)


@pytest.mark.parametrize("write", WRITERS)
@settings(deadline=None)
@given(span=jaeger_spans(), place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_byte_that_was_changed_is_read_as_another_batch_or_a_payload_error(write, span, place, byte):
    body = bytearray(write(batch.BATCH, as_batch([span])))
    body[place % len(body)] = byte
    with suppress(PayloadError):
        batch.read(bytes(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\x0c\x00\x01\x00\x00",
        b"\x0b\x00\x01\x00\x00\x00\x00\x00",
        b"\x0f\x00\x02\x0c\x7f\xff\xff\xff",
        b"\x0f\x00\x02\x0c\xff\xff\xff\xff",
        b"\x0f\x00\x02\x0b\x00\x00\x00\x01\x00\x00\x00\x00\x00",
        b"\x0c\x00\x63" * 100,
        b"\x1c\x1c" * 100,
        b"\x1c\x18\xff\xff\xff\xff\x0f",
        b'{"process": {}}',
    ],
)
def test_hostile_bodies_are_payload_errors(body):
    with pytest.raises(PayloadError):
        batch.read(body)


@pytest.mark.parametrize("write", WRITERS)
def test_reading_takes_no_more_than_the_stated_multiple_of_the_body(write):
    small = {"key": "", "v_type": 2}
    body = write(batch.BATCH, {"process": {"service_name": ""}, "spans": [SPAN | {"tags": [small] * 20_000}]})
    tracemalloc.start()
    with suppress(PayloadError):
        batch.read(body)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < thrift.MEMORY_MULTIPLE * len(body)
