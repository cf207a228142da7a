"""Links of a trace, over views that the pipeline made."""

import pytest

from chalicelib.model.errors import NoSuchTrace, QueryError
from chalicelib.model.span import Link
from chalicelib.query.links import LinksRequest, links
from tests.actors import MS, NOON_NS, TRACE_ID, span, span_id
from tests.clocks import Clock
from tests.in_memory import TENANT
from tests.query.worlds import MINUTE, S
from tests.views.pipeline import Pipeline, trace_id_of

ORDER = span("order", at=(0, 100))


def consumer(number, *, at_s=0.0, to=TRACE_ID, **fields):
    """A span of a trace of its own that knows of the order's."""
    link = Link(trace_id=to, span_id=span_id("order"), attributes={"n": number})
    fields = {"trace_id": trace_id_of(f"consumer {number}"), "links": (link,)} | fields
    return span(f"process {number}", at=(at_s * 1000, at_s * 1000 + 5), **fields)


def world(*spans):
    pipeline = Pipeline(clock=Clock(NOON_NS + 100 * MS))
    for each in sorted([ORDER, *spans], key=lambda each: each.start_ns):
        pipeline.clock.at_ns = max(pipeline.clock.at_ns, each.end_ns)
        pipeline.deliver([pipeline.post([each])])
        pipeline.settle(60)
    return pipeline


def ask(pipeline, trace_id=TRACE_ID, **fields):
    return links(pipeline.services, TENANT, LinksRequest(trace_id, **fields), pipeline.clock.deadline())


def test_links_of_a_trace_are_told_in_the_order_of_its_spans():
    first = consumer(1)
    page = ask(world(first), first.trace_id)
    [link] = page.outgoing
    assert (link.span_id, link.name, link.service) == (first.span_id, "process 1", "checkout")
    assert (link.trace_id, link.linked_span_id) == (TRACE_ID, span_id("order"))
    assert [(field.key, field.value) for field in link.attributes] == [("n", 1)]
    assert (page.outgoing_count, page.incoming, page.cursor) == (1, (), None)


def test_links_to_a_trace_are_found_sealed_or_not_newest_first():
    pipeline = world(*(consumer(n, at_s=n * 1000) for n in range(5)))
    pipeline.settle(3600)
    fresh = consumer(9, at_s=(pipeline.clock.at_ns - NOON_NS) / S)
    pipeline.deliver([pipeline.post([fresh])])
    page = ask(pipeline)
    assert [link.name for link in page.incoming] == [f"process {n}" for n in (9, 4, 3, 2, 1, 0)]
    assert (page.incoming[0].trace_id, page.incoming[0].span_id) == (fresh.trace_id, fresh.span_id)
    assert page.incoming[0].linked_span_id == span_id("order")
    assert page.outgoing == ()


def test_a_trace_that_began_before_and_links_later_is_found():
    early = span("poll", trace_id=trace_id_of("poller"), at=(-3 * 3600 * 1000, 10**7))
    later = consumer(1, at_s=60, parent=early, trace_id=early.trace_id)
    pipeline = world(early, later)
    pipeline.settle(600)
    assert [link.span_id for link in ask(pipeline).incoming] == [later.span_id]


def test_pages_go_on_where_the_last_one_ended():
    pipeline = world(*(consumer(n, at_s=n * 60) for n in range(7)))
    page = ask(pipeline, limit=2)
    found = list(page.incoming)
    assert page.outgoing_count == 0
    while page.cursor is not None:
        page = ask(pipeline, limit=2, cursor=page.cursor)
        found += page.incoming
        assert page.outgoing_count is None
    assert tuple(found) == ask(pipeline).incoming


def test_a_link_within_a_trace_is_not_one_to_it():
    own = span("own", at=(10, 20), links=(Link(trace_id=TRACE_ID, span_id=ORDER.span_id),))
    page = ask(world(own))
    assert len(page.outgoing) == 1
    assert page.incoming == ()


def test_links_to_other_traces_are_not_told():
    assert ask(world(consumer(1, to="1" * 32))).incoming == ()


@pytest.mark.parametrize(
    ("trace_id", "fields", "error"),
    [
        ("f" * 32, {}, NoSuchTrace),
        ("xyz", {}, QueryError),
        (TRACE_ID[16:], {}, QueryError),
        (TRACE_ID, {"limit": 0}, QueryError),
        (TRACE_ID, {"cursor": "nonsense"}, QueryError),
    ],
)
def test_a_question_that_has_no_answer_says_so(trace_id, fields, error):
    with pytest.raises(error):
        ask(world(), trace_id, **fields)


def test_a_cursor_belongs_to_its_trace():
    pipeline = world(*(consumer(n, at_s=n * 60) for n in range(3)))
    cursor = ask(pipeline, limit=1).cursor
    with pytest.raises(QueryError, match="cursor"):
        ask(pipeline, trace_id_of("consumer 1"), cursor=cursor)


def test_links_from_spans_of_a_minute_ago_are_there_at_once():
    pipeline = Pipeline(clock=Clock(NOON_NS + MINUTE))
    pipeline.deliver([pipeline.post([ORDER]), pipeline.post([consumer(1, at_s=1)])])
    assert len(ask(pipeline).incoming) == 1
