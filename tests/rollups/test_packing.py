import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.tracestate import COUNT_UNIT
from chalicelib.rollups.contributions import contribution
from chalicelib.rollups.keys import CALLS, WHOLE_HOUR, CatalogKey, DependencyKey, EdgeKey, RedKey
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
        assert (read.red, read.edges, read.dependencies) == (change.red, change.edges, change.dependencies)
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
    dependencies: dict[DependencyKey, int] = {}
    for number in range(15_000):
        service, minute, slot = f"s{number % 600}", RANDOM.randrange(60), RANDOM.choice(SLOTS)
        red[service, f"operation {number:x}", RANDOM.randrange(6), minute, slot] = RANDOM.randrange(1, 1 << 40)
        edges["service", service, "external", f"{number:x}.example", False, minute, slot] = number + 1
        dependencies[RANDOM.randrange(3), service, f"{number:x}.example", minute, CALLS] = number + 1
        catalog["span", f"key {number % 3000}", "string", f"{RANDOM.getrandbits(200):x}"] = 1
    return Rollup(red=red, edges=edges, catalog=catalog, dependencies=dependencies)


HOSTILE = _hostile()


@pytest.mark.parametrize("most_bytes", [MAX_PACKED_BYTES, 120_000, 40_000])
def test_what_is_too_much_is_folded_until_it_fits_and_keeps_its_totals(most_bytes: int):
    body = pack(HOSTILE, most_bytes)
    read = unpack(body)
    assert len(body) <= most_bytes
    assert sum(read.red.values()) == sum(HOSTILE.red.values())
    assert sum(read.edges.values()) == sum(HOSTILE.edges.values())
    assert sum(read.dependencies.values()) == sum(HOSTILE.dependencies.values())
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


# Packed by the version that knew of no dependencies: a call of the user, two cells, an attribute and a level.
WITHOUT_DEPENDENCIES = bytes.fromhex(
    "01ded142132873686f700a474554202f0a757365720a6b0a610a06c0843d02010200020102000202020102050202020002540002010200020"
    "402010203020002010205020104d620000002010200020a02010002060400040201020202000203"
)


def test_a_rollup_of_the_time_before_dependencies_is_read_and_can_be_added_to():
    old = unpack(WITHOUT_DEPENDENCIES)
    assert old == Rollup(
        red={("shop", "GET /", 2, 5, 40): COUNT_UNIT, ("shop", "GET /", 2, 5, -3): COUNT_UNIT},
        edges={("user", "user", "service", "shop", False, 5, 2048 + 40): COUNT_UNIT},
        catalog={("span", "k", "int", 3): 2},
        levels={("peers", "a"): 3},
    )
    link: dict[DependencyKey, int] = {(1, "shop", "db", 5, CALLS): COUNT_UNIT}
    both = add(old, Rollup(dependencies=link))
    assert unpack(pack(both)) == both
    assert both.dependencies == link


@pytest.mark.parametrize("told", [3, 200])
def test_links_that_nobody_could_have_told_of_are_refused(told: int):
    with pytest.raises(ValueError, match=f"links of kind {told}"):
        unpack(pack(Rollup(dependencies={(told, "a", "b", 0, CALLS): 1})))
