import pytest

from chalicelib.storage.dynamodb.client import Connection
from tests.clocks import Clock
from tests.end_to_end.backend import Backend


@pytest.fixture
def backend(dynamodb: Connection, clock: Clock) -> Backend:
    return Backend(dynamodb, clock=clock)
