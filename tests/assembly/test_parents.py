from chalicelib.assembly.steps import assemble
from chalicelib.model.span import Kind
from tests.actors import CHECKOUT, PAYMENTS, TRACE_ID, named, resource, span, span_id, with_fields
from tests.assembly.reading import codes, tree


def test_a_parent_id_of_zeros_is_no_parent():
    trace = assemble([span("work", parent_id="0" * 16)])
    assert trace.root_ids == (span_id("work"),)
    assert trace.orphans == ()


def test_a_span_that_is_its_own_parent_is_a_root_with_a_warning():
    trace = assemble([span("work", parent="work")])
    assert trace.root_ids == (span_id("work"),)
    assert trace.spans[0].warnings == ("own-parent",)


def test_a_span_without_its_parent_is_an_orphan_at_the_top_and_nothing_is_lost():
    trace = assemble([span("late", parent="never sent"), span("below", parent="late")])
    assert tree(trace) == ["late", "  below"]
    assert [(each.span_id, each.parent_id) for each in trace.orphans] == [(span_id("late"), span_id("never sent"))]
    assert trace.spans[0].orphan
    assert trace.root_ids == ()
    assert codes(trace) == {"parent-missing", "no-root"}


def test_roots_come_before_orphans_even_when_an_orphan_began_first():
    trace = assemble([span("early orphan", parent="gone", at=(0, 5)), span("root", at=(2, 9))])
    assert tree(trace) == ["root", "early orphan"]
    assert trace.summary.root_name == "root"


def test_a_cycle_is_opened_at_its_earliest_span():
    ring = [span("a", parent="c", at=(2, 9)), span("b", parent="a", at=(1, 9)), span("c", parent="b", at=(3, 9))]
    trace = assemble([*ring, span("on the side", parent="c", at=(4, 5))])
    assert tree(trace) == ["b", "  c", "    a", "    on the side"]
    assert named(trace.spans)["b"].warnings == ("parent-cycle",)


def test_two_spans_that_name_each_other_are_both_shown():
    trace = assemble([span("a", parent="b", at=(1, 2)), span("b", parent="a", at=(1, 2))])
    assert sorted(row.depth for row in trace.spans) == [0, 1]
    assert codes(trace) == {"parent-cycle"}


def test_children_of_a_shared_id_belong_to_the_side_that_their_process_is_on():
    client = span("call", kind=Kind.CLIENT, at=(0, 10))
    server = with_fields(client, kind=Kind.SERVER, resource=PAYMENTS, name="called")
    inside = span("inside", parent="call", at=(3, 4), resource=PAYMENTS)
    retry = span("retry", parent="call", at=(1, 2), resource=CHECKOUT)
    assert tree(assemble([inside, retry, server, client])) == ["call", "  called", "    inside", "  retry"]


def test_children_of_a_shared_id_from_elsewhere_belong_to_the_server():
    client = span("call", kind=Kind.CLIENT)
    server = with_fields(client, kind=Kind.SERVER, resource=PAYMENTS, name="called")
    child = span("child", parent="call", resource=resource("database"))
    assert tree(assemble([child, server, client])) == ["call", "  called", "    child"]


def test_a_server_that_repeats_its_clients_parent_is_still_the_clients_child():
    """Zipkin's shared spans carry the same parent id on both sides."""
    root = span("root")
    client = span("call", parent=root, kind=Kind.CLIENT)
    server = with_fields(client, kind=Kind.SERVER, resource=PAYMENTS, name="called")
    assert tree(assemble([server, root, client])) == ["root", "  call", "    called"]


def test_a_side_that_cut_the_trace_id_to_64_bits_still_finds_its_parent():
    parent = span("parent")
    child = span("child", parent=parent, trace_id="0" * 16 + TRACE_ID[16:])
    trace = assemble([child, parent])
    assert tree(trace) == ["parent", "  child"]
    assert trace.trace_ids == ("0" * 16 + TRACE_ID[16:], TRACE_ID)
    assert [row.trace_id for row in trace.spans] == [TRACE_ID, "0" * 16 + TRACE_ID[16:]]


def test_a_child_prefers_the_parent_of_its_own_trace():
    other = "1" * 16 + TRACE_ID[16:]
    parent = span("parent", at=(2, 10))
    twin = with_fields(span("parent", trace_id=other), name="twin")
    child = span("child", parent=parent, trace_id=other)
    assert tree(assemble([parent, child, twin])) == ["twin", "  child", "parent"]


def test_a_remote_parent_is_known_by_flags_or_else_by_the_resource():
    root = span("root")
    rows = named(
        assemble(
            [
                root,
                span("flagged remote", parent=root, flags=0x301),
                span("flagged local", parent=root, flags=0x101, resource=PAYMENTS),
                span("elsewhere", parent=root, resource=PAYMENTS),
                span("here", parent=root),
            ]
        ).spans
    )
    assert {name: row.remote_parent for name, row in rows.items()} == {
        "root": None,
        "flagged remote": True,
        "flagged local": False,
        "elsewhere": True,
        "here": False,
    }
