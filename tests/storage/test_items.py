import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs import blocks
from chalicelib.model.access import KeyRecord, Scope
from chalicelib.model.block import Block
from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb import control
from chalicelib.storage.dynamodb.items import MAX_PACKED_BYTES, to_block, to_fact, to_item
from chalicelib.storage.dynamodb.keys import tenant_prefix
from chalicelib.storage.dynamodb.models import FactItem, KeyItem
from chalicelib.storage.dynamodb.sizing import item_size_bytes
from chalicelib.storage.dynamodb.tables import CONTROL, FACTS, PARTITION_KEY, SORT_KEY
from chalicelib.storage.port import MAX_PAYLOAD_BYTES
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
    tenant=st.text("abc-09", min_size=1, max_size=64),
    scopes=st.frozensets(st.sampled_from(Scope)),
    expires_at_s=st.none() | st.integers(0, 2**35),
    note=st.text(max_size=20),
)


def item_of(one: Block, arrived_ms=ARRIVED_MS, expires_at_s=EXPIRES_AT_S):
    return to_item(tenant_prefix("default"), one, arrived_ms, expires_at_s)


@given(BLOCKS)
def test_a_block_survives_being_an_item(one):
    assert to_block(to_fact(item_of(one))) == one


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
        to_block(to_fact(item))
    assert trace_id(255) in unreadable.value.detail


@pytest.mark.parametrize("attribute", ["b", "f", "n", "at", "expires_at"])
@pytest.mark.parametrize("value", [None, {"NULL": True}, {"BOOL": True}], ids=["absent", "null", "of another type"])
def test_an_item_of_another_shape_is_an_error_of_the_store_and_not_of_our_code(attribute, value):
    item = {name: own for name, own in item_of(block(trace_id(1))).items() if name != attribute}
    if value is not None:
        item[attribute] = value
    with pytest.raises(StoreError, match="not a block"):
        to_block(to_fact(item))


@pytest.mark.parametrize("sort_key", [b"", bytes(8), bytes(19), bytes(21)])
def test_an_item_with_a_key_of_another_form_is_an_error_of_the_store_too(sort_key):
    with pytest.raises(StoreError, match="not a block"):
        to_block(to_fact({**item_of(block(trace_id(1))), "sk": {"B": sort_key}}))


@pytest.mark.parametrize(("model", "schema"), [(FactItem, FACTS), (KeyItem, CONTROL)])
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
        to_block(to_fact(item))
