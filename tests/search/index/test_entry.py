import pytest
from hypothesis import given, settings

from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.spans import from_spans, to_spans
from chalicelib.model.span import Link, Resource, Scope
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search.index import EntryReader, entry_of, union
from chalicelib.search.index.entry import MAX_SERVICES, MAX_TERMS
from chalicelib.search.index.terms import MAX_TEXT_CHARACTERS, field_of, split
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic
from tests.actors import CHECKOUT, FRONTEND, MS, NOON_NS, PAYMENTS, TRACE_ID, failure, resource, span, trace
from tests.search.index.strategies import NOON_MS, stored
from tests.search.index.strategies import traces as index_traces
from tests.strategies import traces as messages

ORDER = stored(TRACE_ID, trace())


def fields(entry):
    return {field_of(split(term)[0]) for term in entry.terms}


def test_an_entry_says_when_a_trace_was_how_much_it_holds_and_who_took_part():
    entry = entry_of(ORDER)
    assert (entry.start_ns, entry.end_ns) == (NOON_NS, NOON_NS + 5400 * MS)
    assert (entry.span_count, entry.error_count) == (9, 1)
    assert entry.services == ("checkout", "database", "frontend", "fulfilment", "payments", "queue")
    assert (entry.root_service, entry.root_name) == ("frontend", "POST /orders")
    assert not entry.root_uncertain
    assert not entry.overflowing


def test_terms_are_of_every_scope_and_of_the_intrinsics_of_a_span():
    link = Link(trace_id="ab" * 16, span_id="cd" * 8, attributes={"why": "retry"})
    scope = Scope(name="lambda", version="1", attributes={"edition": 2})
    [failed] = [each for each in ORDER.spans if each.events]
    entry = entry_of(stored(TRACE_ID, [failed, span("a", links=(link,), scope=scope, attributes={"x": [1, "one"]})]))
    assert fields(entry) >= {
        Attribute(AttributeScope.SPAN, "x"),
        Attribute(AttributeScope.RESOURCE, "service.name"),
        Attribute(AttributeScope.EVENT, "exception.type"),
        Attribute(AttributeScope.LINK, "why"),
        Attribute(AttributeScope.INSTRUMENTATION, "edition"),
        Intrinsic.SPAN_NAME,
        Intrinsic.SPAN_DURATION,
        Intrinsic.SPAN_KIND,
        Intrinsic.SPAN_STATUS,
        Intrinsic.SPAN_STATUS_MESSAGE,
        Intrinsic.EVENT_NAME,
        Intrinsic.EVENT_TIME_SINCE_START,
        Intrinsic.LINK_TRACE_ID,
        Intrinsic.LINK_SPAN_ID,
        Intrinsic.INSTRUMENTATION_NAME,
        Intrinsic.INSTRUMENTATION_VERSION,
    }


@settings(max_examples=60, deadline=None)
@given(found=index_traces(max_size=2))
def test_the_short_way_from_a_message_gives_what_the_way_over_spans_gives(found):
    reader = EntryReader()
    for one in found:
        message = TracesData.FromString(from_spans(one.spans).SerializeToString())
        read = StoredTrace(trace_id=one.trace_id, spans=to_spans(message), arrived_ms=NOON_MS)
        assert reader.entry_of_message(message, one.trace_id, NOON_MS) == entry_of(read)
        assert reader.entry_of_message(message, one.trace_id, NOON_MS) == entry_of(read)  # as it remembers it


@settings(max_examples=60, deadline=None)
@given(message=messages())
def test_any_message_has_at_least_the_terms_of_its_spans(message):
    spans = to_spans(message)
    if spans:
        by_spans = entry_of(stored(TRACE_ID, spans))
        entry = EntryReader().entry_of_message(message, TRACE_ID, NOON_MS)
        assert by_spans.terms <= entry.terms  # more where a key is repeated: spans keep its last value
        assert (by_spans.start_ns, by_spans.end_ns) == (entry.start_ns, entry.end_ns)


def test_the_parts_of_a_trace_come_together_in_any_order():
    parts = [entry_of(stored(TRACE_ID, trace()[start : start + 3])) for start in (0, 3, 6)]
    whole = entry_of(ORDER)
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        together = union(parts[number] for number in order)
        assert together.terms == whole.terms
        assert together.services == whole.services
        assert (together.start_ns, together.end_ns) == (whole.start_ns, whole.end_ns)
        assert (together.span_count, together.error_count) == (9, 1)
        assert (together.root_service, together.root_name) == ("frontend", "POST /orders")


def test_a_span_without_a_parent_is_the_root_before_an_earlier_orphan():
    orphan = span("orphan", parent="elsewhere", at=(0, 5), resource=PAYMENTS)
    root = span("root", at=(3, 9), resource=FRONTEND)
    assert entry_of(stored(TRACE_ID, [orphan, root])).root_name == "root"
    together = union([entry_of(stored(TRACE_ID, [orphan])), entry_of(stored(TRACE_ID, [root]))])
    assert (together.root_service, together.root_name) == ("frontend", "root")


@pytest.mark.parametrize("parent_id", ["0" * 16, "ab" * 8])
def test_a_parent_id_of_zeros_or_its_own_makes_a_span_a_root(parent_id):
    root = span("root", span_id="ab" * 8, parent_id=parent_id)
    child = span("child", parent_id="ab" * 8, at=(-5, 5))
    assert entry_of(stored(TRACE_ID, [root, child])).root_name == "root"


def test_a_root_is_uncertain_when_others_could_take_its_place():
    roots = [span("a"), span("b", at=(1, 2))]
    orphans = [span("a", parent="x"), span("b", parent="y", at=(1, 2))]
    for two in (roots, orphans):
        assert entry_of(stored(TRACE_ID, two)).root_uncertain
        assert union(entry_of(stored(TRACE_ID, [one])) for one in two).root_uncertain


def test_spans_that_are_each_anothers_child_have_no_root():
    circle = [span("a", parent="b"), span("b", parent="a")]
    entry = entry_of(stored(TRACE_ID, circle))
    assert (entry.root, entry.root_service, entry.root_name) == (None, None, None)


def test_a_clock_far_off_counts_as_the_moment_of_arrival():
    entry = entry_of(stored(TRACE_ID, [span("a", start_ns=0, end_ns=5)]))
    assert (entry.start_ns, entry.end_ns) == (NOON_MS * 1_000_000, NOON_MS * 1_000_000 + 5)


class TestWhatIsTooMuch:
    def test_an_entry_of_too_many_terms_overflows(self):
        attributes = {f"key.{number}": number for number in range(MAX_TERMS + 1)}
        entry = entry_of(stored(TRACE_ID, [span("a", attributes=attributes), span("b", **failure())]))
        assert entry.overflowing
        assert not entry.terms
        assert (entry.span_count, entry.error_count) == (2, 1)

    def test_so_does_one_of_many_spans_and_its_message_and_a_union_with_it(self):
        spans = [span(f"s{n}", attributes={f"k{i}": f"{n} {i}" for i in range(20)}) for n in range(MAX_TERMS // 20 + 1)]
        entry = entry_of(stored(TRACE_ID, spans))
        assert entry.overflowing
        assert EntryReader().entry_of_message(from_spans(spans), TRACE_ID, NOON_MS).overflowing
        small = entry_of(stored(TRACE_ID, [span("a")]))
        assert union([small, entry]).overflowing
        assert not union([small, entry]).terms

    def test_two_that_overflow_only_together_overflow_together(self):
        halves = [
            entry_of(stored(TRACE_ID, [span("a", attributes={f"{half}{n}": n for n in range(MAX_TERMS * 2 // 3)})]))
            for half in "ab"
        ]
        assert not any(half.overflowing for half in halves)
        assert union(halves).overflowing

    def test_names_and_texts_are_cut_to_a_bound(self):
        huge = "x" * 1_000_000
        hostile = span(huge, resource=Resource(attributes={"service.name": huge}), attributes={huge: huge})
        entry = entry_of(stored(TRACE_ID, [hostile]))
        assert max(map(len, entry.terms)) < 1500
        assert len(entry.root_name) == len(entry.root_service) == len(entry.services[0]) == MAX_TEXT_CHARACTERS
        assert entry.root_uncertain

    def test_services_are_the_first_so_many(self):
        spans = [span(f"s{n}", resource=resource(f"service-{n:03}")) for n in range(MAX_SERVICES + 9)]
        entry = entry_of(stored(TRACE_ID, [*spans, span("last", resource=CHECKOUT)]))
        assert entry.services == ("checkout", *(f"service-{n:03}" for n in range(MAX_SERVICES - 1)))

    def test_a_reader_forgets_rather_than_growing(self):
        reader = EntryReader()
        for n in range(1200):
            one = [span("a", resource=resource(f"service-{n}"), attributes={f"k{n}": "v" * 300, "x": n})]
            message = TracesData.FromString(from_spans(one).SerializeToString())
            assert reader.entry_of_message(message, TRACE_ID, NOON_MS) == entry_of(stored(TRACE_ID, to_spans(message)))
        assert len(reader._resources) <= 500
        assert all(len(identity) <= 160 for identity in reader._attributes[b"s"])
