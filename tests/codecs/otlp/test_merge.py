"""Blocks put together again, whole and in pages."""

import gzip
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.codecs.otlp.grouping import group
from chalicelib.codecs.otlp.merge import POSITION_BYTES, Form, Merged, Page, chunks, merge, page, whole
from chalicelib.codecs.otlp.messages import TracesData
from tests.codecs.otlp.actors import NOON_NS, message, messages, sent_by, span, span_id, told

PROTOBUF = Form(TracesData.SerializeToString, 1.0)
TEXT = Form(lambda one: str(one).encode(), 0.2)  # a wild guess, far too low
GZIPPED = Form(lambda one: gzip.compress(one.SerializeToString(), mtime=0), 3.0)  # and one that is too high
ROOMY = 10**9


def blocks_of(*posts: TracesData) -> list[bytes]:
    return [block.payload for post in posts for block in group([post], 256 * 1024).blocks]


def pages(merged: Merged, budget_bytes: int, form: Form = PROTOBUF) -> list[Page]:
    found = [page(merged, None, budget_bytes, form)]
    while found[-1].position is not None:
        found.append(page(merged, found[-1].position, budget_bytes, form))
    return found


def span_numbers(one: TracesData) -> list[int]:
    return [
        int.from_bytes(span.span_id, "big")
        for resource_spans in one.resource_spans
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    ]


def test_no_blocks_are_an_empty_trace():
    assert whole(merge([])) == TracesData()
    assert pages(merge([]), 100) == [Page(message=TracesData(), body=b"", span_count=0, position=None)]


def test_resources_come_in_the_order_of_their_bytes_and_spans_in_the_order_they_started():
    late, early = span(1, start_time_unix_nano=NOON_NS + 9), span(2, start_time_unix_nano=NOON_NS)
    same_time = span(3, start_time_unix_nano=NOON_NS)
    merged = merge(blocks_of(message(sent_by("stock", late)), message(sent_by("cart", late, same_time, early))))
    assert whole(merged) == message(sent_by("cart", early, same_time, late), sent_by("stock", late))


def test_two_halves_of_one_service_become_one_resource():
    merged = merge(blocks_of(message(sent_by("cart", span(1))), message(sent_by("cart", span(2)))))
    assert whole(merged) == message(sent_by("cart", span(1), span(2)))


def test_two_scopes_of_one_service_share_its_resource():
    two = message(sent_by("cart", span(1), scope="boto"), sent_by("cart", span(2), scope="flask"))
    [resource_spans] = whole(merge(blocks_of(two))).resource_spans
    assert [scope_spans.scope.name for scope_spans in resource_spans.scope_spans] == ["boto", "flask"]


def test_an_exact_repeat_is_dropped_and_a_changed_span_is_not():
    posts = [message(sent_by("cart", span(1), span(2))), message(sent_by("cart", span(2), span(1, name="closed")))]
    assert sum(told(whole(merge(blocks_of(*posts)))).values()) == 3


def test_the_same_span_from_two_services_is_two_spans():
    merged = merge(blocks_of(message(sent_by("cart", span(1)), sent_by("stock", span(1)))))
    assert len(merged.entries) == 2


@given(st.lists(messages, max_size=3), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_any_order_of_arrival_and_any_repetition_gives_the_same_bytes(posts, chance):
    arrived = blocks_of(*posts)
    again = arrived + chance.choices(arrived, k=3) if arrived else []
    chance.shuffle(again)
    once, shuffled = merge(arrived), merge(again)
    assert whole(shuffled).SerializeToString() == whole(once).SerializeToString()
    assert pages(shuffled, 200) == pages(once, 200)


@given(st.lists(messages, max_size=3))
@settings(deadline=None)
def test_the_whole_is_what_was_sent_each_span_once(posts):
    assert told(whole(merge(blocks_of(*posts)))) == Counter(set(told(*posts)))


@given(st.lists(messages, max_size=3), st.integers(1, 3000), st.sampled_from([PROTOBUF, TEXT, GZIPPED]))
@settings(deadline=None)
def test_pages_together_are_the_whole_and_none_passes_the_budget(posts, budget_bytes, form):
    merged = merge(blocks_of(*posts))
    found = pages(merged, budget_bytes, form)
    assert told(*(one.message for one in found)) == told(whole(merged))
    for one in found:
        assert len(one.body) <= budget_bytes or one.span_count <= 1
        assert one.body == form.encode(one.message)
        assert one.span_count == sum(told(one.message).values())
        assert one.span_count > 0 or not merged.entries


@given(messages, messages, st.integers(1, 1000))
@settings(deadline=None)
def test_a_block_that_arrives_between_pages_repeats_nothing_and_hides_nothing(first, later, budget_bytes):
    begun = merge(blocks_of(first))
    grown = merge(blocks_of(first, later))
    opening = page(begun, None, budget_bytes, PROTOBUF)
    if opening.position is None:
        return
    rest, position = [], opening.position
    while position is not None:
        rest.append(page(grown, position, budget_bytes, PROTOBUF))
        position = rest[-1].position
    seen = told(opening.message, *(one.message for one in rest))
    assert set(seen.values()) == {1}
    assert set(told(whole(begun))) <= set(seen) <= set(told(whole(grown)))


def test_a_span_that_starts_after_the_last_page_is_on_the_next_one():
    first = [sent_by("cart", span(1), span(3))]
    opening = page(merge(blocks_of(message(*first))), None, 1, PROTOBUF)
    grown = merge(blocks_of(message(*first), message(sent_by("a", span(2)))))
    assert span_numbers(page(grown, opening.position, ROOMY, PROTOBUF).message) == [2, 3]


def test_a_position_holds_although_its_span_has_expired_since():
    early, late = message(sent_by("cart", span(1), span(2))), message(sent_by("cart", span(3)))
    opening = page(merge(blocks_of(early, late)), None, 150, PROTOBUF)
    assert span_numbers(opening.message) == [1, 2]
    assert span_numbers(page(merge(blocks_of(late)), opening.position, ROOMY, PROTOBUF).message) == [3]
    assert page(merge(blocks_of(early)), opening.position, ROOMY, PROTOBUF).span_count == 0


def test_a_thousand_spans_of_one_id_and_one_time_are_paged_like_any_others():
    """A broken clock and a copied id: nothing tells the spans apart but what they say."""
    same = [span(1, name=f"attempt {number}") for number in range(1000)]
    merged = merge(blocks_of(message(sent_by("cart", *same[:500])), message(sent_by("stock", *same[500:]))))
    found = pages(merged, 2000)
    assert len(found) > 10
    assert told(*(one.message for one in found)) == told(whole(merged))


def test_one_span_larger_than_the_budget_has_a_page_of_its_own():
    merged = merge(blocks_of(message(sent_by("cart", span(1), span(2, name="x" * 500), span(3)))))
    assert [span_numbers(one.message) for one in pages(merged, 200)] == [[1], [2], [3]]


def test_pages_are_filled():
    sent = message(*(sent_by(f"service {at}", *(span(at * 1000 + n) for n in range(1, 400))) for at in range(5)))
    sizes = [len(one.body) for one in pages(merge(blocks_of(sent)), 10_000)]
    assert min(sizes[:-1]) > 9_000


def test_a_position_has_a_fixed_size():
    opening = page(merge(blocks_of(message(sent_by("cart", span(1), span(2))))), None, 1, PROTOBUF)
    assert len(opening.position) == POSITION_BYTES


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_together_are_the_whole(size):
    chance = random.Random(7)
    sent = message(*(sent_by(f"service {chance.randrange(3)}", span(number)) for number in range(1, 40)))
    merged = merge(blocks_of(sent))
    assert told(*chunks(merged, size)) == told(whole(merged))
    assert all(len(span_numbers(chunk)) <= size for chunk in chunks(merged, size))


def test_times_past_the_signed_range_sort_last():
    merged = merge(blocks_of(message(sent_by("cart", span(1, start_time_unix_nano=2**64 - 1), span(2)))))
    assert [entry.moment[8:] for entry in merged.entries] == [span_id(2), span_id(1)]
