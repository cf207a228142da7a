"""Who stands where: structural operators, nested sets, child counts, and trees that are broken or deep.

order ─┬─ pay ── charge ── bank
       ├─ pack
       └─ mail
"""

import time

import pytest

from chalicelib.search.evaluation import compile_search
from chalicelib.search.parser import parse
from tests.actors import span
from tests.assembly.shapes import large
from tests.search.asking import ask
from tests.search.traces import stored

ORDER = (
    span("order"),
    span("pay", parent="order", at=(1, 5)),
    span("pack", parent="order", at=(2, 5)),
    span("mail", parent="order", at=(3, 5)),
    span("charge", parent="pay", at=(4, 5)),
    span("bank", parent="charge", at=(5, 6)),
)


@pytest.mark.parametrize(
    ("query", "selected"),
    [
        ('{ name = "pay" } > { }', ["charge"]),
        ('{ name = "charge" } < { }', ["pay"]),
        ('{ name = "pay" } >> { }', ["charge", "bank"]),
        ('{ name = "bank" } << { }', ["order", "pay", "charge"]),
        ('{ name = "pay" } ~ { }', ["pack", "mail"]),
        ('{ name =~ "pay|mail" } ~ { name =~ "pay|mail" }', ["pay", "mail"]),
        ('{ name = "order" } ~ { }', []),
        ('{ name = "order" } !> { }', ["order", "charge", "bank"]),
        ('{ name = "charge" } !< { }', ["order", "pack", "mail", "charge", "bank"]),
        ('{ name = "pay" } !>> { }', ["order", "pay", "pack", "mail"]),
        ('{ name = "bank" } !<< { }', ["pack", "mail", "bank"]),
        ('{ name = "pay" } !~ { }', ["order", "pay", "charge", "bank"]),
        ('{ name = "nobody" } !>> { name = "bank" }', ["bank"]),
        ('{ name = "order" } &> { name =~ "p.*" }', ["order", "pay", "pack"]),
        ('{ name = "order" } &>> { name = "bank" }', ["order", "bank"]),
        ('{ name = "bank" } &<< { name =~ "order|pack" }', ["order", "bank"]),
        ('{ name = "bank" } &< { name =~ "order|charge" }', ["charge", "bank"]),
        ('{ name = "pay" } &~ { name = "mail" }', ["pay", "mail"]),
        ('{ name = "mail" } &>> { name = "bank" }', []),
        ('{ name = "order" } > { name = "pay" } > { }', ["charge"]),
    ],
)
def test_structural_operators_answer_with_the_right_side_and_union_forms_with_both(query, selected):
    assert ask(query, *ORDER) == selected


def test_nested_sets_number_the_tree_depth_first():
    numbers = {
        "order": (1, 12, -1),
        "pay": (2, 7, 1),
        "charge": (3, 6, 2),
        "bank": (4, 5, 3),
        "pack": (8, 9, 1),
        "mail": (10, 11, 1),
    }
    for name, (left, right, parent) in numbers.items():
        condition = f"nestedSetLeft = {left} && nestedSetRight = {right} && nestedSetParent = {parent}"
        assert ask(f"{{ {condition} }}", *ORDER) == [name]


def test_roots_have_a_negative_nested_set_parent_and_orphans_hang_in_the_air():
    orphan = span("late", parent="gone", at=(7, 8))
    below = span("below", parent="late", at=(8, 9))
    assert ask("{ nestedSetParent < 0 }", *ORDER, orphan, below) == ["order"]
    assert ask("{ nestedSetParent = 0 && nestedSetLeft = 0 }", *ORDER, orphan, below) == ["late", "below"]


def test_children_are_counted():
    assert ask("{ childCount = 3 }", *ORDER) == ["order"]
    assert ask("{ childCount = 0 }", *ORDER) == ["pack", "mail", "bank"]


def test_orphans_with_the_same_missing_parent_are_siblings():
    orphans = [
        span("a", parent="gateway", at=(0, 1)),
        span("b", parent="gateway", at=(1, 2)),
        span("c", parent="other"),
    ]
    assert ask('{ name = "a" } ~ { }', *orphans) == ["b"]


def test_roots_are_no_siblings():
    assert ask("{ } ~ { }", span("a"), span("b")) == []


def test_of_two_spans_with_one_id_the_first_is_the_parent():
    client = span("call", at=(1, 9))
    server = span("served", at=(2, 8), span_id=client.span_id)
    child = span("child", parent=client, at=(3, 4))
    assert ask('{ name = "call" } > { }', client, server, child) == ["child"]
    assert ask('{ name = "served" } > { }', client, server, child) == []


def test_a_circle_is_opened_at_its_earliest_span():
    ring = [span("a", parent="c", at=(2, 9)), span("b", parent="a", at=(1, 9)), span("c", parent="b", at=(3, 9))]
    assert ask('{ name = "b" } >> { }', *ring) == ["a", "c"]
    assert ask("{ nestedSetParent < 0 }", *ring) == ["b"]


def test_a_span_that_is_its_own_parent_is_a_root():
    own = span("own", parent="own")
    assert ask("{ nestedSetParent < 0 && childCount = 0 }", own) == ["own"]
    assert ask("{ } > { }", own) == []


QUERIES = (
    "{ } >> { childCount = 0 }",
    "{ childCount = 0 } &<< { }",
    "{ } !~ { }",
    "{ nestedSetParent < 0 } &>> { nestedSetLeft > 5 }",
    "{ } > { }",
)


@pytest.mark.parametrize("shape", ["chain", "star", "random tree"])
@pytest.mark.parametrize("query", QUERIES)
def test_a_hundred_thousand_spans_of_any_shape_take_seconds_at_most(shape, query):
    """Quadratic work would take hours, and recursion would not return at all."""
    trace = stored(*large(shape))
    search = compile_search(parse(query))
    began = time.process_time()
    search(trace)
    assert time.process_time() - began < 20


def test_queries_as_high_as_the_parser_allows_can_be_asked():
    chain = " >> ".join(["{ }"] * 190)
    assert ask(chain, *ORDER) == []
    assert ask("{ " + " && ".join(['name != ""'] * 190) + " }", *ORDER) == ask("{ }", *ORDER)
    assert ask("{ 0 < " + " + ".join(["duration"] * 190) + " }", *ORDER) == ask("{ }", *ORDER)
    assert ask(" | ".join(["{ }"] * 190), *ORDER) == ask("{ }", *ORDER)
    assert ask("{ " + "!" * 90 + "(duration > 0) }", *ORDER) == ask("{ }", *ORDER)
    nested = "{ }"
    for _ in range(40):
        nested = f"({nested} | count() > 1) && {{ }}"
    assert ask(nested, *ORDER) == ask("{ }", *ORDER)
