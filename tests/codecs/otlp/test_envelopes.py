"""Messages put together from serialised parts."""

import pytest
from hypothesis import given, settings

from chalicelib.codecs.otlp.envelopes import Section, resource_envelope, scope_envelope, traces_data
from chalicelib.codecs.otlp.messages import AnyValue, TracesData
from chalicelib.codecs.otlp.varints import write_varint
from tests.codecs.otlp.actors import message, messages, sent_by, span, told


def parts_of(sent: TracesData) -> list[tuple[Section, list[bytes]]]:
    return [
        (
            Section(resource_envelope(resource_spans), scope_envelope(scope_spans)),
            [span.SerializeToString() for span in scope_spans.spans],
        )
        for resource_spans in sent.resource_spans
        for scope_spans in resource_spans.scope_spans
    ]


@given(messages)
@settings(deadline=None)
def test_parts_put_together_say_what_the_whole_said(sent):
    assert told(TracesData.FromString(traces_data(parts_of(sent)))) == told(sent)


def test_nothing_put_together_is_an_empty_message():
    assert traces_data([]) == b""


def test_neighbours_of_one_resource_are_under_it_together():
    sent = message(sent_by("cart", span(1)), sent_by("cart", span(2)), sent_by("stock", span(3)))
    put = TracesData.FromString(traces_data(parts_of(sent)))
    assert [len(resource_spans.scope_spans) for resource_spans in put.resource_spans] == [2, 1]


def test_an_absent_resource_stays_absent_and_an_empty_one_empty():
    sent = message(sent_by("cart", span(1)), sent_by("cart", span(2)))
    sent.resource_spans[0].ClearField("resource")
    sent.resource_spans[1].resource.Clear()
    put = TracesData.FromString(traces_data(parts_of(sent)))
    assert [resource_spans.HasField("resource") for resource_spans in put.resource_spans] == [False, True]


@pytest.mark.parametrize("size", [0, 90, 91, 127, 128, 16_200, 16_383, 16_384, 70_000, 2_100_000])
def test_spans_of_every_size_are_framed_right(size):
    sent = message(sent_by("cart", span(1, name="x" * size), span(2)))
    assert TracesData.FromString(traces_data(parts_of(sent))) == sent


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**14 - 1, 2**14, 2**35, 2**63 - 1])
def test_numbers_are_written_as_protobuf_writes_them(number):
    assert b"\x18" + write_varint(number) == AnyValue(int_value=number).SerializeToString()
