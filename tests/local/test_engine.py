from concurrent.futures import ThreadPoolExecutor

from chalicelib.local.engine import engine
from chalicelib.settings import Settings
from tests.clocks import Clock
from tests.contracts.block_store import TENANT, block, noise, trace_id


def test_the_embedded_engine_bears_readers_and_writers_at_once():
    """moto walks through its tables as they are; the HTTP server and the functions have threads of their own."""
    deadline = Clock().deadline(in_s=10**9)
    with engine(Settings(), {}) as made, ThreadPoolExecutor(8) as threads:
        blocks = made.stores.blocks

        def write_then_read(number: int) -> int:
            blocks.write(TENANT, [block(trace_id(n), noise(number * 100 + n, 30)) for n in range(1, 40)], deadline)
            return len(list(blocks.read(TENANT, trace_id(1), deadline)))

        counts = list(threads.map(write_then_read, range(24)))
    assert max(counts) == 24
