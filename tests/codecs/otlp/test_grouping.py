"""One post told apart by trace."""

import pytest
from hypothesis import given

from chalicelib.codecs.otlp.decoded import Rejection
from chalicelib.codecs.otlp.grouping import Grouped, group
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.model.errors import PayloadTooLarge
from tests.codecs.otlp.actors import (
    OTHER_TRACE,
    TRACE,
    attributes,
    message,
    messages,
    sent_by,
    span,
    span_id,
    told,
)

ROOMY = 256 * 1024


def payloads(grouped: Grouped) -> list[TracesData]:
    return [TracesData.FromString(block.payload) for block in grouped.blocks]


def test_each_trace_becomes_one_block_with_its_spans_in_the_order_sent():
    sent = message(sent_by("cart", span(3), span(1, OTHER_TRACE), span(2)), sent_by("stock", span(4)))
    grouped = group([sent], ROOMY)
    assert [(block.trace_id, block.span_count) for block in grouped.blocks] == [
        (TRACE.hex(), 3),
        (OTHER_TRACE.hex(), 1),
    ]
    assert payloads(grouped) == [
        message(sent_by("cart", span(3), span(2)), sent_by("stock", span(4))),
        message(sent_by("cart", span(1, OTHER_TRACE))),
    ]


def test_an_empty_message_makes_no_blocks():
    assert group([message()], ROOMY) == Grouped(blocks=(), received=0)
    assert group([message(sent_by("cart"))], ROOMY) == Grouped(blocks=(), received=0)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (span(1, b""), "trace id '' has 0 bytes, not 16"),
        (span(1, b"\xab" * 15), "trace id 'ababababababababababababababab' has 15 bytes, not 16"),
        (span(1, bytes(16)), "the trace id of span '0000000000000001' is all zero"),
        (span(span_id=b""), "span id '' has 0 bytes, not 8"),
        (span(span_id=bytes(8)), "a span id in trace '5b8efff798038103d269b633813fc60c' is all zero"),
        (span(1, b"\xab" * 1000), f"trace id '{'ab' * 32}' has 1000 bytes, not 16"),
    ],
)
def test_a_span_with_a_bad_id_is_rejected_alone(bad, reason):
    grouped = group([message(sent_by("cart", span(7), bad, span(8)))], ROOMY)
    assert grouped.rejections == (Rejection(reason),)
    assert grouped.received == 3
    assert payloads(grouped) == [message(sent_by("cart", span(7), span(8)))]


def test_a_trace_of_which_every_span_is_bad_makes_no_block():
    assert group([message(sent_by("cart", span(span_id=bytes(8))))], ROOMY).blocks == ()


@pytest.mark.parametrize("parent", [bytes(8), b"\x01\x02\x03", b""])
def test_a_parent_id_is_kept_as_sent_whatever_it_is(parent):
    sent = message(sent_by("cart", span(parent_span_id=parent)))
    assert payloads(group([sent], ROOMY)) == [sent]


def test_an_exact_repeat_is_kept_once_and_counted():
    sent = message(sent_by("cart", span(1), span(2), span(1)), sent_by("cart", span(2)))
    grouped = group([sent], ROOMY)
    assert payloads(grouped) == [message(sent_by("cart", span(1), span(2)))]
    assert (grouped.received, grouped.duplicate) == (4, 2)


def test_the_same_span_id_with_other_content_or_from_elsewhere_is_kept():
    sent = message(sent_by("cart", span(1), span(1, name="closed")), sent_by("stock", span(1)))
    grouped = group([sent], ROOMY)
    assert payloads(grouped) == [sent]
    assert grouped.duplicate == 0


def test_what_a_newer_protocol_says_beside_spans_and_resources_is_kept():
    sent = sent_by("cart", span(1), span(2))
    newer = type(sent).FromString(sent.SerializeToString() + b"\xa2\x06\x03new")
    newer.scope_spans[0].MergeFromString(b"\xa2\x06\x05newer")
    [block] = group([message(newer)], ROOMY).blocks
    assert b"\xa2\x06\x03new" in block.payload
    assert block.payload.count(b"\xa2\x06\x05newer") == 1
    assert told(TracesData.FromString(block.payload)) == told(message(sent))


def test_a_group_past_the_limit_is_split_and_every_part_fits_and_names_its_resource():
    sent = message(
        sent_by("cart", *(span(number, name="x" * 100) for number in range(1, 200))),
        sent_by("stock", *(span(number, name="y" * 300) for number in range(200, 300))),
    )
    grouped = group([sent], 5000)
    assert len(grouped.blocks) > 10
    assert all(len(block.payload) <= 5000 for block in grouped.blocks)
    assert sum(block.span_count for block in grouped.blocks) == 299
    assert told(*payloads(grouped)) == told(sent)
    assert grouped.cuts == 0


def test_splitting_fills_each_part():
    sent = message(sent_by("cart", *(span(number, name="x" * 100) for number in range(1, 200))))
    sizes = [len(block.payload) for block in group([sent], 5000).blocks]
    assert min(sizes[:-1]) > 4600


def test_a_span_too_big_for_any_item_is_cut_and_the_others_are_not_touched():
    big = span(2)
    big.attributes.extend(attributes(body="x" * 500_000, kind="order"))
    grouped = group([message(sent_by("cart", span(1), big, span(3)))], ROOMY)
    assert grouped.cuts == 1
    assert [block.span_count for block in grouped.blocks] == [1, 1, 1]
    assert max(len(block.payload) for block in grouped.blocks) <= 360_000
    kept = [one for part in payloads(grouped) for one in part.resource_spans[0].scope_spans[0].spans]
    assert kept[0] == span(1)
    assert kept[2] == span(3)
    assert kept[1].span_id == span_id(2)


def test_a_span_between_the_two_limits_has_a_block_of_its_own_and_is_not_cut():
    big = span(2, name="x" * 300_000)
    grouped = group([message(sent_by("cart", span(1), big))], ROOMY)
    assert [len(block.payload) > ROOMY for block in grouped.blocks] == [False, True]
    assert grouped.cuts == 0


def test_a_huge_resource_is_cut_once_for_the_post_and_says_so():
    sent = sent_by("cart", span(1), span(1, OTHER_TRACE))
    sent.resource.attributes.extend(attributes(environment="x" * 200_000))
    grouped = group([message(sent)], ROOMY)
    assert grouped.cuts == 1
    for part in payloads(grouped):
        kept = {pair.key: pair.value for pair in part.resource_spans[0].resource.attributes}
        assert kept["service.name"].string_value == "cart"
        assert [one.string_value for one in kept["spanfold.cut"].array_value.values] == [
            "resource/attributes/environment: 200000"
        ]


def test_a_post_whose_blocks_would_not_fit_in_memory_is_too_large():
    """A small body can ask for this: thousands of traces under one big resource."""
    sent = sent_by("cart", *(span(1, number.to_bytes(16, "big")) for number in range(1, 2500)))
    sent.resource.attributes.extend(attributes(environment="x" * 60_000))
    with pytest.raises(PayloadTooLarge, match="send fewer traces"):
        group([message(sent)], ROOMY)


def test_a_post_of_too_many_traces_is_too_large_before_they_are_grouped():
    sent = sent_by("cart", *(span(1, number.to_bytes(16, "big")) for number in range(1, 52_000)))
    with pytest.raises(PayloadTooLarge):
        group([message(sent)], ROOMY)


@given(messages)
def test_nothing_is_lost_and_nothing_is_invented(sent):
    grouped = group([sent], ROOMY)
    assert set(told(*payloads(grouped))) == set(told(sent))
    assert set(told(*payloads(grouped)).values()) <= {1}
    assert grouped.received == grouped.duplicate + sum(block.span_count for block in grouped.blocks)
    assert {block.trace_id for block in grouped.blocks} == {bytes(one[4][2:18]).hex() for one in told(sent)}


@given(messages)
def test_the_same_message_makes_the_same_blocks(sent):
    again = TracesData.FromString(sent.SerializeToString())
    assert group([sent], ROOMY) == group([again], ROOMY)
    assert group([sent], 100) == group([again], 100)


@given(messages)
def test_grouping_leaves_the_message_as_it_was(sent):
    before = sent.SerializeToString()
    group([sent], 100)
    assert sent.SerializeToString() == before
