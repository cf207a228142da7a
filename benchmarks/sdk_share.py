"""What the SDK costs of a write: CPU per BatchWriteItem with the answer given at once, nothing leaving the process.

    python -m benchmarks.sdk_share

Compares botocore as it comes, without parameter validation, and our client (storage/dynamodb/client.py); then the
ways to make items, and what calls side by side save of the time that a function waits.
"""

import io
import random
import time
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from chalicelib.model.deadline import Deadline
from chalicelib.storage.dynamodb.client import Connection, make_client
from chalicelib.storage.dynamodb.models import FactItem
from chalicelib.storage.dynamodb.writer import Backoff, Writer

KEYS = {"region_name": "eu-central-1", "aws_access_key_id": "none", "aws_secret_access_key": "none" * 10}
ANSWER = b'{"UnprocessedItems":{}}'
NETWORK_S = 0.008
CHANCE = random.Random(1)


class _Raw(io.BytesIO):
    def stream(self, **_: object) -> Any:
        yield self.read()


def canned(client: Any, wait_s: float = 0) -> Any:
    """`client`, answered after `wait_s` without a network."""

    def answer(request: Any, **_: object) -> AWSResponse:
        time.sleep(wait_s)
        return AWSResponse(request.url, 200, {"content-type": "application/x-amz-json-1.0"}, _Raw(ANSWER))

    client.meta.events.register("before-send.dynamodb", answer)
    return client


def item() -> dict[str, dict[str, Any]]:
    """An item like those of ten-span posts, about 1 KB."""
    return {
        "pk": {"B": b"default\x00" + CHANCE.randbytes(8)},
        "sk": {"B": CHANCE.randbytes(20)},
        "b": {"B": CHANCE.randbytes(900)},
        "f": {"N": "1"},
        "n": {"N": "10"},
        "at": {"N": "1767268800123"},
        "expires_at": {"N": "1768478400"},
    }


def microseconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time, times: int = 100) -> float:
    """The best of five means."""
    best = float("inf")
    for _ in range(5):
        began = clock()
        for _ in range(times):
            work()
        best = min(best, (clock() - began) / times)
    return best * 1e6


def main() -> None:
    """Print the tables."""
    items = [item() for _ in range(100)]
    plain = botocore.session.get_session()
    clients = {
        "botocore as it comes": plain.create_client("dynamodb", **KEYS),
        "without validation": plain.create_client("dynamodb", config=Config(parameter_validation=False), **KEYS),
        "ours": make_client(**KEYS),
    }
    for name, client in clients.items():
        canned(client)
        costs = {
            count: microseconds(lambda c=client, n=count: c.batch_write_item(RequestItems={"t": _puts(items[:n])}))
            for count in (1, 25)
        }
        print(f"{name:24} 1 item {costs[1]:6.0f} us   25 items {costs[25]:6.0f} us")
    binaries = {"pk": bytes(16), "sk": bytes(20), "packed": bytes(900)}
    print(f"FactItem, serialised {_model_us(binaries):6.1f} us   plain dict {_dict_us(**binaries):6.1f} us")
    for lanes in (1, 4):
        print(f"100 items, {NETWORK_S * 1e3:.0f} ms a call, {lanes} lanes: {_wall_us(items, lanes) / 1e3:.1f} ms")


def _puts(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": one}} for one in items]


def _model_us(fields: dict[str, bytes]) -> float:
    numbers = {"format": 1, "span_count": 10, "arrived_ms": 1767268800123, "expires_at": 1768478400}
    return microseconds(lambda: FactItem(**fields, **numbers).serialize(), times=1000)


def _dict_us(pk: bytes, sk: bytes, packed: bytes) -> float:
    def make() -> object:
        numbers = {"f": {"N": str(1)}, "n": {"N": str(10)}, "at": {"N": str(1767268800123)}}
        return {"pk": {"B": pk}, "sk": {"B": sk}, "b": {"B": packed}, **numbers, "expires_at": {"N": str(1768478400)}}

    return microseconds(make, times=1000)


def _wall_us(items: list[dict[str, Any]], lanes: int) -> float:
    connection = Connection(lambda: canned(make_client(**KEYS), NETWORK_S))
    writer = Writer(connection=connection, table="t", backoff=Backoff(random.random, time.sleep), lanes=lanes)
    deadline = Deadline(time.time_ns() + 60 * 10**9, time.time_ns)
    return microseconds(lambda: writer.put(items, deadline), time.perf_counter, times=10)


if __name__ == "__main__":
    main()
