"""What the facts table holds beside the contract: blocks that look consolidated, and items that cannot be read."""

import msgspec
import pytest

from chalicelib.model.block import payload_digest
from chalicelib.model.errors import StoreError
from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.facts import DynamoBlockStore, uncovered
from chalicelib.storage.dynamodb.items import to_consolidated_item, to_fact, to_item
from chalicelib.storage.dynamodb.keys import tenant_prefix
from tests import faults as f
from tests.clocks import Clock
from tests.contracts.block_store import TENANT, block, consolidated, trace_id
from tests.engines import FACTS_TABLE

PREFIX = tenant_prefix(TENANT)
FAR_S = 2**34


def fact_of(one, **attributes):
    return to_fact({**to_item(PREFIX, one, 1, FAR_S), **attributes})


def test_an_ordinary_block_that_looks_consolidated_by_chance_is_left_out_when_it_is_covered(clock):
    """One in four billion: its digest begins with four zero bytes, so it may come before what covers it."""
    chance = bytes(4) + bytes(8)
    early = fact_of(block(trace_id(1), b"early"), sk={"B": bytes.fromhex(trace_id(1))[:8] + chance})
    whole = msgspec.structs.replace(consolidated(trace_id(1), b"whole", [], clock), covers=(chance,))
    cover = to_fact(to_consolidated_item(PREFIX, whole))
    other = fact_of(block(trace_id(1), b"other"))
    assert list(uncovered([early, cover, other])) == [cover, other]
    assert list(uncovered([early, other])) == [early, other]


def test_what_covers_others_is_read_first_so_that_reading_stays_a_stream(facts: DynamoBlockStore, clock: Clock):
    """A Query gives 1 MB at a time; whether a block is covered is known before the first one is given."""
    blocks = [block(trace_id(1), b"%d" % n) for n in range(40)]
    facts.write(TENANT, blocks, clock.deadline(), undecided=True)
    whole = consolidated(trace_id(1), b"whole", blocks[:39], clock)
    facts.consolidate(TENANT, whole, clock.deadline())
    assert [kept.digest for kept in facts.read_kept(TENANT, trace_id(1), clock.deadline())] == [
        payload_digest(b"whole"),
        payload_digest(b"39"),
    ]


def test_consolidating_is_one_call_and_survives_a_failure_that_passes(facts: DynamoBlockStore, clock: Clock):
    whole = consolidated(trace_id(1), b"whole", [block(trace_id(1))], clock)
    with f.faults(f.in_turn(f.throttled, f.taking(0)), clock) as calls:
        facts.consolidate(TENANT, whole, clock.deadline())
    assert [call.operation for call in calls] == ["BatchWriteItem"] * 3
    assert list(facts.read_kept(TENANT, trace_id(1), clock.deadline())) == [whole]


def test_a_scan_gives_everything_else_before_it_tells_of_items_that_cannot_be_read(
    dynamodb: Connection, facts: DynamoBlockStore, clock: Clock
):
    facts.write(TENANT, [block(trace_id(n)) for n in range(1, 9)], clock.deadline())
    good = dict(to_item(PREFIX, block(trace_id(20)), 1, FAR_S))
    for number, wrong in enumerate([{"f": {"N": "77"}}, {"b": {"B": b"junk"}}, {"at": {"S": "noon"}}]):
        sort = good["sk"]["B"][:-1] + bytes([number])
        dynamodb.client().put_item(TableName=FACTS_TABLE, Item={**good, "sk": {"B": sort}, **wrong})
    found = []
    with pytest.raises(StoreError, match="3 of the items") as unreadable:
        found.extend(facts.scan())
    assert sorted(kept.block.trace_id for _, kept in found) == [trace_id(n) for n in range(1, 9)]
    assert len(unreadable.value.__notes__) == 3
    assert any("77" in note for note in unreadable.value.__notes__)
