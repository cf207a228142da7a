"""Links between services: what a trace adds, and what is read of many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.zipkin.from_otlp import from_spans
from chalicelib.codecs.zipkin.linker import links_of
from chalicelib.model.rollups import Dependency
from chalicelib.model.span import Kind, Span
from chalicelib.model.tracestate import COUNT_UNIT
from chalicelib.model.windows import Window
from chalicelib.rollups.contributions import contribute_joined, contribution
from chalicelib.rollups.dependencies import dependencies
from chalicelib.rollups.keys import CALLS, ERRORS, JAEGER, ZIPKIN
from chalicelib.rollups.rollup import EMPTY, Rollup, Sums, coarsen, difference, total
from tests.actors import CHECKOUT, FRONTEND, NOON_NS, PAYMENTS, call, failure, span, trace, with_fields
from tests.rollups.strategies import SPANS, stored, traces

NOON_S = NOON_NS // 10**9
MINUTE_NS = 60 * 10**9
ALWAYS = Window(0, 2**63)


def said(links: tuple[Dependency, ...]) -> list[str]:
    return [f"{link.parent} -> {link.child} {link.calls}" + f" ({link.errors})" * bool(link.errors) for link in links]


def linked(dialect: frozenset[int], *spans: Span, window: Window = ALWAYS) -> list[str]:
    return said(dependencies(contribution(stored(list(spans))), window, dialect))


def test_the_shop_as_zipkin_links_it():
    assert linked(ZIPKIN, *trace()) == [
        "checkout -> database 1",
        "checkout -> payments 1 (1)",
        "frontend -> checkout 1",
    ]


def test_the_shop_as_jaeger_links_it():
    """Every step from a parent to its child, within a service too."""
    assert linked(JAEGER, *trace()) == [
        "checkout -> checkout 3",
        "checkout -> database 1",
        "checkout -> payments 1",
        "checkout -> queue 1",
        "frontend -> checkout 1",
        "queue -> fulfilment 1",
    ]


def test_zipkin_knows_names_in_lower_case_and_jaeger_as_they_are():
    asked = span("ask", kind=Kind.CLIENT, attributes={"server.address": "DB"}, resource=FRONTEND)
    assert linked(ZIPKIN, asked) == ["frontend -> db 1"]
    assert linked(JAEGER, asked, span("inside", parent=asked, resource=PAYMENTS)) == ["frontend -> payments 1"]


def test_a_sampled_span_counts_for_those_that_were_not_kept():
    client, server = call("charge", parent=None, at=(0, 100), by=CHECKOUT, to=PAYMENTS)
    kept = [with_fields(each, trace_state="ot=th:c", **failure()) for each in (client, server)]
    assert linked(ZIPKIN, *kept) == ["checkout -> payments 4 (4)"]
    assert linked(JAEGER, *kept) == ["checkout -> payments 4"]


@pytest.mark.parametrize(("begin", "end", "is_in"), [(0, 1, True), (59, 60, True), (60, 120, False), (-60, 0, False)])
def test_a_trace_counts_as_a_whole_in_the_minute_of_its_root(begin: int, end: int, *, is_in: bool):
    """The call is two minutes late, and a child's clock is early."""
    root = span("root", kind=Kind.SERVER, resource=FRONTEND)
    early = span("early", parent=root, at=(-70_000, 0), resource=FRONTEND)
    late = call("charge", parent=root, at=(130_000, 130_100), by=FRONTEND, to=PAYMENTS)
    window = Window(NOON_NS + begin * 10**9, NOON_NS + end * 10**9)
    for dialect in (ZIPKIN, JAEGER):
        assert any("-> payments" in link for link in linked(dialect, root, early, *late, window=window)) == is_in


def test_an_hour_that_lost_its_minutes_is_told_as_a_whole():
    rollups = {hour: coarsen(rollup) for hour, rollup in contribution(stored(trace())).items()}
    assert dependencies(rollups, Window(NOON_NS + 59 * MINUTE_NS, NOON_NS + 60 * MINUTE_NS), JAEGER)
    assert not dependencies(rollups, Window(NOON_NS + 60 * MINUTE_NS, NOON_NS + 61 * MINUTE_NS), JAEGER)


def test_what_is_below_nothing_while_views_are_replaced_is_nothing():
    rollup = Rollup(dependencies={(1, "a", "b", 0, CALLS): -COUNT_UNIT, (1, "a", "b", 0, ERRORS): COUNT_UNIT})
    assert dependencies({NOON_S: rollup}, ALWAYS, ZIPKIN) == ()
    rollup = Rollup(dependencies={(1, "a", "b", 0, CALLS): COUNT_UNIT, (1, "a", "b", 0, ERRORS): 2 * COUNT_UNIT})
    assert said(dependencies({NOON_S: rollup}, ALWAYS, ZIPKIN)) == ["a -> b 1 (1)"]


def test_what_either_end_told_of_is_one_link():
    rollup = Rollup(dependencies={(1, "a", "b", 0, CALLS): COUNT_UNIT, (2, "b", "a", 3, CALLS): 2 * COUNT_UNIT})
    assert said(dependencies({NOON_S: rollup}, ALWAYS, ZIPKIN)) == ["a -> b 3"]


@given(traces())
def test_what_a_trace_adds_are_the_links_of_zipkins_linker(made):
    """But for the weight of sampled spans, which Zipkin does not know."""
    plain = stored([with_fields(each, trace_state="") for each in made.spans])
    found = dependencies(contribution(plain), ALWAYS, ZIPKIN)
    expected = links_of(from_spans(plain.spans))
    assert {(link.parent, link.child): (link.calls, link.errors) for link in found} == expected


HALVES = st.lists(SPANS, min_size=1, max_size=4)


@given(HALVES, HALVES)
def test_joined_traces_are_linked_as_one_and_taken_away_again(one: list[Span], other: list[Span]):
    parts = [stored(one), stored(other, trace_id="f" * 32)]
    sums, alone = Sums(), Sums()
    for part in parts:
        sums.add(contribution(part))
        alone.add(contribution(part))
    contribute_joined(parts, sums)
    whole = contribution(stored([*one, *other]))
    both = total(sums.rollups().values()).dependencies
    assert by_ends(both) == by_ends(total(whole.values()).dependencies)
    contribute_joined(parts[::-1], sums, -1)
    assert difference(total(sums.rollups().values()), total(alone.rollups().values())) == EMPTY


def by_ends(counts) -> dict[object, int]:
    """Zipkin's counts whatever their minute."""
    found: dict[object, int] = {}
    for (told, teller, other, _, slot), count in counts.items():
        if told in ZIPKIN:
            found[told, teller, other, slot] = found.get((told, teller, other, slot), 0) + count
    return {key: count for key, count in found.items() if count}
