from chalicelib.model.span import Kind
from chalicelib.search.index import Index, entry_of, pack
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic, Static, StaticType
from tests.actors import span
from tests.search.index.strategies import stored


def catalog_of(*attributes, **fields):
    entries = [
        entry_of(stored(f"{n:032x}", [span("a", attributes=each, **fields)])) for n, each in enumerate(attributes)
    ]
    return {key.field: key for key in Index.unpack(pack(entries)).catalog()}


def of_span(name):
    return Attribute(AttributeScope.SPAN, name)


def test_few_values_are_listed_with_how_many_traces_have_them():
    key = catalog_of({"http.method": "GET"}, {"http.method": "PUT"}, {"http.method": "GET"}, {})[of_span("http.method")]
    assert key.values == ((Static(StaticType.STRING, "GET"), 2), (Static(StaticType.STRING, "PUT"), 1))
    assert (key.types, key.row_count, key.complete) == ((StaticType.STRING,), 3, True)


def test_many_values_are_not_listed_but_their_types_are_known():
    many = [{"id": f"{number:032x}", "n": number * 7, "f": number / 7} for number in range(300)]
    catalog = catalog_of(*many)
    for name, kind in (("id", StaticType.STRING), ("n", StaticType.INT), ("f", StaticType.FLOAT)):
        key = catalog[of_span(name)]
        assert (key.row_count, key.complete, set(key.types) - {StaticType.INT}) == (
            300,
            False,
            {kind} - {StaticType.INT},
        )


def test_values_of_every_type_are_told_apart():
    key = catalog_of({"x": "1"}, {"x": 1}, {"x": 1.0}, {"x": True}, {"x": [1, "1"]}, {"x": {"y": 1}})[of_span("x")]
    assert key.types == (StaticType.BOOL, StaticType.FLOAT, StaticType.INT, StaticType.STRING)
    assert {(static.type, static.value): count for static, count in key.values} == {
        (StaticType.STRING, "1"): 2,
        (StaticType.INT, 1): 2,
        (StaticType.FLOAT, 1.0): 1,
        (StaticType.BOOL, True): 1,
    }
    assert (key.row_count, key.complete) == (6, True)


def test_intrinsics_have_the_types_that_queries_write():
    catalog = catalog_of({}, kind=Kind.SERVER)
    assert catalog[Intrinsic.SPAN_KIND].values == ((Static(StaticType.KIND, "server"), 1),)
    assert catalog[Intrinsic.SPAN_STATUS].values == ((Static(StaticType.STATUS, "unset"), 1),)
    assert catalog[Intrinsic.SPAN_DURATION].types == (StaticType.DURATION,)
    assert not catalog[Intrinsic.SPAN_DURATION].complete


def test_a_name_too_long_to_keep_is_left_out():
    assert not [field for field in catalog_of({"k" * 257: 1}) if isinstance(field, Attribute) and "kk" in field.name]
