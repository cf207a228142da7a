import pytest

from chalicelib.model.errors import QueryError
from chalicelib.routes.tempo.tags_query import read_tags, tags_query
from chalicelib.search.parser import parse


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        ("", {}),
        ("  ", {}),
        ("a=b", {"a": "b"}),
        ('a=b  c="d e"', {"a": "b", "c": "d e"}),
        (r'a="say \"hi\" \\"', {"a": 'say "hi" \\'}),
        ("a=", {"a": ""}),
        ("http.url=/x?y=1", {"http.url": "/x?y=1"}),
    ],
)
def test_logfmt_is_pairs(line, tags):
    assert read_tags(line) == tags


@pytest.mark.parametrize("line", ["a", "a b", '="x"', 'a="x', 'a="x"y', "a=1 a=2", 'a=x"y"'])
def test_what_is_not_logfmt_is_refused(line):
    with pytest.raises(QueryError, match="tags"):
        read_tags(line)


def same(text: str, expected: str) -> bool:
    return parse(text) == parse(expected)


def test_tags_are_parts_of_values_in_any_case_somewhere_in_the_trace():
    assert same(
        tags_query({"a": "x.y", "name": "Pay"}, None, None), r'{ .a =~ "(?is).*x\\.y.*" } && { name =~ "(?is).*Pay.*" }'
    )


def test_numbers_and_booleans_are_also_compared_as_such():
    assert same(tags_query({"code": "200"}, None, None), '{ .code =~ "(?is).*200.*" || .code = 200 }')
    assert same(tags_query({"ok": "true"}, None, None), '{ .ok =~ "(?is).*true.*" || .ok = true }')


@pytest.mark.parametrize(
    ("tags", "query"),
    [
        ({}, "{ }"),
        ({"error": "true"}, "{ status = error }"),
        ({"error": "false"}, "{ status != error }"),
        ({"status.code": "ok"}, "{ status = ok }"),
        ({"root.service.name": "cart"}, '{ rootServiceName =~ "(?is).*cart.*" }'),
    ],
)
def test_some_tags_are_intrinsics(tags, query):
    assert same(tags_query(tags, None, None), query)


def test_durations_are_of_the_trace_bounds_included():
    assert same(tags_query({}, 100, None), "{ traceDuration >= 100ns }")
    assert same(tags_query({}, 100, 2 * 10**9), "{ traceDuration >= 100ns } && { traceDuration <= 2s }")


def test_a_status_that_there_is_not_is_refused():
    with pytest.raises(QueryError, match="status"):
        tags_query({"status.code": "broken"}, None, None)
