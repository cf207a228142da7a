import math

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.search.index.magnitudes import NOT_A_NUMBER, bounds, magnitude

numbers = st.floats(allow_nan=False) | st.integers(-(2**63), 2**63 - 1)


@given(number=numbers)
def test_a_number_lies_within_the_bounds_of_its_bucket(number):
    least, greatest = bounds(magnitude(number))
    assert least <= float(number) <= greatest


@given(one=numbers, other=numbers)
def test_buckets_are_in_the_order_of_their_numbers(one, other):
    lesser, greater = sorted([one, other])
    assert magnitude(lesser) <= magnitude(greater)


@given(number=st.floats(min_value=1e-300, max_value=1e300))
def test_a_bucket_is_half_an_octave_wide(number):
    least, greatest = bounds(magnitude(number))
    assert math.isclose(greatest / least, math.sqrt(2))


def test_what_is_no_ordinary_number_has_a_bucket_of_its_own():
    assert magnitude(math.nan) == NOT_A_NUMBER
    assert bounds(NOT_A_NUMBER) is bounds(-NOT_A_NUMBER) is None
    assert bounds(magnitude(0)) == bounds(magnitude(-0.0)) == (0, 0)
    assert bounds(magnitude(math.inf)) == (math.inf, math.inf)
    assert bounds(magnitude(-math.inf)) == (-math.inf, -math.inf)


@given(bucket=st.integers(-(2**15), 2**15 - 1))
def test_every_bucket_that_bytes_can_name_has_bounds_or_none(bucket):
    found = bounds(bucket)
    assert found is None or found[0] <= found[1]
