from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.search.index import bitmaps

ROW_COUNT = 600
rows = st.sets(st.integers(0, ROW_COUNT - 1), min_size=1).map(sorted)
stretches = st.lists(st.tuples(st.integers(0, ROW_COUNT - 1), st.integers(1, 200)), min_size=1, max_size=4).map(
    lambda found: sorted({row for start, length in found for row in range(start, min(ROW_COUNT, start + length))})
)


@given(found=rows | stretches)
def test_a_set_of_rows_comes_back(found):
    bitmap = bitmaps.of_rows(found, ROW_COUNT)
    assert bitmaps.rows_of(bitmap) == found
    assert bitmaps.read(bitmaps.write(found, ROW_COUNT), ROW_COUNT) == bitmap


@pytest.mark.parametrize(
    ("found", "way", "size"),
    [
        ([3], bitmaps.GAPS, 2),
        (range(600), bitmaps.RUNS, 4),
        (range(100, 220), bitmaps.RUNS, 3),
        (range(0, 600, 2), bitmaps.BITS, 76),
    ],
    ids=["one", "all", "a run", "every other"],
)
def test_each_set_is_kept_in_the_way_that_suits_it(found, way, size):
    kept = bitmaps.write(found, ROW_COUNT)
    assert (kept[0], len(kept)) == (way, size)


@given(kept=st.binary(max_size=100))
def test_bytes_that_keep_no_set_within_the_rows_are_refused(kept):
    with suppress(ValueError):
        assert bitmaps.read(kept, 50) < 1 << 50
