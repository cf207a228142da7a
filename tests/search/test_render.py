"""What is written is read as the same, whatever the tree."""

import pytest
from hypothesis import given

from chalicelib.search.parser import parse, read
from chalicelib.search.render import render, render_field, render_static
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic, Static, StaticType
from tests.search.strategies import QUERIES


@given(QUERIES)
def test_reading_what_was_written_gives_the_same_query(query):
    assert read(render(query)).query == query


@pytest.mark.parametrize(
    ("given_text", "written"),
    [
        ("{name=`a`&&duration>90s}", '{ span:name = "a" && span:duration > 1m30s }'),
        ("{(.a +1)*2>((3))}", "{ (.a + 1) * 2 > 3 }"),
        ("{!(.a&&.b)||!.c}", "{ !(.a && .b) || !.c }"),
        ('{."plain"=1&&."not plain"=2}', '{ .plain = 1 && ."not plain" = 2 }'),
        ("({.a}>>{.b})&&{.c}", "{ .a } >> { .b } && { .c }"),
        ("{.a}&&({.b}||{.c})", "{ .a } && ({ .b } || { .c })"),
        ("({}|rate())*2>5|topk(3)with(a=1)", "({ } | rate()) * 2 > 5 | topk(3) with(a=1)"),
        ("{}|compare({.a},10)", "{ } | compare({ .a })"),
        ("{.a=-9223372036854775808}", "{ .a = minInt }"),
    ],
)
def test_no_more_is_written_than_reading_needs(given_text, written):
    assert render(parse(given_text)) == written


@pytest.mark.parametrize(
    ("field", "written"),
    [
        (Attribute(AttributeScope.SPAN, "http.route"), "span.http.route"),
        (Attribute(AttributeScope.ANY, "5"), '."5"'),
        (Attribute(AttributeScope.RESOURCE, 'a "b"'), r'resource."a \"b\""'),
        (Attribute(AttributeScope.SPAN, "x", parent=True), "parent.span.x"),
        (Attribute(AttributeScope.ANY, "span.x", parent=True), 'parent."span.x"'),
        (Intrinsic.SPAN_NAME, "span:name"),
    ],
)
def test_a_field_is_quoted_only_where_it_would_be_read_as_another(field, written):
    assert render_field(field) == written


@pytest.mark.parametrize(
    "static",
    [
        Static(StaticType.FLOAT, float("nan")),
        Static(StaticType.FLOAT, float("-inf")),
        Static(StaticType.INT, 2**63),
        Static(StaticType.DURATION, -(2**63) - 1),
    ],
)
def test_a_number_that_no_query_can_hold_is_not_written(static):
    with pytest.raises(ValueError, match="cannot be written"):
        render_static(static)
