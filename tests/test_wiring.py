"""What the settings choose."""

import pytest

from chalicelib import wiring
from chalicelib.settings import Settings
from chalicelib.storage.memory import MemoryWorkQueue
from chalicelib.storage.sqs.queue import SqsWorkQueue
from tests.contracts.block_store import TENANT, block, trace_id
from tests.contracts.view_store import view
from tests.engines import CONTROL_TABLE, FACTS_TABLE, VIEWS_TABLE

SETTINGS = Settings(
    facts_table=FACTS_TABLE, views_table=VIEWS_TABLE, control_table=CONTROL_TABLE, retention_days=2, undecided_hours=3
)


@pytest.fixture
def stores(dynamodb):
    return wiring.stores_over(SETTINGS, dynamodb)


def test_every_store_keeps_its_things_in_the_table_of_the_settings(stores, clock):
    deadline = clock.deadline(in_s=10**9)
    stores.blocks.write(TENANT, [block(trace_id(1))], deadline)
    stores.views.put(TENANT, [view("1", expires_at_s=2**34)], deadline)
    stores.sampling.put_sampling(TENANT, b"{}")
    client = stores.connection.client()
    counts = {name: client.scan(TableName=name)["Count"] for name in (FACTS_TABLE, VIEWS_TABLE, CONTROL_TABLE)}
    assert counts == dict.fromkeys(counts, 1)
    assert [tenant for tenant, _ in stores.scan.scan()] == [TENANT]


def test_blocks_are_kept_for_days_and_undecided_ones_for_hours(stores, clock):
    deadline = clock.deadline(in_s=10**9)
    stores.blocks.write(TENANT, [block(trace_id(1))], deadline)
    stores.blocks.write(TENANT, [block(trace_id(2))], deadline, undecided=True)
    lasts_s = {kept.block.trace_id: kept.expires_at_s - kept.arrived_ms // 1000 for _, kept in stores.scan.scan()}
    assert lasts_s == {trace_id(1): 2 * 24 * 3600, trace_id(2): 3 * 3600}


def test_work_goes_to_the_queue_of_the_settings_or_stays_in_the_process():
    assert isinstance(wiring.work_queue(Settings()), MemoryWorkQueue)
    assert isinstance(wiring.work_queue(Settings(work_queue_url="https://sqs.test/1/work")), SqsWorkQueue)
