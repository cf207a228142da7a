from chalicelib.assembly.steps import assemble
from chalicelib.model.span import Link
from tests.actors import TRACE_ID, span, span_id
from tests.assembly.reading import codes

OTHER = "1" * 32


def test_links_tell_where_they_lead():
    trace = assemble([span("process", links=(Link(trace_id=OTHER, span_id="2" * 16),))])
    (link,) = trace.links
    assert (link.index, link.linked_trace_id, link.linked_span_id, link.linked_index) == (0, OTHER, "2" * 16, None)
    assert trace.spans[0].link_count == 1


def test_a_link_within_the_trace_points_at_the_row():
    root = span("root", at=(0, 10))
    linking = span("b", parent=root, at=(2, 3), links=(Link(trace_id=TRACE_ID, span_id=span_id("root")),))
    assert assemble([linking, root]).links[0].linked_index == 0


def test_a_link_that_is_given_twice_is_listed_once():
    link = Link(trace_id=OTHER, span_id="2" * 16)
    assert len(assemble([span("process", links=(link, link))]).links) == 1


def test_a_link_without_a_trace_id_is_left_out_with_a_warning():
    trace = assemble([span("process", links=(Link(trace_id="0" * 32), Link(), Link(trace_id=OTHER)))])
    assert [link.linked_trace_id for link in trace.links] == [OTHER]
    assert codes(trace) == {"invalid-link"}
