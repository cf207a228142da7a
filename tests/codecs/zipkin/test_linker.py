"""Which links a trace comes to: the outcomes that Zipkin's linker and its storage tests agree on, retold."""

import random

import pytest

from chalicelib.codecs.zipkin.linker import links_of
from chalicelib.codecs.zipkin.merge import merged
from chalicelib.codecs.zipkin.span import Annotation, Endpoint, ZipkinSpan, span_of
from chalicelib.codecs.zipkin.tree import tree_of


def span(number, parent=None, kind=None, own=None, other=None, **fields) -> ZipkinSpan:
    return span_of(
        trace_id="a",
        id=str(number),
        parent_id=str(parent) if parent else None,
        kind=kind,
        local_endpoint=Endpoint(service_name=own) if own else None,
        remote_endpoint=Endpoint(service_name=other) if other else None,
        **fields,
    )


FAILED = {"error": "yes"}

CASES = {
    "nothing": ([], {}),
    "a server nobody called": ([span(1, None, "SERVER", "web")], {}),
    "a server that names its caller": ([span(1, None, "SERVER", "web", "edge")], {("edge", "web"): (1, 0)}),
    "a client that names whom it called": ([span(1, None, "CLIENT", "web", "db")], {("web", "db"): (1, 0)}),
    "a client and its server count once, as the server names itself": (
        [span(1, None, "CLIENT", "web", "alias"), span(2, 1, "SERVER", "app", "someone")],
        {("web", "app"): (1, 0)},
    ),
    "both sides under one id": (
        [span(1, None, "CLIENT", "web", "app"), span(1, None, "SERVER", "app", shared=True)],
        {("web", "app"): (1, 0)},
    ),
    "a span of no kind that names both sides is a client": (
        [span(1, None, None, "web", "db")],
        {("web", "db"): (1, 0)},
    ),
    "a span of no kind that names one side is nothing": ([span(1, None, None, "web")], {}),
    "local spans between a server and its clients": (
        [
            span(1, None, "SERVER", "server", "client"),
            span(2, 1, None, "server"),
            span(3, 2, "CLIENT", "server"),
            span(4, 2, "CLIENT", "server"),
        ],
        {("client", "server"): (1, 0)},
    ),
    "a server between two clients that reported nothing": (
        [span(1, None, "CLIENT", "web", "app"), span(2, 1, "CLIENT", "app", "db")],
        {("web", "app"): (1, 0), ("app", "db"): (1, 0)},
    ),
    "an error that the server saw": (
        [span(1, None, "CLIENT", "web"), span(2, 1, "SERVER", "app", tags=FAILED)],
        {("web", "app"): (1, 1)},
    ),
    "an error that only the client saw": (
        [span(1, None, "CLIENT", "web", tags=FAILED), span(2, 1, "SERVER", "app")],
        {("web", "app"): (1, 1)},
    ),
    "an error of a client further up is not this call's": (
        [span(1, None, "CLIENT", "web", tags=FAILED), span(2, 1, None, "web"), span(3, 2, "SERVER", "app")],
        {("web", "app"): (1, 0)},
    ),
    "an annotation named error is no error": (
        [span(1, None, "CLIENT", "web", "db", annotations=[Annotation(1, "error")])],
        {("web", "db"): (1, 0)},
    ),
    "a producer and a consumer with their broker": (
        [span(1, None, "PRODUCER", "web", "kafka"), span(2, 1, "CONSUMER", "worker", "kafka")],
        {("web", "kafka"): (1, 0), ("kafka", "worker"): (1, 0)},
    ),
    "a producer and a consumer without a broker": (
        [span(1, None, "PRODUCER", "web"), span(2, 1, "CONSUMER", "worker")],
        {},
    ),
    "a producer above a server": (
        [span(1, None, "PRODUCER", "web"), span(2, 1, "SERVER", "app")],
        {("web", "app"): (1, 0)},
    ),
    "a client above a consumer": (
        [span(1, None, "CLIENT", "web"), span(2, 1, "CONSUMER", "worker")],
        {},
    ),
    "a service that calls itself": (
        [span(1, None, "CLIENT", "web"), span(2, 1, "SERVER", "web")],
        {("web", "web"): (1, 0)},
    ),
    "orphans of one missing parent": (
        [span(2, 1, "SERVER", "app"), span(3, 1, "SERVER", "other")],
        {},
    ),
    "an orphan below an orphan": (
        [span(2, 1, "CLIENT", "app"), span(3, 2, "SERVER", "db")],
        {("app", "db"): (1, 0)},
    ),
}


@pytest.mark.parametrize(("spans", "links"), CASES.values(), ids=CASES)
def test_links_of(spans, links):
    assert links_of(spans) == links


@pytest.mark.parametrize(("spans", "links"), CASES.values(), ids=CASES)
def test_links_depend_neither_on_the_order_of_spans_nor_on_repeats(spans, links):
    repeated = [*spans, *spans]
    random.Random(7).shuffle(repeated)
    assert links_of(repeated) == links


def test_pieces_of_a_span_become_one():
    pieces = [
        span(1, None, "CLIENT", "web", timestamp=5, tags={"a": "1"}),
        span(1, 9, None, None, "db", duration=3, tags={"b": "2"}),
    ]
    assert merged(pieces) == [span(1, 9, "CLIENT", "web", "db", timestamp=5, duration=3, tags={"a": "1", "b": "2"})]


def test_a_server_under_its_clients_id_is_marked_shared_and_learns_the_clients_parent():
    client, server = merged([span(2, None, "SERVER", "app"), span(2, 1, "CLIENT", "web")])
    assert (client.kind, server.kind, server.shared, server.parent_id) == ("CLIENT", "SERVER", True, "1".zfill(16))


def test_ids_of_both_widths_are_one_trace_with_the_longer():
    wide = "1" * 16 + "a".zfill(16)
    found = merged([span_of(trace_id="a", id="1"), span_of(trace_id=wide, id="2")])
    assert {one.trace_id for one in found} == {wide}


def test_a_child_of_a_shared_id_belongs_to_the_side_on_its_own_endpoint():
    spans = merged([
        span(1, None, "CLIENT", "web"),
        span(1, None, "SERVER", "app", shared=True),
        span(2, 1, None, "app"),
        span(3, 1, None, "web"),
    ])  # fmt: skip
    above = {node.span.id[-1]: node.parent.span.kind for node in tree_of(spans).breadth_first() if node.parent}
    assert above == {"1": "CLIENT", "2": "SERVER", "3": "CLIENT"}


def test_spans_that_are_each_others_parents_are_all_in_the_tree():
    spans = merged([span(1, 2, "CLIENT", "web", "app"), span(2, 1, "CLIENT", "app", "db")])
    assert {node.span.id[-1] for node in tree_of(spans).breadth_first() if node.span} == {"1", "2"}
