"""What the whole derived side costs, in exact counts: a change must not make it worse.

The design's targets are 0.15 write units and 120 bytes for each span, facts included.
"""

import pytest

from benchmarks.measures.derived import derived


@pytest.fixture(scope="module")
def busy():
    return derived(minutes=2, posts_a_minute=400, seed=3)


def test_facts_and_views_of_four_hundred_posts_a_minute_stay_within_the_targets(busy):
    assert busy.units_per_span <= 0.147
    assert busy.bytes_per_span <= 112


def test_views_cost_a_fraction_of_what_facts_do(busy):
    views = sum(weight.units for weight in busy.views.values())
    assert views <= 0.2 * busy.facts.units


def test_each_minute_is_one_segment_one_digest_one_rollup_and_one_marker(busy):
    assert {kind: weight.items for kind, weight in busy.views.items()} == {
        "tenants": 1,
        "seg": 2,
        "dig": 2,
        "rol": 2,
        "sealed": 2,
    }
