"""What an invocation's spans weigh in a log: exact and seeded, so that a change which makes it worse says so."""

import pytest

from benchmarks.measures.library import our_batch
from chalicelib.tracing.exporters import lines


@pytest.mark.parametrize(("count", "most_bytes"), [(1, 600), (2, 620), (20, 1150), (100, 3350)])
def test_the_line_of_an_invocation_takes_no_more_than_its_share(count, most_bytes):
    [line] = lines.write(our_batch(count), "00c0ffee00c0ffee").lines
    assert len(line) <= most_bytes
