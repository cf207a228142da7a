"""The counts that a change must not make worse: exact, seeded, nothing timed.

The targets of the design are 100 bytes and 0.15 units for ten-span posts, 0.12 units for collector posts; what is
held here is what is reached on the held-out world (docs/adr/006-block-format.md says why not less).
"""

import pytest

from benchmarks.dictionary.sweep import ITEM_OVERHEAD_BYTES
from benchmarks.measures.costs import ARRIVED_MS, EXPIRES_AT_S, blocks_of, collectors, invocations
from benchmarks.workloads.posts import ten_span_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.codecs import blocks
from chalicelib.storage.dynamodb.items import to_item
from chalicelib.storage.dynamodb.keys import tenant_prefix
from chalicelib.storage.dynamodb.sizing import item_size_bytes


@pytest.fixture(scope="module")
def single():
    return invocations(seed=3, count=400)


@pytest.fixture(scope="module")
def many():
    return collectors(seed=3, count=2)


def test_a_ten_span_post_is_one_item_of_little_more_than_a_kilobyte(single):
    assert single.items == 400
    assert single.bytes_per_span <= 96
    assert single.units_per_span <= 0.13
    assert single.single_unit_items / single.items >= 0.7


def test_a_collector_post_is_one_item_for_each_trace(many):
    assert many.spans == 2000
    assert many.items == 200
    assert many.bytes_per_span <= 114
    assert many.units_per_span <= 0.165


def test_format_1_takes_half_of_what_plain_zstd_takes():
    found = [block for post in ten_span_posts(MEASURING, 3, 200) for block in blocks_of(post.SerializeToString())]
    plain, ours = (sum(len(blocks.pack(block, number).data) for block in found) for number in (0, 1))
    assert ours < 0.5 * plain


def test_beside_its_packed_bytes_an_item_weighs_no_more_than_the_choice_of_format_assumed():
    [block] = blocks_of(ten_span_posts(MEASURING, 3, 1)[0].SerializeToString())
    item = to_item(tenant_prefix("default"), block, ARRIVED_MS, EXPIRES_AT_S)
    assert item_size_bytes(item) - len(item["b"]["B"]) <= ITEM_OVERHEAD_BYTES
