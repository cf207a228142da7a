"""How values of different types meet: nil, mixtures, arrays, numbers."""

import pytest

from chalicelib.model.errors import QueryError
from chalicelib.model.span import Kind, StatusCode
from tests.actors import failure, resource, span
from tests.search.asking import ask, selects


def holding(**attributes):
    return span("work", attributes=attributes)


@pytest.mark.parametrize(
    "condition", [".a = 1", ".a != 1", '.a != "x"', ".a < 1", ".a = .b", ".a != .b", ".a + 1 != 2"]
)
def test_a_missing_attribute_satisfies_no_comparison_not_even_unequal(condition):
    assert not selects(condition, span("work"))
    assert selects(f"!({condition})", span("work"))


@pytest.mark.parametrize(
    ("attributes", "exists"), [({}, False), ({"a": None}, False), ({"a": []}, False), ({"a": 0}, True)]
)
def test_existence_is_asked_for_with_nil(attributes, exists):
    assert selects(".a != nil", span("work", attributes=attributes)) is exists
    assert selects(".a = nil", span("work", attributes=attributes)) is not exists


@pytest.mark.parametrize("value", [b"x", {"inner": 1}])
def test_bytes_and_maps_are_there_but_compare_with_nothing(value):
    odd = holding(a=value)
    assert selects(".a != nil", odd)
    assert not selects('.a = "x" || .a != "x" || .a < 1', odd)


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        ("1", ".a = 1"),
        ("1", ".a != 1"),
        (1, '.a != "1"'),
        (True, ".a = 1"),
        (True, ".a != 0"),
        ("error", ".a = error"),
        ("server", ".a != client"),
        (False, ".a < .b"),
    ],
)
def test_values_of_different_types_satisfy_nothing_and_are_no_error(value, condition):
    assert not selects(condition, holding(a=value, b=True))


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        (1, ".a = 1.0"),
        (1.0, ".a = 1"),
        (1_500_000_000, ".a = 1.5s"),
        (2.5, ".a > 2"),
        (1, ".a < 2ns"),
        (2**53 + 1, ".a != 9007199254740992"),
        (2**53 + 1, ".a = 9007199254740992.0"),
    ],
)
def test_numbers_of_all_kinds_mix_as_floats_and_integers_compare_exactly(value, condition):
    assert selects(condition, holding(a=value))


def test_text_is_ordered_by_code_points():
    assert selects('.a < "b" && .a >= "B"', holding(a="a"))
    assert selects('.a > "z"', holding(a="é"))


@pytest.mark.parametrize(
    ("tags", "satisfied", "unsatisfied"),
    [
        (["a", "b"], '.a = "b"', '.a != "b"'),
        (["a", "b"], '.a != "c"', '.a = "c"'),
        (["a", "b"], '.a =~ "a|x"', '.a !~ "a|x"'),
        (["a", "b"], '.a !~ "x.*"', '.a =~ "x.*"'),
        (["a", 5], ".a > 4", ".a > 5"),
        ([1, 2], ".a != 3", '.a != "x"'),
        ([1, 5], "3 < .a", "6 < .a"),
        ([1, 5], ".three < .a", ".a < .a_half"),
    ],
)
def test_an_array_equals_by_any_element_and_differs_by_none(tags, satisfied, unsatisfied):
    tagged = holding(a=tags, three=3, a_half=0.5)
    assert selects(satisfied, tagged)
    assert not selects(unsatisfied, tagged)


def test_comparing_two_arrays_is_an_error_of_the_query():
    with pytest.raises(QueryError, match="array"):
        selects(".a = .b", holding(a=[1], b=[1]))


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [("check", False), ("check.*", True), (".*out", True), ("checkout|cart", True), ("CHECKOUT", False)],
)
def test_a_regular_expression_matches_the_whole_value(pattern, matches):
    assert selects(f'.a =~ "{pattern}"', holding(a="checkout")) is matches
    assert selects(f'.a !~ "{pattern}"', holding(a="checkout")) is not matches


def test_regular_expressions_are_about_text_alone():
    assert not selects('.a =~ ".*" || .a !~ ".*"', holding(a=5))


def test_status_and_kind_are_compared_by_name():
    failed = span("work", kind=Kind.SERVER, **failure())
    assert selects("status = error && kind = server && status != ok && kind != client", failed)
    assert selects("status = unset && kind = unspecified", span("work", kind=Kind.UNSPECIFIED))
    assert selects("status = ok", span("work", status_code=StatusCode.OK))


def test_a_kind_nobody_has_named_is_none_of_those_with_a_name():
    assert selects("kind != server && kind != unspecified", span("work", kind=99))


@pytest.mark.parametrize(
    "truth",
    [
        "7 / 2 = 3",
        "-7 / 2 = -3",
        "-7 % 2 = -1",
        "7 / 2.0 = 3.5",
        "2 ^ 10 = 1024",
        "2 ^ -1 = 0.5",
        "2 ^ 3 ^ 2 = 512",
        "1s / 4 = 250ms",
        "1 + 2 * 3 = 7",
        "10 % 4 = 2",
        "-.a = -6",
        ".a / 4 = 1",
        ".a * 1.5 = 9",
        "0.0 / 0 != 1",
        "1 / 0.0 > 1000000",
        "maxInt + maxInt > maxInt",
        "9 ^ 999 > 1",
    ],
)
def test_arithmetic(truth):
    assert selects(truth, holding(a=6))


@pytest.mark.parametrize("division", [".a / .b = 1", ".a % .b = 1", ".a / (.b + 0) = 1"])
def test_dividing_integers_by_zero_is_an_error_of_the_query(division):
    with pytest.raises(QueryError, match="zero"):
        selects(division, holding(a=6, b=0))


def test_what_comes_first_decides_whether_a_division_is_reached():
    assert not selects(".b != 0 && .a / .b = 1", holding(a=6, b=0))


def test_arithmetic_with_something_that_is_no_number_is_nil():
    assert not selects(".a + 1 = 2 || .a + 1 != 2", holding(a="1"))


@pytest.mark.parametrize(
    ("condition", "selected"),
    [
        (".a", True),
        ("!.a", False),
        (".b", False),
        ("!.b", True),
        (".text", False),
        ("!.text", False),
        ("!.missing", False),
    ],
)
def test_an_attribute_alone_has_to_be_true(condition, selected):
    assert selects(condition, holding(a=True, b=False, text="true")) is selected


def test_the_bare_scope_looks_at_the_span_and_then_at_its_resource():
    both = span("both", attributes={"region": "eu"}, resource=resource("shop", region="us"))
    inherited = span("inherited", resource=resource("shop", region="us"))
    nothing = span("nothing", attributes={"region": None}, resource=resource("shop", region="us"))
    empty = span("empty", attributes={"region": []}, resource=resource("shop", region="us"))
    assert set(ask('{ .region = "us" }', both, inherited, nothing, empty)) == {"inherited", "nothing", "empty"}
    assert ask('{ resource.region = "us" && span.region != "us" }', both, inherited) == ["both"]
