"""What the whole pipeline comes to: exact and seeded, so that a change which makes it worse says so.

The targets of the design are 0.15 units and 120 bytes for each span of facts and views. What views come to depends on
how much comes at once: the fewer traces a batch of the stream has, the more of a unit each segment leaves empty.
"""

import dataclasses
import json

import pytest

from benchmarks.measures.derived import Traffic, batches_of, derived
from benchmarks.measures.memory import stream_event
from benchmarks.workloads.posts import ten_span_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.model.arrival import Arrival
from chalicelib.storage.dynamodb.stream import read_stream

TRAFFIC = Traffic(name="ten-span posts, 20 a second", traces_a_second=20, minutes=1)


@pytest.fixture(scope="module")
def found():
    return derived(TRAFFIC, seed=3)


def views_units(found):
    return sum(weight.units for weight in found.views.values()) / found.spans


def test_every_span_that_comes_is_weighed_once(found):
    assert (found.facts.items, found.spans) == (1200, 12_000)


def test_every_kind_of_view_is_weighed(found):
    assert found.views.keys() == {"seg", "dig", "rol", "sealed", "tenants"}


def test_views_cost_little_beside_facts(found):
    assert views_units(found) <= 0.033
    assert found.bytes_per_span <= 108


def test_a_hundred_traces_to_a_batch_stay_within_the_targets():
    """Twenty a second through one shard, as eighty through four."""
    busy = derived(dataclasses.replace(TRAFFIC, shards=1), seed=3)
    assert busy.units_per_span <= 0.147
    assert busy.bytes_per_span <= 108


def test_the_indexer_is_given_what_comes_in_a_window_of_a_shard():
    batches = batches_of(TRAFFIC, seed=3)
    assert sum(map(len, batches)) == 1200
    for batch in batches:
        assert batch[-1].kept.arrived_ms - batch[0].kept.arrived_ms < 5000
        assert len({int(arrival.kept.block.trace_id[-4:], 16) % 4 for arrival in batch}) == 1
    assert 40 <= len(batches) <= 60


def test_gathering_longer_is_what_makes_segments_cheap():
    sparse = Traffic(name="1 a second", traces_a_second=1, minutes=2)
    patient = dataclasses.replace(sparse, batch_window_s=60)
    assert views_units(derived(patient, seed=3)) < 0.75 * views_units(derived(sparse, seed=3))


def test_the_event_whose_indexing_is_weighed_in_memory_is_one_that_a_stream_gives():
    event = json.loads(stream_event(ten_span_posts(MEASURING, 3, 5)))
    told = read_stream(event)
    assert [type(each) for each in told] == [Arrival] * 5
    assert {each.kept.arrived_ms for each in told} == {event["at_ns"] // 1_000_000}
