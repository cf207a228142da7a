from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.stored_trace import StoredTrace
from chalicelib.rollups.contributions import contribution
from chalicelib.rollups.keys import WHOLE_HOUR
from chalicelib.rollups.packing import SIZES, resized
from chalicelib.rollups.rollup import EMPTY, Rollup, Sums, add, coarsen, difference, total
from tests.rollups.strategies import traces

ROLLUPS = st.builds(
    lambda made, size: resized(next(iter(contribution(made).values())), size), traces(4), st.sampled_from(SIZES)
)


@given(ROLLUPS, ROLLUPS, ROLLUPS)
def test_sums_do_not_depend_on_their_order(one: Rollup, other: Rollup, third: Rollup):
    assert add(add(one, other), third) == add(one, add(other, third)) == total([third, other, one])


@given(ROLLUPS)
def test_nothing_added_changes_nothing(rollup: Rollup):
    assert add(rollup, EMPTY) == add(EMPTY, rollup) == rollup


@given(traces(4), traces(4))
def test_the_difference_is_what_makes_the_old_the_new(one: StoredTrace, other: StoredTrace):
    for new, old in zip(contribution(one).values(), contribution(other).values(), strict=False):
        assert add(old, difference(new, old)) == new
        assert difference(new, new) == EMPTY


@given(ROLLUPS, ROLLUPS)
def test_coarsening_may_come_before_adding_or_after(one: Rollup, other: Rollup):
    assert coarsen(add(one, other)) == add(coarsen(one), coarsen(other))
    assert {key[3] for key in coarsen(one).red} <= {WHOLE_HOUR}
    assert coarsen(coarsen(one)) == coarsen(one)


@given(st.lists(traces(3), max_size=3))
def test_sums_by_hour_are_the_sums_of_each_hour(several: list[StoredTrace]):
    sums = Sums()
    contributions = [contribution(made) for made in several]
    for each in contributions:
        sums.add(each)
    hours = sorted({hour for each in contributions for hour in each})
    assert list(sums.rollups().items()) == [
        (hour, total(each[hour] for each in contributions if hour in each)) for hour in hours
    ]
