import pytest

from chalicelib.model.windows import Window
from chalicelib.search.series import aligned, default_step

S = 1_000_000_000


@pytest.mark.parametrize(
    ("range_s", "step_s"),
    [
        (30, 0.05),
        (60, 1),
        (300, 1),
        (900, 3),
        (1800, 5),
        (3600, 15),
        (3 * 3600, 45),
        (6 * 3600, 60),
        (24 * 3600, 300),
        (7 * 24 * 3600, 2400),
        (30 * 24 * 3600, 3 * 3600),
    ],
)
def test_the_step_that_is_taken_when_none_is_asked_for(range_s, step_s):
    assert default_step(Window(0, range_s * S)) == step_s * S


@pytest.mark.parametrize(
    ("window", "widened"),
    [
        (Window(0, 10), Window(0, 10)),
        (Window(1, 9), Window(0, 10)),
        (Window(5, 11), Window(5, 15)),
        (Window(9, 10), Window(5, 10)),
    ],
)
def test_a_window_is_aligned_outwards(window, widened):
    assert aligned(window, 5) == widened
