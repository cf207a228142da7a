from chalicelib.assembly.steps import assemble
from tests.actors import named, span, span_id
from tests.assembly.reading import tree


def test_siblings_come_as_they_began():
    root = span("root", at=(0, 10))
    later, sooner = span("later", parent=root, at=(5, 6)), span("sooner", parent=root, at=(1, 9))
    assert tree(assemble([later, root, sooner])) == ["root", "  sooner", "  later"]


def test_siblings_that_began_together_come_by_span_id():
    root = span("root")
    names = sorted(["a", "b", "c", "d"], key=span_id)
    trace = assemble([root, *(span(name, parent=root) for name in "dbca")])
    assert tree(trace) == ["root", *(f"  {name}" for name in names)]


def test_a_subtree_stands_together_and_says_how_long_it_is():
    root = span("root", at=(0, 10))
    first, second = span("first", parent=root, at=(1, 9)), span("second", parent=root, at=(2, 9))
    trace = assemble([root, first, second, span("inner", parent=first, at=(8, 9))])
    assert tree(trace) == ["root", "  first", "    inner", "  second"]
    assert [(row.child_count, row.descendant_count) for row in trace.spans] == [(2, 3), (1, 1), (0, 0), (0, 0)]
    assert [row.parent_index for row in trace.spans] == [None, 0, 1, 0]


def test_several_roots_are_all_shown_and_said_to_be_several():
    trace = assemble([span("second", at=(5, 6)), span("first", at=(0, 1))])
    assert tree(trace) == ["first", "second"]
    assert [warned.code for warned in trace.warnings] == ["several-roots"]
    assert named(trace.spans)["second"].depth == 0
