import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs import blocks
from chalicelib.model.access import KeyRecord, Scope
from chalicelib.model.block import Block, KeptBlock, payload_digest
from chalicelib.model.errors import StoreError
from chalicelib.model.view import View
from chalicelib.storage.dynamodb import control
from chalicelib.storage.dynamodb.items import (
    MAX_PACKED_BYTES,
    to_consolidated_item,
    to_fact,
    to_item,
    to_owned,
    to_view,
    to_view_item,
)
from chalicelib.storage.dynamodb.keys import tenant_prefix
from chalicelib.storage.dynamodb.models import FactItem, KeyItem, SamplingItem, ViewItem
from chalicelib.storage.dynamodb.sizing import item_size_bytes, read_units, write_units
from chalicelib.storage.dynamodb.tables import CONTROL, FACTS, PARTITION_KEY, SORT_KEY, VIEWS
from chalicelib.storage.port import MAX_COVERED_BLOCKS, MAX_PAYLOAD_BYTES
from tests.contracts.block_store import block, noise, trace_id

ARRIVED_MS = 1_767_268_800_123
EXPIRES_AT_S = 1_768_478_400

BLOCKS = st.builds(
    Block,
    trace_id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    payload=st.binary(min_size=1, max_size=500),
    span_count=st.integers(1, 10_000),
)

KEYS = st.builds(
    KeyRecord,
    key_id=st.text("abcXYZ019", min_size=1, max_size=13),
    secret_sha256=st.binary(min_size=32, max_size=32),
    tenant=st.text("abc-09", min_size=2, max_size=64),
    scopes=st.frozensets(st.sampled_from(Scope)),
    expires_at_s=st.none() | st.integers(0, 2**35),
    note=st.text(max_size=20),
)


def item_of(one: Block, arrived_ms=ARRIVED_MS, expires_at_s=EXPIRES_AT_S):
    return to_item(tenant_prefix("default"), one, arrived_ms, expires_at_s)


@given(BLOCKS)
def test_a_block_survives_being_an_item(one):
    assert to_owned(to_fact(item_of(one))).kept.block == one


@given(BLOCKS, st.integers(0, 2**45), st.integers(0, 2**35))
def test_items_are_what_the_model_would_have_made(one, arrived_ms, expires_at_s):
    """The write path makes them itself, thirty times as fast."""
    item = item_of(one, arrived_ms, expires_at_s)
    fact = FactItem(
        pk=item["pk"]["B"],
        sk=item["sk"]["B"],
        packed=item["b"]["B"],
        format=blocks.CURRENT_FORMAT,
        span_count=one.span_count,
        arrived_ms=arrived_ms,
        expires_at=expires_at_s,
    )
    assert fact.serialize() == item


@given(KEYS)
def test_a_key_is_read_as_the_model_wrote_it(record):
    """The read path looks at the item itself: the first post of a container has no time to import PynamoDB."""
    item = control.to_item(record).serialize()
    assert control.to_record(item) == record
    by_model = KeyItem.from_raw_data(item)
    assert (by_model.tenant, by_model.secret_sha256) == (record.tenant, record.secret_sha256)
    assert (by_model.scopes or set(), by_model.expires_at) == (record.scopes, record.expires_at_s)
    assert (by_model.note or "") == record.note


def test_a_scope_of_a_later_version_gives_nothing():
    item = control.to_item(KeyRecord(key_id="k", secret_sha256=bytes(32), tenant="a", scopes=frozenset())).serialize()
    item["scopes"] = {"SS": ["read", "fly"]}
    assert control.to_record(item).scopes == {Scope.READ}


@given(BLOCKS, st.booleans())
def test_only_an_undecided_block_says_whether_it_is(one, undecided):
    item = to_item(tenant_prefix("default"), one, ARRIVED_MS, EXPIRES_AT_S, undecided=undecided)
    assert to_owned(to_fact(item)) == (
        "default",
        KeptBlock(
            block=one,
            digest=payload_digest(one.payload),
            arrived_ms=ARRIVED_MS,
            expires_at_s=EXPIRES_AT_S,
            undecided=undecided,
        ),
    )
    assert ("u" in item) == undecided
    assert item_size_bytes(item) == item_size_bytes(item_of(one)) + 2 * undecided
    assert to_fact(item).serialize() == item


@given(BLOCKS, st.lists(st.binary(min_size=12, max_size=12), min_size=1, max_size=5), st.integers(0, 2**40))
def test_a_consolidated_block_survives_being_an_item(one, covers, first_arrived_ms):
    kept = KeptBlock(
        block=one,
        digest=payload_digest(one.payload),
        arrived_ms=ARRIVED_MS,
        expires_at_s=EXPIRES_AT_S,
        covers=tuple(covers),
        first_arrived_ms=first_arrived_ms,
    )
    item = to_consolidated_item(tenant_prefix("default"), kept)
    assert to_owned(to_fact(item)) == ("default", kept)
    assert to_fact(item).serialize() == item


@pytest.mark.parametrize("count", [0, MAX_COVERED_BLOCKS + 1])
def test_a_consolidated_block_covers_some_blocks_and_not_too_many(count):
    kept = KeptBlock(
        block=block(trace_id(1)), digest=bytes(12), arrived_ms=1, expires_at_s=1, covers=(bytes(12),) * count
    )
    with pytest.raises(ValueError, match=f"{count} covered blocks"):
        to_consolidated_item(tenant_prefix("default"), kept)


ANY_VIEW = st.builds(
    View,
    partition=st.text("seg#0123456789", min_size=1, max_size=16),
    sort=st.text("0123456789#-", min_size=1, max_size=40),
    body=st.binary(max_size=300),
    expires_at_s=st.integers(0, 2**35),
)


@given(ANY_VIEW)
def test_a_view_survives_being_an_item_which_is_what_the_model_would_have_made(view):
    item = to_view_item("default", view)
    assert to_view(view.partition, item) == view
    model = ViewItem(pk=f"default#{view.partition}", sk=view.sort, body=view.body or None, expires_at=view.expires_at_s)
    assert model.serialize() == item


def test_a_segment_is_weighed_to_the_byte():
    """What a batch of the stream costs: names, keys, the body and an expiry of ten digits."""
    view = View(
        partition="seg#1767265200",
        sort="1767268800#1100000000017454423009#0011aabb",
        body=bytes(20_000),
        expires_at_s=1_767_355_213,
    )
    size_bytes = item_size_bytes(to_view_item("default", view))
    assert size_bytes == (2 + 8 + 14) + (2 + 42) + (1 + 20_000) + (10 + 6)
    assert write_units(size_bytes) == 20
    assert read_units(50 * size_bytes, consistent=False) == 123  # a page of fifty; 4 KB to half a unit


@pytest.mark.parametrize(
    "wrong", [{"expires_at": {"S": "x"}}, {"expires_at": {"NULL": True}}, {"b": {"S": "text"}}, {"sk": {"B": b""}}]
)
def test_an_item_among_the_views_that_is_none_is_the_stores_error(wrong):
    item = {**to_view_item("default", View(partition="p", sort="s", body=b"b", expires_at_s=1)), **wrong}
    with pytest.raises(StoreError, match="not one"):
        to_view("p", item)


def test_a_view_that_no_item_can_hold_is_a_mistake_of_whoever_made_it():
    with pytest.raises(ValueError, match="390001 bytes"):
        to_view_item("default", View(partition="p", sort="s", body=bytes(390_001), expires_at_s=1))


def test_an_item_is_78_bytes_around_its_packed_payload():
    """So ten spans have 946 bytes of the write unit: tenant "default", a dated clock, fewer than 100 spans."""
    item = item_of(block(trace_id(1), span_count=10))
    assert item_size_bytes(item) - len(item["b"]["B"]) <= 78


def test_a_block_that_no_item_can_hold_is_a_mistake_of_whoever_made_it():
    with pytest.raises(ValueError, match="split it first"):
        item_of(block(trace_id(1), noise(1, MAX_PACKED_BYTES + 1)))


def test_the_largest_payload_fits_an_item_even_if_packing_makes_it_larger():
    item = item_of(block(trace_id(1), noise(1, MAX_PAYLOAD_BYTES), span_count=100_000))
    assert item_size_bytes(item) < 400 * 1024


@pytest.mark.parametrize(
    ("attribute", "value", "named"), [("f", {"N": "77"}, "77"), ("b", {"B": b"not packed"}, "cannot be unpacked")]
)
def test_an_item_that_cannot_be_unpacked_is_an_error_and_not_a_gap(attribute, value, named):
    """Half a trace that looks whole would be worse than none."""
    item = {**item_of(block(trace_id(255))), attribute: value}
    with pytest.raises(StoreError, match=named) as unreadable:
        to_owned(to_fact(item))
    assert trace_id(255) in unreadable.value.detail


@pytest.mark.parametrize("attribute", ["b", "f", "n", "at", "expires_at"])
@pytest.mark.parametrize("value", [None, {"NULL": True}, {"BOOL": True}], ids=["absent", "null", "of another type"])
def test_an_item_of_another_shape_is_an_error_of_the_store_and_not_of_our_code(attribute, value):
    item = {name: own for name, own in item_of(block(trace_id(1))).items() if name != attribute}
    if value is not None:
        item[attribute] = value
    with pytest.raises(StoreError, match="not a block"):
        to_owned(to_fact(item))


@pytest.mark.parametrize("sort_key", [b"", bytes(8), bytes(19), bytes(21)])
def test_an_item_with_a_key_of_another_form_is_an_error_of_the_store_too(sort_key):
    with pytest.raises(StoreError, match="not a block"):
        to_owned(to_fact({**item_of(block(trace_id(1))), "sk": {"B": sort_key}}))


@pytest.mark.parametrize(
    ("model", "schema"), [(FactItem, FACTS), (ViewItem, VIEWS), (KeyItem, CONTROL), (SamplingItem, CONTROL)]
)
def test_models_have_the_tables_keys(model, schema):
    keys = {
        name: (attribute.attr_type, attribute.is_hash_key)
        for name, attribute in model.get_attributes().items()
        if attribute.is_hash_key or attribute.is_range_key
    }
    assert keys == {PARTITION_KEY: (schema.key_type, True), SORT_KEY: (schema.key_type, False)}
    assert schema.ttl_attribute in {None, *model.get_attributes()}


def test_an_item_whose_bytes_are_another_blocks_is_refused_by_its_digest():
    item = {**item_of(block(trace_id(1), b"ours")), "b": item_of(block(trace_id(1), b"other"))["b"]}
    with pytest.raises(StoreError, match="digest"):
        to_owned(to_fact(item))
