"""topk, bottomk, thresholds, and arithmetic between series."""

import pytest

from tests.actors import CHECKOUT, FRONTEND, PAYMENTS, failure, span
from tests.search.asking import chart
from tests.search.traces import stored

TRACE = stored(
    *(span(f"front {n}", at=(n, 500), resource=FRONTEND) for n in range(3)),
    *(span(f"check {n}", at=(n, 2000), resource=CHECKOUT) for n in range(2)),
    span("late", at=(1000, 1001), resource=CHECKOUT, **failure()),
    span("pay", at=(10, 20), resource=PAYMENTS, **failure()),
)
BY_SERVICE = "{ } | count_over_time() by(resource.service.name)"
FRONT, CHECK, PAY = (f"resource.service.name={name}" for name in ("frontend", "checkout", "payments"))


@pytest.mark.parametrize(
    ("query", "series"),
    [
        (BY_SERVICE, {CHECK: [2, 1, 0], FRONT: [3, 0, 0], PAY: [1, 0, 0]}),
        (f"{BY_SERVICE} | topk(1)", {CHECK: [None, 1, 0], FRONT: [3, None, None]}),
        (f"{BY_SERVICE} | bottomk(1)", {CHECK: [None, None, 0], FRONT: [None, 0, None], PAY: [1, None, None]}),
        (f"{BY_SERVICE} | topk(9)", {CHECK: [2, 1, 0], FRONT: [3, 0, 0], PAY: [1, 0, 0]}),
        (f"{BY_SERVICE} > 1", {CHECK: [2, None, None], FRONT: [3, None, None]}),
        (f"{BY_SERVICE} | topk(2) < 3", {CHECK: [2, 1, 0], FRONT: [None, 0, 0]}),
        ("{ } | max_over_time(duration) > 100ms", {"__name__=max_over_time": [2, None, None]}),
        (f"({BY_SERVICE}) * 2", {CHECK: [4, 2, 0], FRONT: [6, 0, 0], PAY: [2, 0, 0]}),
        (f"10 - ({BY_SERVICE})", {CHECK: [8, 9, 10], FRONT: [7, 10, 10], PAY: [9, 10, 10]}),
        (
            f"({{ status = error }} | count_over_time() by(resource.service.name)) / ({BY_SERVICE})",
            {CHECK: [0, 1, None], PAY: [1, None, None]},
        ),
        ("({ } | rate()) / ({ } | count_over_time())", {"": [1, 1, None]}),
        ("({ } | rate()) + ({ } | rate() by(name))", {}),
        (f"({BY_SERVICE}) / 0", {}),
        (f"(({BY_SERVICE}) + 1) > 3", {FRONT: [4, None, None]}),
    ],
)
def test_what_comes_after_series(query, series):
    assert chart(query, TRACE) == series
