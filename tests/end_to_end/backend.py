"""The whole backend in this process: gateway, collector and query, on DynamoDB as moto plays it.

`Backend.ask` goes the way of the local runner (HTTP request, REST proxy event, Lambda's JSON both ways, HTTP answer)
without a socket. A handler that raises fails the test there; a process that dies (SystemExit) dies through it.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import zstandard

from chalicelib.access.gates import KeyGate, OpenGate
from chalicelib.access.keys import RANDOM_BYTES, issue
from chalicelib.codecs.otlp import json, protobuf
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.functions.index_stream import index_stream
from chalicelib.functions.seal import seal
from chalicelib.local.lambda_runtime import invoke
from chalicelib.local.proxy import NO_SUCH_RESOURCE, HttpRequest, find_match, proxy_event
from chalicelib.model.access import Scope
from chalicelib.routes import gateway
from chalicelib.services import Gate, Services
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.client import Connection
from chalicelib.storage.dynamodb.control import DynamoKeyStore
from tests.clocks import Clock
from tests.engines import CONTROL_TABLE, FACTS_TABLE, dynamo_blocks, dynamo_views
from tests.functions.events import Context, event_of
from tests.http_client import Reply
from tests.in_memory import services_in_memory
from tests.recording import RecordingTelemetry

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
MEDIA_TYPES = (PROTOBUF, JSON)

PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
}
ENCODERS: Mapping[str, Callable[[TracesData], bytes]] = {PROTOBUF: protobuf.encode, JSON: json.encode}


class Gateway:
    """An app with these services, behind the gateway."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self.clock = clock
        self.services = services
        self.app = gateway.create(services)

    def ask(self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
        """What API Gateway and the function behind it answer to a request for `target` (path and query, as sent)."""
        raw_path, _, raw_query = target.partition("?")
        request = HttpRequest(
            method=method,
            raw_path=raw_path,
            raw_query=raw_query,
            headers=list((headers or {}).items()),
            body=body,
            client="127.0.0.1",
            time_ns=self.clock.at_ns,
        )
        match = find_match(self.app.routes, raw_path)
        answer = NO_SUCH_RESOURCE if match is None else invoke(self.app, proxy_event(request, match), _must_not_fail)
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers}, answer.body)

    def get(self, target: str, **headers: str) -> Reply:
        return self.ask("GET", target, headers)


class Backend(Gateway):
    """An app over the tables of `connection`; with `clock`, all its waiting takes no time but the clock's.

    Sampling policies are in memory: a container asks for them once a minute, and these tests count calls.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Clock | None = None,
        gate: Gate | None = None,
        tenant: str = "default",
        **settings: Any,
    ) -> None:
        clock = clock or Clock()
        self.telemetry = RecordingTelemetry()
        self._connection = connection
        self._streamed: set[bytes] = set()
        services = services_in_memory(
            settings=Settings(**settings),
            blocks=dynamo_blocks(connection, clock.now_ns, clock.sleep),
            views=dynamo_views(connection, clock.now_ns, clock.sleep),
            gate=gate or OpenGate(tenant),
            telemetry=self.telemetry,
            now_ns=clock.now_ns,
        )
        super().__init__(services, clock)

    def stream(self) -> dict[str, Any]:
        """The event that tells of what was kept since the last one."""
        items = self._connection.client().scan(TableName=FACTS_TABLE)["Items"]
        fresh = [item for item in items if item["pk"]["B"] + item["sk"]["B"] not in self._streamed]
        self._streamed.update(item["pk"]["B"] + item["sk"]["B"] for item in fresh)
        return event_of(fresh)

    def index(self) -> None:
        """Have the stream's function look at what is new."""
        index_stream(self.services, self.stream(), Context(self.clock))

    def seal(self, minutes: int = 5) -> None:
        """Let so many minutes pass, with a tick in each."""
        for _ in range(minutes):
            self.clock.advance_s(60)
            seal(self.services, Context(self.clock))

    def post(self, message: TracesData, media: str = PROTOBUF, packing: str = "identity", **headers: str) -> Reply:
        """Send `message` as an exporter would."""
        body = PACKERS[packing](ENCODERS[media](message))
        return self.ask("POST", "/v1/traces", {"Content-Type": media, "Content-Encoding": packing, **headers}, body)

    def readings(self, trace_id: str) -> tuple[bytes, bytes, bytes]:
        """The trace in every form that there is: OTLP JSON, OTLP protobuf, assembly."""
        path = f"/v1/traces/{trace_id}"
        replies = [self.get(path, Accept=JSON), self.get(path, Accept=PROTOBUF), self.get(f"{path}/assembly")]
        assert [reply.status for reply in replies] == [200] * 3, replies
        as_json, as_protobuf, assembly = (reply.body for reply in replies)
        return as_json, as_protobuf, assembly

    def pages(self, path: str, **headers: str) -> Iterator[Reply]:
        """Every page, by the cursors in the headers."""
        query = ""
        while True:
            reply = self.get(path + query, **headers)
            assert reply.status == 200, reply
            yield reply
            cursor = reply.headers.get("x-spanfold-cursor")
            if cursor is None:
                return
            query = f"?cursor={cursor}"


class Keys:
    """Keys in the control table, and the gate that asks for them."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._store = DynamoKeyStore(connection=connection, table=CONTROL_TABLE)
        self._made = iter(range(1, 256))
        self.gate = KeyGate(self._store.find_key, clock.now_ns)

    def make(self, tenant: str, *scopes: Scope) -> dict[str, str]:
        """The header that opens the gate for `tenant`."""
        random_bytes = bytes([next(self._made)]) * RANDOM_BYTES
        token, record = issue(random_bytes, tenant=tenant, scopes=frozenset(scopes), expires_at_s=None)
        self._store.put_key(record)
        return {"x-api-key": token.text()}


def unpacked(reply: Reply) -> bytes:
    """The answer's body as it was before it was packed for the way."""
    return gzip.decompress(reply.body) if reply.headers.get("content-encoding") == "gzip" else reply.body


def read_message(reply: Reply) -> TracesData:
    """The OTLP message in an answer of either media type."""
    codec = json if reply.headers["content-type"] == JSON else protobuf
    return codec.decode(unpacked(reply), 32).message


def trace_ids(message: TracesData) -> list[str]:
    """Every trace in `message`, in hex, sorted."""
    return sorted(
        {
            span.trace_id.hex()
            for resource_spans in message.resource_spans
            for scope_spans in resource_spans.scope_spans
            for span in scope_spans.spans
        }
    )


def _must_not_fail(line: str) -> None:
    raise AssertionError(line)
