import msgspec

from benchmarks.measures.rollups import minute_of_traces, summed_up
from chalicelib.rollups.packing import pack


def test_a_minute_of_a_team_is_small_beside_its_facts():
    """Facts weigh some 930 bytes for each of these traces, most of which have something to do with a message."""
    whole = summed_up(minute_of_traces())
    without_joins = len(pack(msgspec.structs.replace(whole, joins={})))
    assert without_joins / 500 < 24
    assert (len(pack(whole)) - without_joins) / len(whole.joins) < 8
