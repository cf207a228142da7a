import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.search.conditions import (
    AllOf,
    AnyOf,
    Both,
    Compare,
    Either,
    Exists,
    SpanMatch,
    TraceMatch,
)
from chalicelib.search.index import Index, entry_of, pack, remembering, union
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic, Operator, Static, StaticType
from tests.actors import CHECKOUT, FRONTEND, TRACE_ID, failure, resource, span, trace
from tests.search.index.naive import compile_regex, satisfies
from tests.search.index.strategies import plans, span_conditions, stored, trace_leaves, traces


def index_of(found, *, whole=True):
    return Index.unpack(pack([entry_of(each) for each in found]), whole=whole)


def matched(index, condition):
    """The ids of the traces that an index lets through."""
    return {row.trace_id for row in index.rows(index.match_tree(condition, compile_regex))}


def text(value):
    return Static(StaticType.STRING, value)


def spans_with(field, operator, value):
    return SpanMatch(Compare(field, operator, value))


def attribute(name, scope=AttributeScope.SPAN):
    return Attribute(scope, name)


@settings(max_examples=120, deadline=None)
@given(found=traces(), plan=plans)
def test_no_trace_that_satisfies_a_plan_is_ever_missed(found, plan):
    missed = {each.trace_id for each in found if satisfies(each, plan)} - matched(index_of(found), plan)
    assert not missed


@settings(max_examples=40, deadline=None)
@given(found=traces(), conditions=st.lists(span_conditions, min_size=20, max_size=20))
def test_no_span_is_missed_however_often_an_index_is_asked(found, conditions):
    index = index_of(found)
    for condition in map(SpanMatch, conditions):
        assert {each.trace_id for each in found if satisfies(each, condition)} <= matched(index, condition)


@settings(max_examples=80, deadline=None)
@given(found=traces(max_size=1), leaf=trace_leaves, cut=st.integers(0, 4))
def test_what_holds_for_a_whole_trace_is_let_through_by_one_of_its_parts(found, leaf, cut):
    [whole] = found
    parts = [stored(whole.trace_id, part) for part in (whole.spans[:cut], whole.spans[cut:]) if part]
    if satisfies(whole, leaf):
        assert any(matched(index_of([part], whole=False), leaf) for part in parts)
        together = Index.unpack(pack([union(entry_of(part) for part in parts)]))
        assert matched(together, leaf)


class TestTheOrder:
    """The trace of tests/actors.py beside a healthy one."""

    ORDER = stored(TRACE_ID, trace())
    HEALTHY = stored("ab" * 16, [span("GET /health", resource=FRONTEND)])

    @pytest.fixture
    def index(self):
        return index_of([self.ORDER, self.HEALTHY])

    @pytest.mark.parametrize(
        "condition",
        [
            Compare(Intrinsic.SPAN_STATUS, Operator.EQUAL, Static(StaticType.STATUS, "error")),
            Compare(Intrinsic.SPAN_KIND, Operator.EQUAL, Static(StaticType.KIND, "consumer")),
            Compare(Intrinsic.SPAN_NAME, Operator.REGEX, text("process .*")),
            Compare(Intrinsic.SPAN_DURATION, Operator.GREATER, Static(StaticType.DURATION, 1_000_000_000)),
            Compare(Intrinsic.EVENT_NAME, Operator.EQUAL, text("exception")),
            Compare(attribute("exception.type", AttributeScope.EVENT), Operator.NOT_EQUAL, text("Timeout")),
            Compare(attribute("service.name", AttributeScope.ANY), Operator.EQUAL, text("payments")),
            Compare(attribute("faas.coldstart"), Operator.EQUAL, Static(StaticType.BOOL, value=True)),
            Exists(attribute("faas.trigger")),
            AnyOf((Exists(attribute("nothing")), Exists(attribute("faas.trigger")))),
            AllOf(
                (Exists(attribute("faas.coldstart")), Compare(Intrinsic.SPAN_NAME, Operator.EQUAL, text("checkout")))
            ),
        ],
        ids=repr,
    )
    def test_is_found_alone_by_what_only_it_has(self, index, condition):
        assert matched(index, SpanMatch(condition)) == {TRACE_ID}

    @pytest.mark.parametrize(
        "condition",
        [
            Compare(Intrinsic.SPAN_NAME, Operator.EQUAL, text("DELETE /orders")),
            Compare(Intrinsic.SPAN_DURATION, Operator.GREATER, Static(StaticType.DURATION, 60_000_000_000)),
            Compare(attribute("service.name"), Operator.EQUAL, text("payments")),  # it is the resource's
            Compare(attribute("faas.coldstart"), Operator.NOT_EQUAL, Static(StaticType.BOOL, value=True)),
            Compare(attribute("faas.coldstart"), Operator.EQUAL, text("true")),
            Exists(Intrinsic.LINK_TRACE_ID),
            AnyOf(()),
        ],
        ids=repr,
    )
    def test_is_not_let_through_by_what_nothing_has(self, index, condition):
        assert matched(index, SpanMatch(condition)) == set()

    @pytest.mark.parametrize(
        "condition",
        [
            Compare(Intrinsic.TRACE_ROOT_SERVICE, Operator.EQUAL, text("frontend")),
            Compare(Intrinsic.TRACE_ROOT_NAME, Operator.NOT_EQUAL, text("GET /")),
            Compare(Intrinsic.TRACE_DURATION, Operator.GREATER, Static(StaticType.INT, 0)),
        ],
        ids=repr,
    )
    def test_is_found_with_the_other_by_what_both_are(self, index, condition):
        assert matched(index, TraceMatch(condition)) == {TRACE_ID, "ab" * 16}

    def test_is_told_from_the_other_by_what_its_trace_is(self, index):
        name = TraceMatch(Compare(Intrinsic.TRACE_ROOT_NAME, Operator.REGEX, text("POST.*")))
        long = TraceMatch(Compare(Intrinsic.TRACE_DURATION, Operator.GREATER, Static(StaticType.DURATION, 10**9)))
        known = TraceMatch(Compare(Intrinsic.TRACE_ID, Operator.EQUAL, text(TRACE_ID)))
        assert matched(index, name) == matched(index, long) == matched(index, known) == {TRACE_ID}
        assert matched(index, Both((name, long))) == matched(index, Either((name, Either(())))) == {TRACE_ID}

    def test_is_let_through_by_what_only_the_tree_of_spans_can_tell(self, index):
        for undecided in (
            Compare(Intrinsic.SPAN_ID, Operator.EQUAL, text("x")),
            Compare(Intrinsic.NESTED_SET_PARENT, Operator.LESS, Static(StaticType.INT, 0)),
            Compare(Attribute(AttributeScope.SPAN, "x", parent=True), Operator.EQUAL, text("y")),
            Exists(Attribute(AttributeScope.ANY, "x", parent=True)),
            Compare(attribute("faas.trigger"), Operator.EQUAL, Static(StaticType.NIL)),
        ):
            assert TRACE_ID in matched(index, SpanMatch(undecided))


def test_a_part_of_a_trace_does_not_tell_how_long_the_trace_is_at_most():
    part = [stored(TRACE_ID, [span("a", at=(0, 10))])]
    longer = TraceMatch(Compare(Intrinsic.TRACE_DURATION, Operator.GREATER, Static(StaticType.DURATION, 10**9)))
    shorter = TraceMatch(Compare(Intrinsic.TRACE_DURATION, Operator.LESS, Static(StaticType.DURATION, 10**6)))
    assert matched(index_of(part, whole=False), longer) == {TRACE_ID}
    assert matched(index_of(part, whole=False), shorter) == set()
    assert matched(index_of(part), longer) == set()


def test_many_values_are_found_by_equality_and_others_hardly_ever():
    ids = [f"{number:032x}-of-a-request" for number in range(400)]
    found = [stored(f"{n:032x}", [span("GET /", attributes={"id": ids[n], "n": n * 7919})]) for n in range(1, 400)]
    index = index_of(found)
    by_id = [matched(index, spans_with(attribute("id"), Operator.EQUAL, text(each))) for each in ids[1:]]
    by_number = [
        matched(index, spans_with(attribute("n"), Operator.EQUAL, Static(StaticType.FLOAT, float(n * 7919))))
        for n in range(1, 400)
    ]
    for answers in (by_id, by_number):
        assert all(f"{n:032x}" in answer for n, answer in enumerate(answers, 1))
        assert sum(map(len, answers)) < 1.05 * len(answers) + 399 * 399 * 0.02


def test_a_range_of_many_numbers_lets_through_little_more_than_its_edges():
    found = [stored(f"{n:032x}", [span("GET /", attributes={"n": n})]) for n in range(1, 1000)]
    index = index_of(found)
    for operator, exact in ((Operator.GREATER, 999 - 600), (Operator.LESS_EQUAL, 600)):
        answered = matched(index, spans_with(attribute("n"), operator, Static(StaticType.INT, 600)))
        assert exact <= len(answered) <= exact + 250  # one half-octave around 600


def test_a_text_too_long_to_keep_is_found_by_equality_and_let_through_by_a_regular_expression():
    story, other = "once upon a time " * 100, "once upon a time " * 99
    index = index_of([stored(TRACE_ID, [span("a", attributes={"story": story})])])
    assert matched(index, spans_with(attribute("story"), Operator.EQUAL, text(story))) == {TRACE_ID}
    assert matched(index, spans_with(attribute("story"), Operator.EQUAL, text(other))) == set()
    assert matched(index, spans_with(attribute("story"), Operator.REGEX, text("nothing of the kind"))) == {TRACE_ID}


def test_links_are_found_by_the_trace_they_lead_to():
    from chalicelib.model.span import Link  # noqa: PLC0415  # here alone

    linked = [
        stored(f"{n:032x}", [span("consume", links=(Link(trace_id=f"{n % 300:032x}", span_id="ab" * 8),))])
        for n in range(1000, 2000)
    ]
    answered = matched(index_of(linked), spans_with(Intrinsic.LINK_TRACE_ID, Operator.EQUAL, text(f"{7:032x}")))
    assert {f"{n:032x}" for n in range(1000, 2000) if n % 300 == 7} <= answered
    assert len(answered) < 40


def test_an_integer_equals_a_float_and_a_duration_of_its_size():
    index = index_of([stored(TRACE_ID, [span("a", attributes={"n": 1_000_000_000})])])
    for equal in (Static(StaticType.FLOAT, 1e9), Static(StaticType.DURATION, 10**9), Static(StaticType.INT, 10**9)):
        assert matched(index, spans_with(attribute("n"), Operator.EQUAL, equal)) == {TRACE_ID}
    assert matched(index, spans_with(attribute("n"), Operator.EQUAL, text("1000000000"))) == set()


def test_a_trace_that_was_never_given_a_root_is_named_after_its_first_orphan():
    orphans = stored(TRACE_ID, [span("work", parent="elsewhere", resource=CHECKOUT), span("inner", parent="work")])
    named = TraceMatch(Compare(Intrinsic.TRACE_ROOT_NAME, Operator.EQUAL, text("work")))
    other = TraceMatch(Compare(Intrinsic.TRACE_ROOT_NAME, Operator.EQUAL, text("inner")))
    assert matched(index_of([orphans]), named) == {TRACE_ID}
    assert matched(index_of([orphans]), other) == set()


def test_a_regular_expression_is_asked_once_of_each_text():
    asked = []

    def spying(pattern):
        return lambda value: asked.append((pattern, value)) or value == "failed"

    compile_once = remembering(spying)
    failed = [stored(f"{n:032x}", [span("failed", **failure())]) for n in range(3)]
    condition = spans_with(Intrinsic.SPAN_NAME, Operator.REGEX, text("f.*"))
    for _ in range(3):
        assert index_of(failed).match(condition, compile_once) == 0b111
    assert asked == [("f.*", "failed")]


def test_an_error_of_the_regular_expression_is_the_askers():
    def refuses(pattern):
        raise KeyError(pattern)

    index = index_of([stored(TRACE_ID, [span("a", resource=resource("checkout"))])])
    with pytest.raises(KeyError):
        index.match(spans_with(Intrinsic.SPAN_NAME, Operator.REGEX, text("(")), refuses)
