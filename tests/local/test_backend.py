"""The whole loop on one machine: a post, the stream, the index, the seal, on the embedded engine."""

import time
from collections.abc import Callable, Iterator

import pytest

from chalicelib.access.gates import OpenGate
from chalicelib.local.__main__ import LOCAL_DEFAULTS
from chalicelib.local.backend import assemble
from chalicelib.local.background import background
from chalicelib.local.engine import Engine, engine
from chalicelib.local.server import serve
from chalicelib.model.deadline import Deadline
from chalicelib.model.view import View
from chalicelib.search.index import Index
from chalicelib.settings import from_environment
from chalicelib.storage.view_names import digest_partition, hour_start, rollup_partition, segment_partition
from tests.http_client import HttpClient
from tests.recording import RecordingTelemetry
from tests.routes.posts import PROTOBUF, TRACE_ID, protobuf_post

TENANT = "default"


class Loop:
    """A running backend, what it said, and what its views are."""

    def __init__(self, made: Engine, client: HttpClient, telemetry: RecordingTelemetry, said: list[str]) -> None:
        self.client = client
        self.telemetry = telemetry
        self.said = said
        self._views = made.stores.views

    def traces_within(self, seconds: float, partition: Callable[[int], str]) -> list[str]:
        """The traces in the views of this hour, as soon as there are any."""
        views = self.views_within(seconds, partition)
        return [trace_id for view in views for trace_id in Index.unpack(view.body, whole=False).trace_ids()]

    def views_within(self, seconds: float, partition: Callable[[int], str]) -> list[View]:
        ends_at_s = time.monotonic() + seconds
        while time.monotonic() < ends_at_s:
            if found := [view for hour in _hours() for view in self._read(partition(hour)) if view.body]:
                return found
            time.sleep(0.1)
        return []

    def _read(self, partition: str) -> Iterator[View]:
        return self._views.read(TENANT, partition, Deadline(time.time_ns() + 10**10, time.time_ns))


def _hours() -> list[int]:
    this = hour_start(int(time.time()))
    return [this - 3600, this]


@pytest.fixture
def loop() -> Iterator[Loop]:
    said: list[str] = []
    telemetry = RecordingTelemetry()
    settings = from_environment(LOCAL_DEFAULTS)
    with engine(settings, {}) as made:
        backend = assemble(settings, made, OpenGate(TENANT), telemetry)
        with serve(backend.app, said.append) as url, background(backend.functions, backend.sources, said.append):
            yield Loop(made, HttpClient(url), telemetry, said)


def test_a_posted_trace_is_in_the_index_within_5_seconds_and_sealed_within_a_minute(loop: Loop):
    assert loop.client.post("/v1/traces", protobuf_post(span_count=3), PROTOBUF).status == 200
    found = loop.traces_within(5, segment_partition)
    assert (found, loop.telemetry.failures, loop.said) == ([TRACE_ID], [], loop.said)
    assert loop.traces_within(60, digest_partition) == [TRACE_ID]
    assert loop.views_within(60, rollup_partition)
    assert loop.telemetry.failures == []
    assert not [line for line in loop.said if "fail" in line or "given up" in line]
    assert loop.telemetry.counts["records_indexed"] == 1
