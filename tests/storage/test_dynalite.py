"""The store's contract on a second DynamoDB, dynalite, over HTTP.

It is stricter than moto where moto is lax: 25 items to a call and each key once, items up to 409,600 bytes, and pages
of 1 MB. It comes from npm with the exporters of tests/clients, so these tests are there only where Node is.
"""

from collections.abc import Iterator
from itertools import count

import pytest

from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.control import DynamoKeyStore, DynamoSamplingStore
from chalicelib.storage.dynamodb.facts import DynamoBlockStore
from chalicelib.storage.dynamodb.tables import create_missing_tables
from chalicelib.storage.dynamodb.views import DynamoViewStore
from tests import engines
from tests.clocks import Clock
from tests.contracts.block_store import (
    RETENTION_S,
    UNDECIDED_S,
    BlockStoreContract,
    block,
    consolidated,
    in_any_order,
    noise,
    trace_id,
)
from tests.contracts.key_store import KeyStoreContract
from tests.contracts.sampling_store import SamplingStoreContract
from tests.contracts.view_store import ViewStoreContract
from tests.engines import dynamo_blocks, dynamo_views

numbers = count(1)


@pytest.fixture(scope="module")
def dynalite() -> Iterator[Connection]:
    with engines.dynalite() as connection:
        yield connection


@pytest.fixture
def tables(dynalite: Connection) -> dict[str, str]:
    """Three tables that no other test has."""
    number = next(numbers)
    names = {role: f"{role}-{number}" for role in ("facts", "views", "control")}
    create_missing_tables(dynalite.client(), names)
    return names


if engines.has_dynalite():

    class TestDynamoBlockStoreOnDynalite(BlockStoreContract):
        @pytest.fixture
        def store(self, dynalite: Connection, tables: dict[str, str], clock: Clock) -> DynamoBlockStore:
            return dynamo_blocks(dynalite, clock.now_ns, clock.sleep, RETENTION_S, UNDECIDED_S, tables["facts"])

        def test_a_scan_over_several_pages_misses_nothing_and_covers_across_them(
            self, store: DynamoBlockStore, clock: Clock
        ) -> None:
            """5 MB; moto cannot page a scan."""
            blocks = [block(trace_id(n % 7 + 1), noise(n, 100_000)) for n in range(50)]
            for some in (blocks[:25], blocks[25:]):
                store.write("default", some, clock.deadline(), undecided=True)
            of_1 = [one for one in blocks if one.trace_id == trace_id(1)]
            whole = consolidated(trace_id(1), noise(99, 300_000), of_1, clock)
            store.consolidate("default", whole, clock.deadline())
            expected = [one for one in blocks if one.trace_id != trace_id(1)] + [whole.block]
            assert in_any_order(kept.block for _, kept in store.scan()) == in_any_order(expected)

    class TestDynamoViewStoreOnDynalite(ViewStoreContract):
        @pytest.fixture
        def store(self, dynalite: Connection, tables: dict[str, str], clock: Clock) -> DynamoViewStore:
            return dynamo_views(dynalite, clock.now_ns, clock.sleep, tables["views"])

    class TestDynamoSamplingStoreOnDynalite(SamplingStoreContract):
        @pytest.fixture
        def store(self, dynalite: Connection, tables: dict[str, str]) -> DynamoSamplingStore:
            return DynamoSamplingStore(connection=dynalite, table=tables["control"])

    class TestDynamoKeyStoreOnDynalite(KeyStoreContract):
        @pytest.fixture
        def store(self, dynalite: Connection, tables: dict[str, str]) -> DynamoKeyStore:
            return DynamoKeyStore(connection=dynalite, table=tables["control"])
