"""What holds for any spans whatever: broken, repeated, looping, of several traces, with clocks from anywhere."""

import random
from itertools import pairwise

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.assembly.steps import assemble
from chalicelib.model.span import Event, Kind, Link, Span
from tests.actors import CHECKOUT, NOON_NS, PAYMENTS, QUEUE, resource

LATEST = 2**64 - 1
SPAN_IDS = [f"{number:016x}" for number in range(7)]  # few, so that they collide; the first is invalid
TRACE_IDS = ["0" * 16 + "d269b633813fc60c", "5b8efff798038103d269b633813fc60c"]

moments = st.integers(NOON_NS, NOON_NS + 12) | st.sampled_from([0, 1, LATEST - 1, LATEST])
values = (
    st.none() | st.booleans() | st.integers(-1, 1) | st.floats() | st.text("ab", max_size=2) | st.binary(max_size=2)
)
attributes = st.dictionaries(st.sampled_from(["faas.coldstart", "exception.type", "error.type", "k"]), values)
events = st.builds(Event, time_ns=moments, name=st.sampled_from(["exception", ""]), attributes=attributes)
links = st.builds(Link, trace_id=st.sampled_from([*TRACE_IDS, "", "0" * 32]), span_id=st.sampled_from(SPAN_IDS))
any_span = st.builds(
    Span,
    trace_id=st.sampled_from(TRACE_IDS),
    span_id=st.sampled_from(SPAN_IDS),
    parent_id=st.none() | st.sampled_from([*SPAN_IDS, "f" * 16]),
    name=st.sampled_from(["a", "b"]),
    kind=st.integers(0, 6),
    start_ns=moments,
    end_ns=moments,
    status_code=st.integers(0, 3),
    attributes=attributes,
    events=st.tuples() | st.tuples(events),
    links=st.tuples() | st.tuples(links, links),
    flags=st.sampled_from([0, 0x100, 0x300]),
    resource=st.sampled_from([CHECKOUT, resource("checkout"), resource("checkout", "2"), PAYMENTS, QUEUE]),
)
any_spans = st.lists(any_span, max_size=14)

patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines are shared


@patiently
@given(any_spans, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_bytes(spans: list[Span], rnd: random.Random):
    mixed = spans + rnd.choices(spans, k=len(spans)) if spans else []
    rnd.shuffle(mixed)
    assert msgspec.json.encode(assemble(mixed)) == msgspec.json.encode(assemble(spans))


@patiently
@given(any_spans)
def test_every_span_is_shown_once_or_is_a_version_of_one_that_is(spans: list[Span]):
    rows = assemble(spans).spans
    shown = {(row.trace_id, row.span_id, row.service, row.kind) for row in rows}
    several = len({span.trace_id for span in spans}) > 1
    kinds = {number: Kind(number).name.lower() if number < 6 else str(number) for number in range(7)}
    sent = {
        (span.trace_id if several else None, span.span_id, span.resource.service_name, kinds[span.kind])
        for span in spans
    }
    assert shown == sent
    operations = {(s.trace_id, s.span_id, s.resource.service_name, s.kind, s.start_ns) for s in spans}
    assert len(rows) == len(operations)


@patiently
@given(any_spans)
def test_a_parent_comes_before_its_children_one_level_up(spans: list[Span]):
    rows = assemble(spans).spans
    for index, row in enumerate(rows):
        if row.parent_index is None:
            assert row.depth == 0
        else:
            parent = rows[row.parent_index]
            assert row.parent_index < index <= row.parent_index + parent.descendant_count
            assert row.depth == parent.depth + 1
    assert sum(row.child_count for row in rows) == sum(row.depth > 0 for row in rows)


@patiently
@given(any_spans)
def test_every_number_is_in_its_range(spans: list[Span]):
    trace = assemble(spans)
    for row in trace.spans:
        assert 0 <= row.self_time_ns <= row.duration_ns
        assert 0 <= row.critical_ns <= row.duration_ns
        assert 0 <= row.offset_ns <= row.offset_ns + row.duration_ns <= trace.summary.duration_ns
        assert int(row.start_time_unix_nano) == int(trace.summary.start_time_unix_nano) + row.offset_ns
    assert sum(totals.span_count for totals in trace.services) == len(trace.spans)
    assert {code for row in trace.spans for code in row.warnings} <= {warned.code for warned in trace.warnings}


@patiently
@given(any_spans)
def test_the_critical_path_is_the_roots_duration_piece_by_piece(spans: list[Span]):
    trace = assemble(spans)
    assert sum(segment.duration_ns for segment in trace.critical_path) == trace.summary.root_duration_ns
    for path in (trace.critical_path, trace.completion_path):
        assert all(segment.duration_ns > 0 for segment in path)
        assert all(one.offset_ns + one.duration_ns == other.offset_ns for one, other in pairwise(path))
        assert not path or path[0].offset_ns == trace.spans[0].offset_ns
    for segment in trace.critical_path:
        row = trace.spans[segment.index]
        assert row.span_id == segment.span_id
        assert row.offset_ns <= segment.offset_ns
        assert segment.offset_ns + segment.duration_ns <= row.offset_ns + row.duration_ns


@patiently
@given(any_spans)
def test_no_callee_begins_before_its_caller_unless_that_is_said(spans: list[Span]):
    rows = assemble(spans).spans
    for row in rows:
        if row.parent_index is None or "clock-far-off" in row.warnings:
            continue
        caller = rows[row.parent_index]
        if (caller.kind, row.kind) == ("client", "server") and caller.service != row.service:
            assert row.offset_ns >= caller.offset_ns


@st.composite
def nested_calls(draw: st.DrawFn) -> list[Span]:
    """One root; children lie inside their parent, one after the other."""
    count = draw(st.integers(1, 12))
    free = [(NOON_NS, NOON_NS + draw(st.integers(1, 1000)))]  # for each span where its next child may begin, and end
    spans = [Span(trace_id=TRACE_IDS[1], span_id="1" * 16, start_ns=free[0][0], end_ns=free[0][1], resource=CHECKOUT)]
    for number in range(1, count):
        parent = draw(st.integers(0, number - 1))
        begin = draw(st.integers(*free[parent]))
        end = draw(st.integers(begin, free[parent][1]))
        free[parent] = (end, free[parent][1])
        free.append((begin, end))
        who = draw(st.sampled_from([CHECKOUT, PAYMENTS]))
        named = {"span_id": f"{number:016x}", "parent_id": spans[parent].span_id, "resource": who}
        spans.append(Span(trace_id=TRACE_IDS[1], start_ns=begin, end_ns=end, **named))
    return spans


@patiently
@given(nested_calls())
def test_when_calls_nest_one_after_the_other_self_times_add_up_and_are_the_path(spans: list[Span]):
    trace = assemble(spans)
    assert sum(row.self_time_ns for row in trace.spans) == trace.summary.root_duration_ns
    assert [row.critical_ns for row in trace.spans] == [row.self_time_ns for row in trace.spans]
