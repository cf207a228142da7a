from collections.abc import Iterator

import pytest

from chalicelib.storage.dynamodb.client import Connection
from tests.clocks import Clock
from tests.end_to_end.backend import Backend
from tests.engines import moto_tables


@pytest.fixture
def dynamodb() -> Iterator[Connection]:
    with moto_tables() as connection:
        yield connection


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def backend(dynamodb: Connection, clock: Clock) -> Backend:
    return Backend(dynamodb, clock=clock)
