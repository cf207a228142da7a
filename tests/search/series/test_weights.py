import pytest

from chalicelib.search.series.weights import adjusted_count


@pytest.mark.parametrize(
    ("trace_state", "count"),
    [
        ("", 1),
        ("ot=th:0", 1),
        ("ot=th:8", 2),
        ("ot=th:c", 4),
        ("ot=th:fd70a4", pytest.approx(100.0000954)),
        ("ot=rv:12345678901234;th:c", 4),
        ("congo=t61rcWkgMzE, ot=th:c", 4),
        ("ot=th:", 1),
        ("ot=th:G", 1),
        ("ot=th:000000000000000", 1),
        ("ot=th:ffffffffffffff", 2**56),
        ("other=th:8", 1),
    ],
)
def test_a_span_stands_for_the_inverse_of_the_probability_it_was_kept_with(trace_state, count):
    assert adjusted_count(trace_state) == count
