"""Intrinsics, scopes, and what matched spans show."""

import pytest

from chalicelib.model.span import Event, Link, Scope
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search.evaluation import evaluate
from chalicelib.search.parser import parse
from tests.actors import FRONTEND, MS, NOON_NS, PAYMENTS, TRACE_ID, failure, span, span_id, trace
from tests.search.asking import ask, selects
from tests.search.traces import stored


@pytest.mark.parametrize(
    "condition",
    [
        "duration = 10ms",
        'name = "work"',
        'statusMessage = "card declined"',
        f'span:id = "{span_id("work")}"',
        f'span:parentID = "{span_id("caller")}"',
        f'trace:id = "{TRACE_ID}"',
        'instrumentation:name = "lib" && instrumentation:version = "2" && instrumentation.stable = true',
        'rootName = "work" && rootServiceName = "payments"',
        "traceDuration = 10ms",
        "childCount = 0",
    ],
)
def test_intrinsics_of_a_span(condition):
    scope = Scope(name="lib", version="2", attributes={"stable": True})
    assert selects(condition, span("work", parent="caller", scope=scope, resource=PAYMENTS, **failure()))


@pytest.mark.parametrize("end_ns", [0, NOON_NS - MS])
def test_a_span_without_a_sensible_end_lasts_nothing(end_ns):
    assert selects("duration = 0ms", span("work", end_ns=end_ns))


@pytest.mark.parametrize("parent_id", [None, "0" * 16])
def test_a_root_has_no_parent_id_not_even_one_to_differ_from(parent_id):
    assert not selects('span:parentID != "x"', span("work", parent_id=parent_id))


def test_the_trace_is_named_by_its_earliest_span_without_a_parent():
    early_orphan = span("early orphan", parent="gone", at=(0, 1))
    roots = [span("second root", at=(5, 9)), span("root", at=(2, 9), resource=FRONTEND)]
    assert len(ask('{ rootName = "root" && rootServiceName = "frontend" }', early_orphan, *roots)) == 3


def test_a_trace_without_a_root_is_named_by_its_earliest_orphan():
    assert ask('{ rootName = "b" }', span("a", parent="gone", at=(5, 9)), span("b", parent="gone", at=(1, 9))) == [
        "b",
        "a",
    ]


def test_a_trace_that_is_nothing_but_a_circle_has_no_name():
    ring = [span("a", parent="b"), span("b", parent="a")]
    assert ask('{ rootName != "x" }', *ring) == []


def test_the_duration_of_the_trace_is_from_first_start_to_last_end():
    spans = [span("a", at=(0, 10)), span("b", at=(5, 25))]
    assert ask("{ traceDuration = 25ms && duration = 20ms }", *spans) == ["b"]


def test_attributes_of_the_parent():
    caller = span("caller", attributes={"tier": "gold"}, resource=FRONTEND)
    called = span("called", parent=caller, at=(1, 2), attributes={"tier": "lead"})
    assert ask('{ parent.span.tier = "gold" }', caller, called) == ["called"]
    assert ask('{ parent.service.name = "frontend" }', caller, called) == ["called"]
    assert ask("{ parent.tier = nil }", caller, called) == ["caller"]


CACHE_AND_RETRY = span(
    "work",
    events=(
        Event(name="cache", time_ns=NOON_NS + 2 * MS, attributes={"hit": False, "size": 5}),
        Event(name="retry", time_ns=NOON_NS + 4 * MS, attributes={"hit": True}),
    ),
)


@pytest.mark.parametrize(
    ("condition", "selected"),
    [
        ('event:name = "retry"', True),
        ('event:name != "retry"', True),
        ('!(event:name = "retry")', False),
        ("event:timeSinceStart > 3ms", True),
        ("event:timeSinceStart > 4ms", False),
        ("event.hit = true && event.size = 5", True),
        ("event.hit", True),
        ("!event.hit", True),
        ("event.size * 2 = 10", True),
        ("event.size = nil", False),
        ("event.absent = nil", True),
        ('event:name = "retry" = true', True),
        ("(event.size = 4) = false", True),
    ],
)
def test_a_condition_about_events_holds_if_one_event_satisfies_it(condition, selected):
    assert selects(condition, CACHE_AND_RETRY) is selected


def test_one_comparison_looks_at_one_event():
    same = span("work", events=(Event(attributes={"a": 1, "b": 2}), Event(attributes={"a": 2, "b": 1})))
    assert not selects("event.a = event.b", same)
    assert selects("event.a + event.b = 3", same)


def test_a_span_without_events_satisfies_nothing_about_them():
    assert not selects('event:name != "x"', span("work"))


def test_a_condition_about_links_holds_if_one_link_satisfies_it():
    links = (Link(trace_id="1" * 32, span_id="2" * 16), Link(trace_id="3" * 32, attributes={"why": "batch"}))
    linking = span("work", links=links, events=(Event(attributes={"why": "batch"}),))
    assert selects(f'link:traceID = "{"3" * 32}" && link:spanID = "{"2" * 16}"', linking)
    assert selects('link.why = "batch" && link.why = event.why', linking)
    assert not selects('link.why = "stream"', linking)


def shown(text, *spans):
    return [dict(matched.fields) for spanset in evaluate(parse(text), stored(*spans)) for matched in spanset.spans]


def test_a_matched_span_shows_what_the_query_mentions_and_the_span_has():
    work = span("work", attributes={"x": 1, "y": "b"}, resource=PAYMENTS, **failure())
    query = '{ span.x > 0 && status = error && name != "z" && .z = nil } | select(.y, resource.service.name, kind)'
    assert shown(query, work) == [{"x": 1, "status": "error", "y": "b", "service.name": "payments", "kind": "internal"}]


def test_fields_that_share_a_name_are_told_apart_by_scope():
    work = span("work", attributes={"region": "eu"}, resource=PAYMENTS)
    fields = '{ span.region = "eu" } | select(resource.region, parent.region, resource.service.name)'
    assert shown(fields, work) == [{"region": "eu", "service.name": "payments"}]
    both = span("both", attributes={"service.name": "own"})
    assert shown("{ } | select(span.service.name, resource.service.name)", both) == [
        {"service.name": "own", "resource.service.name": "checkout"}
    ]


def test_fields_of_events_are_shown_with_all_their_values():
    assert shown('{ event:name = "retry" } | select(event.size)', CACHE_AND_RETRY) == [
        {"event:name": ["cache", "retry"], "size": 5}
    ]


def test_durations_are_shown_as_nanoseconds():
    assert shown("{ traceDuration > 1ms }", span("work")) == [{"traceDuration": 10 * MS}]


def test_a_search_in_the_demo_order_reads_like_a_sentence():
    order = trace()
    assert ask("{ status = error }", *order) == ["charge"]
    assert ask('{ resource.service.name = "frontend" } >> { status = error }', *order) == ["charge"]
    assert ask("{ nestedSetParent < 0 }", *order) == ["POST /orders"]
    assert ask("{ kind = consumer && duration > 300ms }", *order) == ["process orders"]


def test_absurd_clocks_count_from_the_arrival():
    trace_of_1970 = StoredTrace(trace_id=TRACE_ID, spans=[span("work", start_ns=0, end_ns=5)], arrived_ms=NOON_NS // MS)
    assert evaluate(parse("{ traceDuration = 5ns }"), trace_of_1970)
