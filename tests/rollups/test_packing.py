import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.stored_trace import StoredTrace
from chalicelib.propagation.probability import COUNT_UNIT
from chalicelib.rollups.contributions import contribution
from chalicelib.rollups.keys import WHOLE_HOUR, CatalogKey, EdgeKey, RedKey
from chalicelib.rollups.packing import MAX_PACKED_BYTES, SIZES, pack, resized, unpack
from chalicelib.rollups.rollup import EMPTY, Rollup, add, coarsen, difference
from tests.rollups.strategies import traces

RANDOM = random.Random(11)
SLOTS = range(-3, 512)


@given(st.lists(traces(5), min_size=1, max_size=3))
def test_what_is_packed_is_unpacked(several: list[StoredTrace]):
    for made in several:
        for rollup in contribution(made).values():
            assert unpack(pack(rollup)) == resized(rollup, SIZES[0])


@given(traces(5), traces(5))
def test_differences_are_packed_like_sums(one: StoredTrace, other: StoredTrace):
    for new, old in zip(contribution(one).values(), contribution(other).values(), strict=False):
        change = difference(new, old)
        read = unpack(pack(change))
        assert (read.red, read.edges) == (change.red, change.edges)
        assert unpack(pack(coarsen(change))).red == coarsen(change).red


def test_nothing_is_packed_in_few_bytes():
    assert unpack(pack(EMPTY)) == EMPTY
    assert len(pack(EMPTY)) < 50


def test_the_order_in_which_it_was_summed_does_not_change_a_byte():
    red: dict[RedKey, int] = {("a", f"o{number}", 2, number % 60, number % 200): number + 1 for number in range(300)}
    turned = dict(reversed(red.items()))
    assert pack(Rollup(red=red)) == pack(Rollup(red=turned))


def test_counts_of_any_size_and_sign_come_back():
    red: dict[RedKey, int] = {
        ("a", "o", 2, 0, 5): 2**56 * COUNT_UNIT,
        ("a", "o", 2, 0, 6): -3,
        ("a", "o", 2, WHOLE_HOUR, -3): 1,
    }
    assert unpack(pack(Rollup(red=red))).red == red


def test_names_of_any_text_come_back():
    names = ["", "\n", "\\", "\\n", "é\u2028", "a\nb\\"]
    red: dict[RedKey, int] = {(service, name, 0, 0, 0): 1 for service in names for name in names}
    assert unpack(pack(Rollup(red=red))).red == red


def _hostile() -> Rollup:
    """More of everything than fits: services, operations, peers, minutes, durations, keys and values."""
    red: dict[RedKey, int] = {}
    edges: dict[EdgeKey, int] = {}
    catalog: dict[CatalogKey, int] = {}
    for number in range(15_000):
        service, minute, slot = f"s{number % 600}", RANDOM.randrange(60), RANDOM.choice(SLOTS)
        red[service, f"operation {number:x}", RANDOM.randrange(6), minute, slot] = RANDOM.randrange(1, 1 << 40)
        edges["service", service, "external", f"{number:x}.example", False, minute, slot] = number + 1
        catalog["span", f"key {number % 3000}", "string", f"{RANDOM.getrandbits(200):x}"] = 1
    return Rollup(red=red, edges=edges, catalog=catalog)


HOSTILE = _hostile()


@pytest.mark.parametrize("most_bytes", [MAX_PACKED_BYTES, 120_000, 40_000])
def test_what_is_too_much_is_folded_until_it_fits_and_keeps_its_totals(most_bytes: int):
    body = pack(HOSTILE, most_bytes)
    read = unpack(body)
    assert len(body) <= most_bytes
    assert sum(read.red.values()) == sum(HOSTILE.red.values())
    assert sum(read.edges.values()) == sum(HOSTILE.edges.values())
    assert sum(read.catalog.values()) == sum(HOSTILE.catalog.values())


def test_even_the_worst_of_durations_fits():
    red: dict[RedKey, int] = {
        ("s", f"o{operation}", kind, minute, slot): RANDOM.randrange(1, 1 << 30)
        for operation in range(2)
        for kind in range(6)
        for minute in range(0, 60, 6)
        for slot in SLOTS
    }
    body = pack(Rollup(red=red), 40_000)
    assert len(body) <= 40_000
    assert sum(unpack(body).red.values()) == sum(red.values())


def test_what_was_folded_differently_is_added_without_losing_a_call():
    small: dict[RedKey, int] = {("s0", "operation 0", 2, 3, 4): 7}
    both = add(unpack(pack(HOSTILE)), unpack(pack(Rollup(red=small))))
    assert sum(both.red.values()) == sum(HOSTILE.red.values()) + 7
    assert sum(add(both, difference(EMPTY, HOSTILE)).red.values()) == 7


BODY = pack(Rollup(red={("a", "o", 2, 0, 5): 1, ("b", "p", 3, 1, 9): 4}, levels={("peers", "a"): 3}))


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(at: int, change: int):
    broken = bytearray(BODY)
    broken[at] ^= change
    with pytest.raises(ValueError, match="rollup"):
        unpack(bytes(broken))


@pytest.mark.parametrize("length", range(len(BODY)))
def test_a_cut_body_is_noticed(length: int):
    with pytest.raises(ValueError, match="rollup"):
        unpack(BODY[:length])
