"""Ends of joins of different traces, put together as calls."""

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation.probability import COUNT_UNIT
from chalicelib.rollups.joining import CLOCK_SKEW_S, joined
from chalicelib.rollups.keys import ERRORS, FAILED, FROM_USER, IS_CALL, RECEIVED, SERVER_SIDE
from chalicelib.rollups.packing import MAX_JOIN_ENDS, pack, unpack
from chalicelib.rollups.rollup import Rollup, add

HOUR = 1_782_043_200
LOOK_BACK_S = 1000
SENT_SLOT, RECEIVED_SLOT = 40, 80


def ends(*found):
    """A rollup of ends, each (second, name, flags, service); a second is that of HOUR and may be below zero."""
    hours = defaultdict(Counter)
    for second, name, flags, service in found:
        slot = RECEIVED_SLOT if flags & RECEIVED else SENT_SLOT
        hours[HOUR + second // 3600 * 3600][second % 3600, name, flags, service, slot] += COUNT_UNIT
    return {hour: Rollup(joins=dict(keys)) for hour, keys in hours.items()}


def drawn(*found, hour=HOUR):
    """(client, server, minute) of the calls of an hour, with how often."""
    rollups = ends(*found)
    asked = []

    def ends_of(asked_hour):
        asked.append(asked_hour)
        return rollups.get(asked_hour, Rollup()).joins

    result = joined(rollups.get(hour, Rollup()), hour, ends_of, LOOK_BACK_S)
    assert not result.joins
    assert len(asked) == len(set(asked))
    return {
        (client, server, minute): count // COUNT_UNIT
        for (_, client, _, server, _, minute, slot), count in result.edges.items()
        if slot == SERVER_SIDE + RECEIVED_SLOT
    }


def test_a_message_is_a_call_from_its_sender_to_its_receiver_in_the_receivers_minute():
    assert drawn((10, 7, 0, "shop"), (130, 7, RECEIVED, "store")) == {("shop", "store", 2): 1}


def test_a_message_that_is_received_five_times_is_five_calls():
    retries = [(20 + n, 7, RECEIVED, "store") for n in range(5)]
    assert drawn((10, 7, 0, "shop"), *retries) == {("shop", "store", 0): 5}


def test_an_object_that_is_written_again_is_joined_to_its_last_writer_before():
    writes = [(10, 7, 0, "first"), (20, 7, 0, "second"), (40, 7, 0, "third")]
    assert drawn(*writes, (30, 7, RECEIVED, "store")) == {("second", "store", 0): 1}


def test_a_sender_whose_clock_is_ahead_is_found_within_seconds():
    assert drawn((30 + CLOCK_SKEW_S, 7, 0, "shop"), (30, 7, RECEIVED, "store")) == {("shop", "store", 0): 1}
    assert drawn((31 + CLOCK_SKEW_S, 7, 0, "shop"), (30, 7, RECEIVED, "store")) == {}


def test_a_sender_of_the_hour_before_is_found_within_the_look_back():
    assert drawn((-990, 7, 0, "shop"), (10, 7, RECEIVED, "store")) == {("shop", "store", 0): 1}
    assert drawn((-991, 7, 0, "shop"), (10, 7, RECEIVED, "store")) == {}


def test_hours_before_are_read_only_for_what_is_missing():
    drawn((5, 7, 0, "shop"), (10, 7, RECEIVED, "store"))
    rollup = ends((5, 7, 0, "shop"), (10, 7, RECEIVED, "store"))[HOUR]
    asked = []
    joined(rollup, HOUR, lambda hour: asked.append(hour) or rollup.joins, LOOK_BACK_S)
    assert asked == [HOUR]
    joined(Rollup(red={}), HOUR, asked.append, LOOK_BACK_S)
    assert asked == [HOUR]


def test_a_service_that_leaves_itself_messages_has_no_edge():
    assert drawn((5, 7, 0, "shop"), (10, 7, RECEIVED, "shop")) == {}


def test_what_was_taken_back_by_a_later_state_of_its_trace_is_not_joined():
    rollup = ends((5, 7, 0, "shop"), (10, 7, RECEIVED, "store"))[HOUR]
    taken = {(10, 7, RECEIVED, "store", RECEIVED_SLOT): -2 * COUNT_UNIT}
    assert joined(add(rollup, Rollup(joins=taken)), HOUR, lambda _: rollup.joins, LOOK_BACK_S).edges == {}


def test_a_joined_invocation_is_taken_back_from_the_user():
    by_user = ("user", "user", "service", "store", False, 0)
    counted = Rollup(edges={(*by_user, SERVER_SIDE + RECEIVED_SLOT): COUNT_UNIT, (*by_user, ERRORS): COUNT_UNIT})
    rollup = add(ends((5, 7, 0, "a"), (10, 7, RECEIVED | FROM_USER | FAILED | IS_CALL, "store"))[HOUR], counted)
    found = joined(rollup, HOUR, lambda _: rollup.joins, LOOK_BACK_S).edges
    call = ("service", "a", "service", "store", False, 0)
    assert found == {
        (*call, SENT_SLOT): COUNT_UNIT,
        (*call, SERVER_SIDE + RECEIVED_SLOT): COUNT_UNIT,
        (*call, ERRORS): COUNT_UNIT,
    }


ENDS = st.tuples(
    st.integers(-1200, 60), st.integers(0, 2), st.sampled_from([0, RECEIVED]), st.sampled_from(["a", "b", "c"])
)


@given(st.lists(ENDS, max_size=12), st.randoms())
def test_any_ends_in_any_order_are_joined_as_one_by_one(found, random):
    expected = Counter()
    for second, name, _, server in [end for end in found if end[2] and end[0] >= 0]:
        sent = {(at, client) for at, other, is_received, client in found if not is_received and other == name}
        before = [each for each in sent if second - LOOK_BACK_S <= each[0] <= second]
        after = [each for each in sent if second < each[0] <= second + CLOCK_SKEW_S]
        client = max(before)[1] if before else min(after)[1] if after else server
        if client != server:
            expected[client, server, second // 60] += 1
    shuffled = random.sample(found, len(found))
    assert drawn(*shuffled) == dict(expected)


def test_too_many_ends_are_cut_by_name_so_that_both_sides_keep_the_same():
    many = range(MAX_JOIN_ENDS + 500)
    sent = Rollup(joins={(0, name, 0, "a", 0): 1 for name in many})
    received = Rollup(joins={(5, name, RECEIVED, "b", 0): 1 for name in reversed(many)})
    kept = [{key[1] for key in unpack(pack(rollup)).joins} for rollup in (sent, received)]
    assert kept[0] == kept[1] == set(range(MAX_JOIN_ENDS))


@given(st.lists(ENDS, max_size=12))
def test_ends_are_packed_and_unpacked(found):
    for rollup in ends(*found).values():
        assert unpack(pack(rollup)) == rollup


def test_a_rollup_without_ends_has_not_one_byte_for_them():
    assert len(pack(Rollup(joins={(0, 1, 0, "a", 0): 1}))) > len(pack(Rollup())) + 6
    assert b"a" not in pack(Rollup())
