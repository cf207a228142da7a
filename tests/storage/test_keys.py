import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.block import Block
from chalicelib.storage.dynamodb.keys import (
    FactName,
    consolidated_key,
    fact_key,
    parse_fact_key,
    tenant_prefix,
    trace_range,
    view_partition,
)

TENANTS = st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True).filter(lambda name: name != "-")
TRACE_IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)


def key_of(tenant, trace_id, payload=b"spans"):
    return fact_key(tenant_prefix(tenant), Block(trace_id=trace_id, payload=payload, span_count=1))


def test_a_key_is_the_documented_bytes():
    key = key_of("default", "00112233445566778899aabbccddeeff")
    assert key.partition == b"default\x00" + bytes.fromhex("8899aabbccddeeff")
    assert key.sort[:8] == bytes.fromhex("0011223344556677")
    # printf spans | b2sum -l 96
    assert key.sort[8:].hex() == "56bdc7e1a9d3a68d69c187a1"


@given(TENANTS, TRACE_IDS, st.binary())
def test_a_key_tells_what_it_was_made_of(tenant, trace_id, payload):
    key = key_of(tenant, trace_id, payload)
    name = parse_fact_key(*key)
    assert name == FactName(tenant, trace_id, key.sort[8:])


@given(TENANTS, TRACE_IDS)
def test_a_trace_is_found_by_its_whole_id_and_by_its_low_half(tenant, trace_id):
    key = key_of(tenant, trace_id)
    for asked_for in (trace_id, trace_id[16:]):
        wanted = trace_range(tenant, asked_for)
        assert wanted.partition == key.partition
        assert key.sort.startswith(wanted.sort_prefix)


@given(TENANTS, TENANTS, TRACE_IDS, TRACE_IDS)
def test_keys_of_two_tenants_never_meet(mine, theirs, my_trace, their_trace):
    keys = key_of(mine, my_trace).partition, key_of(theirs, their_trace).partition
    assert (keys[0] == keys[1]) == (mine == theirs and my_trace[16:] == their_trace[16:])
    assert mine == theirs or not keys[0].startswith(tenant_prefix(theirs))


@given(TRACE_IDS, st.binary(), st.binary())
def test_two_payloads_of_a_trace_have_two_keys(trace_id, one, other):
    assert (key_of("default", trace_id, one) == key_of("default", trace_id, other)) == (one == other)


@pytest.mark.parametrize("tenant", ["", "-", "a" * 65, "Shop", "shop/dev", "a\x00b", "shop\n", "ü", "a b", "a#b"])
def test_what_cannot_be_a_tenant_makes_no_key(tenant):
    with pytest.raises(ValueError, match="tenant"):
        tenant_prefix(tenant)


@pytest.mark.parametrize(
    ("partition", "sort"),
    [
        (b"", b""),
        (b"default" + b"1" * 8, b"2" * 20),
        (b"default\x00" + b"1" * 7, b"2" * 20),
        (b"a\x00" + b"1" * 8, b"2"),
    ],
)
def test_bytes_of_another_shape_are_not_a_key(partition, sort):
    with pytest.raises(ValueError, match="not a fact's keys"):
        parse_fact_key(partition, sort)


@given(TENANTS, TRACE_IDS, st.binary(), st.binary())
def test_a_consolidated_block_comes_before_every_block_of_its_trace(tenant, trace_id, whole, part):
    prefix = tenant_prefix(tenant)
    first = consolidated_key(prefix, Block(trace_id=trace_id, payload=whole, span_count=1))
    other = fact_key(prefix, Block(trace_id=trace_id, payload=part, span_count=1))
    assert first.partition == other.partition
    assert other.sort[:8] == first.sort[:8] <= first.sort < other.sort
    assert first.sort[8:] == bytes(4) + key_of(tenant, trace_id, whole).sort[8:16]
    assert parse_fact_key(*first).trace_id == trace_id


def test_views_have_a_tenant_that_blocks_have_not():
    assert view_partition("-", "tenants#1767225600") == "-#tenants#1767225600"
    assert view_partition("acme", "seg#0") == "acme#seg#0"
    with pytest.raises(ValueError, match="'--#'"):
        view_partition("--#", "seg#0")
