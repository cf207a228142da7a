import gzip
from collections import defaultdict
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Thread

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from examples.shop.__main__ import main, play
from examples.shop.clock import Clock
from examples.shop.scenes import BATCH_SIZE, NAMES, Shop

NOON_NS = 1_795_348_800_000_000_000


def played(orders, seed=1):
    """The spans of a day in the shop, and what `play` says of its traces."""
    kept, random = InMemorySpanExporter(), Random(seed)
    clock = Clock(NOON_NS, random)
    shop = Shop(lambda: SimpleSpanProcessor(kept), clock, random)
    traces = play(shop, clock, orders)
    spans = kept.get_finished_spans()
    shop.shut_down()
    return spans, traces


def by_trace(spans):
    groups = defaultdict(list)
    for span in spans:
        groups[f"{span.context.trace_id:032x}"].append(span)
    return groups


def services(spans):
    return {span.resource.attributes["service.name"] for span in spans}


@pytest.fixture(scope="module")
def day():
    return played(60)


def test_the_traces_that_are_told_are_those_that_were_sent(day):
    spans, traces = day
    told = [trace_id for _, trace_id in traces]
    assert set(told) == set(by_trace(spans))


def test_an_order_passes_through_several_services_with_each_parent_in_the_trace(day):
    spans, traces = day
    groups = by_trace(spans)
    orders = [groups[trace_id] for what, trace_id in traces if what == "order"]
    assert len(orders) == 60
    for order in orders:
        ids = {span.context.span_id for span in order}
        assert services(order) >= {"checkout", "inventory"}
        assert [span.name for span in order if span.parent is None] == ["POST /orders"]
        assert all(span.parent.span_id in ids for span in order if span.parent is not None)


def test_every_function_of_the_shop_starts_cold_once(day):
    spans, _ = day
    assert sorted(span.resource.attributes["service.name"] for span in spans if span.name == "init") == sorted(NAMES)


def test_declined_payments_and_empty_shelves_are_errors_with_their_exceptions(day):
    spans, _ = day
    failed = [span for span in spans if span.status.status_code is StatusCode.ERROR]
    types = {event.attributes["exception.type"].rpartition(".")[2] for span in failed for event in span.events}
    assert types == {"PaymentDeclined", "OutOfStock"}
    assert all(span.events[0].name == "exception" for span in failed)


def test_a_batch_from_the_queue_links_to_every_message_it_holds(day):
    spans, _ = day
    sent = {span.context.span_id for span in spans if span.name == "shop-orders send"}
    batches = [span for span in spans if span.name == "shop-orders process"]
    assert {link.context.span_id for span in batches for link in span.links} == sent
    assert all(len(span.links) == span.attributes["messaging.batch.message_count"] <= BATCH_SIZE for span in batches)
    assert all(span.kind is SpanKind.CONSUMER for span in batches)
    assert any(len(span.links) > 1 for span in batches)
    assert all((span.parent is not None) == (len(span.links) == 1) for span in batches)


def test_a_refund_is_one_trace_over_every_state_of_its_workflow(day):
    spans, traces = day
    groups = by_trace(spans)
    refunds = [groups[trace_id] for what, trace_id in traces if what == "refund"]
    assert refunds
    for refund in refunds:
        names = {span.name for span in refund}
        assert names >= {"ReturnReceived", "SFN.StartExecution", "InspectGoods", "RefundPayment", "RestockItem"}


def test_spans_end_after_they_start_and_children_that_are_not_sent_off_lie_within_their_parents(day):
    spans, _ = day
    known = {span.context.span_id: span for span in spans}
    for span in spans:
        assert span.start_time < span.end_time
        parent = known.get(span.parent.span_id) if span.parent else None
        if parent is not None and span.kind in (SpanKind.INTERNAL, SpanKind.CLIENT):
            assert parent.start_time <= span.start_time
            assert span.end_time <= parent.end_time


def test_the_same_seed_plays_the_same_day_but_for_the_ids():
    def told(spans):
        return [(span.name, span.start_time, span.end_time, dict(span.attributes)) for span in spans]

    assert told(played(5, seed=3)[0]) == told(played(5, seed=3)[0])
    assert told(played(5, seed=3)[0]) != told(played(5, seed=4)[0])


class _Server(BaseHTTPRequestHandler):
    """Answers every post with the status of its server, and keeps what was sent."""

    def do_GET(self):
        self._answer(200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.posts.append((self.path, self.headers["x-api-key"], body))
        self._answer(self.server.status)

    def _answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def serving(status):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    server.status, server.posts = status, []
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_every_trace_is_sent_and_the_last_ones_are_told_with_their_addresses(capsys):
    with serving(200) as (server, address):
        assert main(["--endpoint", address, "--traces", "3", "--key", "sfk_x"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"5 traces of a small shop sent to {address}")
    sent = TracesData()
    for path, key, body in server.posts:
        assert (path, key) == ("/v1/traces", "sfk_x")
        sent.MergeFromString(gzip.decompress(body))
    ids = {span.trace_id.hex() for each in sent.resource_spans for scope in each.scope_spans for span in scope.spans}
    told = {line.strip().removeprefix(f"{address}/v1/traces/") for line in said if line.endswith("/assembly")}
    assert told == {f"{trace_id}/assembly" for trace_id in ids}


def test_a_server_that_refuses_is_an_error_and_is_told_in_one_line(capsys):
    with serving(401) as (_, address):
        assert main(["--endpoint", address, "--traces", "1"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "did not take everything" in said.err
    assert "401" in said.err


def test_without_a_server_one_line_says_so(capsys):
    assert main(["--endpoint", "http://127.0.0.1:9"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "http://127.0.0.1:9 does not answer" in said.err
