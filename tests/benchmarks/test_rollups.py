from benchmarks.measures.rollups import minute_of_traces, summed_up
from chalicelib.rollups.packing import pack


def test_a_minute_of_a_team_is_small_beside_its_facts():
    """Facts weigh some 930 bytes for each of these traces."""
    assert len(pack(summed_up(minute_of_traces()))) / 500 < 24
