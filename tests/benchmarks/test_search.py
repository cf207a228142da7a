"""What an index weighs for each trace: exact and seeded, so that a change which makes it worse says so.

The target is 80 bytes for each ten-span trace, in segments and in digests alike.
"""

import pytest

from benchmarks.measures.search import ROWS, SEGMENT_ROWS, bytes_per_trace, entries_of, posts


@pytest.fixture(scope="module")
def entries():
    return entries_of(posts(ROWS, seed=3))


@pytest.mark.parametrize(("count", "most"), [(SEGMENT_ROWS, 80), (ROWS, 60)], ids=["segment", "digest"])
def test_a_ten_span_trace_weighs_no_more_than_its_share(entries, count, most):
    assert sum(bytes_per_trace(entries[:count]).values()) <= most


def test_a_lone_trace_takes_little_more_than_a_kilobyte(entries):
    assert max(sum(bytes_per_trace([entry]).values()) for entry in entries[:20]) < 1400
