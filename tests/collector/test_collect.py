"""The write path, and the account it keeps of every span."""

from collections import Counter

import pytest
from hypothesis import given, settings

from chalicelib.codecs.otlp.decoded import Decoded, Rejection
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.collector.collect import SPLIT_AT_BYTES, collect
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import PayloadError, PayloadTooLarge, StoreError, StoreThrottled
from chalicelib.services import Services
from tests.codecs.otlp.actors import OTHER_TRACE, TRACE, attributes, message, messages, sent_by, span, told
from tests.in_memory import services_in_memory
from tests.recording import RecordingTelemetry

LATER = Deadline(1, lambda: 0)


class Store:
    """Keeps blocks, or raises what it is told to."""

    def __init__(self, failure=None):
        self.failure = failure
        self.written = []

    def write(self, tenant, blocks, deadline, *, undecided=False):
        if self.failure is not None:
            raise self.failure
        self.written += [(tenant, block) for block in blocks]

    def read(self, tenant, trace_id, deadline):
        return iter(())


class Counts:
    def __init__(self):
        self.counts = Counter()

    def count(self, counts):
        self.counts.update(counts)

    def note(self, message, fields):
        raise AssertionError(message)

    def warning(self, message, fields):
        raise AssertionError(message)

    def failure(self, message, error):
        raise AssertionError(message)


def services(store: Store) -> Services:
    return services_in_memory(blocks=store, telemetry=Counts(), now_ns=lambda: 0)


def test_a_post_is_kept_for_its_tenant_as_one_block_to_a_trace():
    store = Store()
    sent = message(sent_by("cart", span(1), span(2), span(1, OTHER_TRACE)))
    collected = collect(services(store), "acme", [Decoded(sent)], LATER)
    assert [(tenant, block.trace_id, block.span_count) for tenant, block in store.written] == [
        ("acme", TRACE.hex(), 2),
        ("acme", OTHER_TRACE.hex(), 1),
    ]
    assert (collected.received, collected.stored, collected.duplicate) == (3, 3, 0)
    assert (collected.rejections, collected.notes) == ((), ())


def test_spans_lost_in_decoding_and_spans_with_bad_ids_are_rejected_together():
    lost = Rejection("span 3 is not UTF-8")
    decoded = Decoded(message(sent_by("cart", span(1), span(span_id=b"x"), span(1))), rejections=(lost,))
    world = services(Store())
    collected = collect(world, "acme", [decoded], LATER)
    assert collected.rejections[0] is lost
    assert (collected.received, collected.stored, collected.duplicate) == (4, 2, 1)
    assert len(collected.rejections) == 2
    assert world.telemetry.counts == {
        "spans_received": 4,
        "spans_stored": 2,
        "spans_rejected": 2,
        "spans_refused": 0,
        "spans_duplicate": 1,
        "values_cut": 0,
    }


def test_repairs_and_cuts_are_told_and_cuts_counted():
    big = span(1, attributes=attributes(body="x" * 500_000))
    world = services(Store())
    collected = collect(world, "acme", [Decoded(message(sent_by("cart", big)), repairs=("a name was mended",))], LATER)
    assert collected.notes == (
        "a name was mended",
        "values cut or dropped because no block could hold them: 1; see the attribute spanfold.cut",
    )
    assert world.telemetry.counts["values_cut"] == 1


@pytest.mark.parametrize("failure", [StoreError("away"), StoreThrottled("slower")])
def test_a_post_that_the_store_does_not_take_is_refused_and_counted_so(failure):
    world = services(Store(failure))
    decoded = Decoded(message(sent_by("cart", span(1), span(2))), rejections=(Rejection("unreadable"),))
    with pytest.raises(type(failure)):
        collect(world, "acme", [decoded], LATER)
    assert world.telemetry.counts == {
        "spans_received": 3,
        "spans_stored": 0,
        "spans_rejected": 1,
        "spans_refused": 2,
        "spans_duplicate": 0,
        "values_cut": 0,
    }


def test_a_post_that_would_unfold_too_far_is_refused_before_anything_is_kept():
    store = Store()
    sent = sent_by("cart", *(span(1, number.to_bytes(16, "big")) for number in range(1, 52_000)))
    world = services(store)
    with pytest.raises(PayloadTooLarge):
        collect(world, "acme", [Decoded(message(sent))], LATER)
    assert store.written == []
    assert world.telemetry.counts["spans_refused"] == world.telemetry.counts["spans_received"] == 51_999


def test_an_empty_post_is_collected():
    collected = collect(services(Store()), "acme", [Decoded(message())], LATER)
    assert (collected.received, collected.stored, collected.rejections) == (0, 0, ())


def test_a_large_trace_is_kept_in_blocks_of_limited_size():
    store = Store()
    sent = message(sent_by("cart", *(span(number, name="x" * 1000) for number in range(1, 1000))))
    collect(services(store), "acme", [Decoded(sent)], LATER)
    assert len(store.written) == 4
    assert all(len(block.payload) <= SPLIT_AT_BYTES for _, block in store.written)


@given(messages)
@settings(deadline=None)
def test_received_is_stored_plus_rejected_and_what_is_stored_is_in_the_store(sent):
    sent.resource_spans.append(sent_by("broken", span(span_id=b""), span(1, bytes(16))))
    store = Store()
    world = services(store)
    collected = collect(world, "acme", [Decoded(sent, rejections=(Rejection("unreadable"),))], LATER)
    counts = world.telemetry.counts
    assert collected.received == collected.stored + len(collected.rejections)
    assert counts["spans_received"] == counts["spans_stored"] + counts["spans_rejected"] + counts["spans_refused"]
    assert collected.stored - collected.duplicate == sum(block.span_count for _, block in store.written)
    assert len(collected.rejections) == 3
    kept = told(*(TracesData.FromString(block.payload) for _, block in store.written))
    assert set(kept) <= set(told(sent))


def test_a_post_whose_last_part_cannot_be_read_is_refused_whole():
    store = Store()
    world = services(store)

    def post():
        yield Decoded(message(sent_by("cart", span(1), span(2))))
        raise PayloadError("otlp", "cut short")

    with pytest.raises(PayloadError, match="cut short"):
        collect(world, "acme", post(), LATER)
    assert store.written == []
    assert world.telemetry.counts["spans_refused"] == world.telemetry.counts["spans_received"] == 2


def test_a_post_in_parts_is_one_block_to_a_trace():
    store = Store()
    parts = [Decoded(message(sent_by("cart", span(number)))) for number in (1, 2, 2)]
    collected = collect(services(store), "acme", parts, LATER)
    assert [block.span_count for _, block in store.written] == [2]
    assert (collected.received, collected.stored, collected.duplicate) == (3, 3, 1)


class TestSampling:
    """Blocks of tenants that sample live for a short time; a seal rewrites what it keeps."""

    def written(self, document: bytes | None = None, **chosen) -> list[bool]:
        kept = []

        class Recording(Store):
            def write(self, tenant, blocks, deadline, *, undecided=False):
                kept.append(undecided)

        world = services_in_memory(blocks=Recording(), now_ns=lambda: 0, **chosen)
        if document is not None:
            world.sampling.put_sampling("acme", document)
        for tenant in ("acme", "other"):
            collect(world, tenant, [Decoded(message(sent_by("cart", span(1))))], LATER)
        return kept

    def test_only_the_blocks_of_a_tenant_with_policies_wait_for_a_decision(self):
        assert self.written() == [False, False]
        assert self.written(b'{"policies": [{"name": "all", "type": "always_sample"}]}') == [True, False]

    @pytest.mark.parametrize(
        "document", [b'{"enabled": false, "policies": []}', b"no json", b"\xff", b'{"enabled": 7}']
    )
    def test_policies_that_rest_or_cannot_be_read_let_nothing_wait(self, document):
        assert self.written(document) == [False, False]

    def test_a_control_table_that_is_away_costs_storage_and_no_span(self):
        class Away:
            def find_sampling(self, tenant):
                raise StoreError("away")

        telemetry = RecordingTelemetry()
        assert self.written(sampling=Away(), telemetry=telemetry) == [False, False]
        assert [message for message, _ in telemetry.warnings] == [
            "sampling policies cannot be read; spans are kept"
        ] * 2

    def test_a_post_without_spans_asks_nobody(self):
        world = services_in_memory(sampling=None, now_ns=lambda: 0)
        assert collect(world, "acme", [Decoded(message())], LATER).received == 0
