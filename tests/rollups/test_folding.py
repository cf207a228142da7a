from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rollups.folding import (
    DEPENDENCIES,
    OPERATIONS,
    OTHER,
    PEERS,
    SERVICES,
    Levels,
    Room,
    fit,
    fold_dependencies,
    fold_edges,
    fold_red,
    joined,
)
from chalicelib.rollups.keys import CALLS, DependencyKey, EdgeKey, RedKey
from chalicelib.rollups.rollup import Rollup, add, difference

NAMES = st.sampled_from([*(f"n{number}" for number in range(9)), OTHER])
COUNTS = st.integers(-3, 3).filter(bool)
REDS = st.dictionaries(st.tuples(NAMES, NAMES, st.integers(0, 1), st.just(0), st.integers(0, 1)), COUNTS, max_size=25)
SERVICE_ENDS = st.tuples(st.just("service"), NAMES)
OTHER_ENDS = st.tuples(st.sampled_from(["database", "messaging"]), NAMES)
ENDS = st.one_of(
    st.tuples(SERVICE_ENDS, SERVICE_ENDS | OTHER_ENDS),
    st.tuples(OTHER_ENDS | st.just(("user", "user")), SERVICE_ENDS),
)
EDGE_KEYS = st.tuples(ENDS, st.booleans()).map(lambda made: (*made[0][0], *made[0][1], made[1], 0, 1))
EDGES = st.dictionaries(EDGE_KEYS, COUNTS, max_size=25)
ROOMS = st.builds(Room, services=st.integers(0, 9), operations=st.integers(0, 9), peers=st.integers(0, 9))
LINKS = st.dictionaries(
    st.tuples(st.integers(0, 2), NAMES, NAMES, st.just(0), st.integers(-3, -2)), COUNTS, max_size=25
)
ROLLUPS = st.builds(lambda red, edges, links: Rollup(red=red, edges=edges, dependencies=links), REDS, EDGES, LINKS)


def folded(rollup: Rollup, levels: Levels) -> Rollup:
    return add(rollup, Rollup(levels=levels))


def fitted(rollup: Rollup, room: Room) -> Rollup:
    return folded(rollup, fit(rollup.red, rollup.edges, rollup.levels, room, rollup.dependencies))


def totals(counts: Mapping[RedKey, int]) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for (_, _, kind, _, slot), count in counts.items():
        found[kind, slot] = found.get((kind, slot), 0) + count
    return {key: count for key, count in found.items() if count}


@given(ROLLUPS, ROOMS)
def test_no_more_names_stay_than_there_is_room_for(rollup: Rollup, room: Room):
    result = fitted(rollup, room)
    services = {key[0] for key in result.red}
    for kind, name in ((0, 1), (2, 3)):
        services |= {key[name] for key in result.edges if key[kind] == "service"}
    services |= {key[1] for key in result.dependencies}
    assert len(services - {OTHER}) <= room.services
    for service in services - {OTHER}:
        operations = {key[1] for key in result.red if key[0] == service}
        assert len(operations - {OTHER}) <= room.operations
        called = {key[3] for key in result.edges if key[:2] == ("service", service)}
        called |= {key[1] for key in result.edges if key[2:4] == ("service", service) and key[0] == "database"}
        assert len(called - {OTHER}) <= room.peers
        others = {key[2] for key in result.dependencies if key[1] == service}
        assert len(others - {OTHER}) <= room.peers


@given(ROLLUPS, ROOMS)
def test_folding_loses_no_call(rollup: Rollup, room: Room):
    result = fitted(rollup, room)
    assert totals(result.red) == totals(rollup.red)
    assert sum(result.edges.values()) == sum(rollup.edges.values())
    assert sum(result.dependencies.values()) == sum(rollup.dependencies.values())


@given(ROLLUPS)
def test_what_fits_is_left_alone(rollup: Rollup):
    assert fitted(rollup, Room(99, 99, 99)) == rollup


@given(ROLLUPS, ROLLUPS, ROOMS, ROOMS)
def test_adding_what_was_folded_is_folding_what_was_added(one: Rollup, other: Rollup, room: Room, another: Room):
    left, right = fitted(one, room), fitted(other, another)
    assert add(left, right) == folded(add(one, other), joined(left.levels, right.levels))


@given(ROLLUPS, ROLLUPS, ROOMS, ROOMS)
def test_differences_telescope_through_folding(before: Rollup, after: Rollup, room: Room, another: Room):
    first, second = fitted(before, room), fitted(difference(after, before), another)
    assert add(first, second) == folded(after, joined(first.levels, second.levels))


@given(ROLLUPS, ROOMS, ROOMS)
def test_folding_further_after_folding_is_folding_further(rollup: Rollup, room: Room, another: Room):
    once = fitted(rollup, room)
    twice = fitted(once, another)
    assert twice == folded(rollup, twice.levels)


def test_a_service_with_ids_in_its_names_folds_nobody_elses():
    red: dict[RedKey, int] = {("noisy", f"GET /{number}", 2, 0, 0): 1 for number in range(500)}
    red["calm", "GET /", 2, 0, 0] = 1
    levels = fit(red, (), {}, Room(services=10, operations=50, peers=10))
    result = fold_red(red, levels)
    assert set(levels) == {(OPERATIONS, "noisy")}
    assert result["calm", "GET /", 2, 0, 0] == 1
    assert 400 < result["noisy", OTHER, 2, 0, 0] < 500
    assert 25 <= len(result) - 2 <= 50


def test_peers_without_number_become_one_of_their_kind():
    edges: dict[EdgeKey, int] = {
        ("service", "a", "external", f"10.0.0.{number}", False, 0, 0): 1 for number in range(200)
    }
    levels = fit((), edges, {}, Room(services=10, operations=10, peers=0))
    assert fold_edges(edges, levels) == {("service", "a", "external", OTHER, False, 0, 0): 200}
    assert set(levels) == {(PEERS, "a")}


def test_levels_of_a_folded_service_are_forgotten():
    red: dict[RedKey, int] = {("a", f"o{number}", 2, 0, 0): 1 for number in range(9)}
    levels = fit(red, (), {}, Room(services=0, operations=3, peers=0))
    assert set(levels) == {SERVICES}


def test_a_service_that_calls_any_address_folds_only_its_own_dependencies():
    links: dict[DependencyKey, int] = {(1, "noisy", f"10.0.0.{number}", 0, CALLS): 1 for number in range(500)}
    links[1, "calm", "db", 0, CALLS] = 1
    links[2, "calm", "10.0.0.7", 0, CALLS] = 1
    levels = fit((), (), {}, Room(services=10, operations=10, peers=50), links)
    result = fold_dependencies(links, levels)
    assert set(levels) == {(DEPENDENCIES, "noisy")}
    assert {key: count for key, count in result.items() if key[1] == "calm"} == {
        (1, "calm", "db", 0, CALLS): 1,
        (2, "calm", "10.0.0.7", 0, CALLS): 1,
    }
    assert 400 < result[1, "noisy", OTHER, 0, CALLS] < 500
