from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.span import Event, Kind, Link, Scope, Span
from chalicelib.rollups.attributes import attribute_values, attributes
from chalicelib.rollups.catalog import (
    MAX_LISTED_SPANS,
    OTHER_KEY,
    SOME_VALUES,
    TRACES_PER_VALUE,
    count_attributes,
    fold_values,
    unlisted,
)
from chalicelib.rollups.contributions import contribution
from chalicelib.rollups.keys import CatalogKey
from chalicelib.rollups.rollup import Rollup
from tests.actors import FRONTEND, resource, span
from tests.rollups.strategies import SPANS, stored


def catalog_of(*spans: Span) -> dict[CatalogKey, int]:
    sums: Counter[CatalogKey] = Counter()
    count_attributes(spans, 1, sums)
    return dict(sums)


def span_catalog(**values: Any) -> set[tuple[str, str | int | None]]:
    return {key[2:] for key in catalog_of(span("a", attributes=values)) if key[0] == "span"}


def test_each_scope_has_its_attributes():
    made = span(
        "a",
        parent="b",
        attributes={"k": 1},
        events=(Event(name="e", attributes={"k": 2}),),
        links=(Link(attributes={"k": 3}),),
        resource=resource("checkout", k=4),
        scope=Scope(name="lib", version="1", attributes={"k": 5}),
    )
    found = {key[0]: key[3] for key in catalog_of(made) if key[1] == "k"}
    assert found == {"span": 1, "event": 2, "link": 3, "resource": 4, "instrumentation": 5}
    assert {key[1:] for key in catalog_of(made) if key[0] == "intrinsic"} == {
        ("event:name", "string", "e"),
        ("instrumentation:name", "string", "lib"),
        ("instrumentation:version", "string", "1"),
    }


def test_a_root_names_its_trace():
    root = span("GET /", kind=Kind.SERVER, resource=FRONTEND)
    assert {key[1:] for key in catalog_of(root) if key[0] == "intrinsic"} == {
        ("trace:rootName", "string", "GET /"),
        ("trace:rootService", "string", "frontend"),
    }


def test_a_trace_counts_once_whatever_number_of_its_spans_say_the_same():
    assert catalog_of(span("a", attributes={"k": 1}), span("b", attributes={"k": 1}))["span", "k", "int", 1] == 1


def test_true_and_one_are_different_values():
    assert span_catalog(a=True, b=1) == {("bool", True), ("int", 1)}
    both = catalog_of(span("a", attributes={"k": True}), span("b", attributes={"k": 1}))
    assert {("span", "k", "bool", True), ("span", "k", "int", 1)} <= set(both)


def test_elements_of_an_array_are_values():
    assert span_catalog(k=["a", 1, ["deeper"]]) == {("string", "a"), ("int", 1), ("array", None)}


def test_what_cannot_be_listed_is_counted_by_its_type():
    values = {"long": "x" * 65, "float": 1.5, "nan": float("nan"), "bytes": b"x", "map": {}, "list": [], "none": None}
    types = {(kind, None) for kind in ("string", "float", "bytes", "kvlist", "array", "empty")}
    assert span_catalog(**values) == types


def test_ids_that_are_new_each_time_are_never_listed():
    assert span_catalog(**{"messaging.message.id": "a-b-c"}) == {("string", None)}


def test_a_huge_trace_lists_no_values_where_it_has_very_many():
    many = [span(str(number), attributes={"id": number, "k": "v"}) for number in range(MAX_LISTED_SPANS + 1)]
    found = {key: count for key, count in catalog_of(*many).items() if key[0] == "span"}
    assert found == {("span", "id", "int", None): 1, ("span", "k", "string", "v"): 1}


def test_keys_with_few_values_keep_them_and_ids_do_not():
    traces = TRACES_PER_VALUE * (SOME_VALUES + 1)
    catalog: dict[CatalogKey, int] = {("span", "id", "int", number): 1 for number in range(traces)}
    few: dict[CatalogKey, int] = {("span", "k", "int", number): TRACES_PER_VALUE for number in range(SOME_VALUES + 1)}
    assert fold_values(catalog | few, 10, 64) == few | {("span", "id", "int", None): traces}


def test_of_too_many_keys_the_most_frequent_stay():
    catalog: dict[CatalogKey, int] = {("span", f"k{number}", "int", 1): 10 - number for number in range(5)}
    catalog["span", "x" * 200, "int", 1] = 99
    assert fold_values(catalog, 2, 64) == {
        ("span", "k0", "int", 1): 10,
        ("span", "k1", "int", 1): 9,
        ("span", OTHER_KEY, "int", None): 8 + 7 + 6 + 99,
    }


COUNTS = st.integers(-2, 40).filter(bool)
CATALOGS = st.dictionaries(
    st.tuples(
        st.sampled_from(["span", "resource"]), st.sampled_from(["a", "b", "c"]), st.just("int"), st.integers(0, 9)
    ),
    COUNTS,
)


@given(CATALOGS, st.integers(0, 3), st.integers(0, 9))
def test_folding_values_keeps_the_totals_and_makes_nothing_up(catalog: dict[CatalogKey, int], keys: int, values: int):
    folded = fold_values(catalog, keys, values)
    assert sum(folded.values()) == sum(catalog.values())
    assert all(folded[key] == catalog[key] for key in folded if key[3] is not None)


@given(SPANS)
def test_a_span_is_in_the_catalog_with_each_of_its_keys(made: Span):
    keys = {key[:2] for key in catalog_of(made)}
    assert {("span", key) for key, value in made.attributes.items()} <= keys


def test_attributes_are_read_by_scope_and_key():
    rollups = contribution(stored([span("a", attributes={"k": 1, "j": "x"}), span("b", attributes={"k": "y"})]))
    found = attributes(rollups.values(), "span")
    assert [(each.scope, each.key, each.types) for each in found] == [
        ("span", "j", ("string",)),
        ("span", "k", ("int", "string")),
    ]
    assert {each.scope for each in attributes(rollups.values())} == {"span", "resource", "intrinsic"}


def test_values_are_read_most_frequent_first_and_say_whether_they_are_all():
    rollup = Rollup(
        catalog={
            ("span", "k", "string", "rare"): 1,
            ("span", "k", "string", "often"): 9,
            ("span", "k", "string", "gone"): -1,
            ("resource", "k", "int", 3): 1,
            ("resource", "k", "int", None): 2,
            ("span", "other", "int", 3): 1,
        }
    )
    resource_values, span_values = attribute_values([rollup], "k")
    assert [each.value for each in span_values.values] == ["often", "rare"]
    assert (span_values.complete, resource_values.complete) == (True, False)
    assert attribute_values([rollup], "k", "span") == (span_values,)
    assert attribute_values([rollup], "nobody has it") == ()


def test_keys_that_were_folded_together_are_no_attribute():
    assert attributes([Rollup(catalog={("span", OTHER_KEY, "int", None): 3})]) == ()
    assert unlisted(("span", "k", "int", 3)) == ("span", "k", "int", None)
