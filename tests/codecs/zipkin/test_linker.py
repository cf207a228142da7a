"""Which links a trace comes to: the outcomes that Zipkin's linker and its storage tests agree on, retold."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.zipkin.calls import calls_of
from chalicelib.codecs.zipkin.linker import links_of
from chalicelib.codecs.zipkin.merge import merged
from chalicelib.codecs.zipkin.span import Annotation, Endpoint, ZipkinSpan, span_of
from chalicelib.codecs.zipkin.tree import NOBODY, parents_of
from tests.codecs.zipkin.strategies import zipkin_spans


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
    "an error that only the client saw, under a shared id": (
        [span(1, None, "CLIENT", "web", tags=FAILED), span(1, None, "SERVER", "app", shared=True)],
        {("web", "app"): (1, 0)},
    ),
    "a server below a client without a name keeps the name that it has for its caller": (
        [span(1, None, "CLIENT"), span(2, 1, "SERVER", "app", "alias")],
        {("alias", "app"): (1, 0)},
    ),
    "a server that shares the id of a client that is not there is below the root": (
        [span(1, None, "SERVER", "edge"), span(2, 1, "SERVER", "web"), span(3, 2, "SERVER", "app", shared=True)],
        {("edge", "web"): (1, 0), ("edge", "app"): (1, 0)},
    ),
    "a server that does not say that it shares its client's id, reported twice": (
        [span(1, None, "CLIENT", "web"), span(1, None, "SERVER", "app"), span(1, None, "SERVER", "app")],
        {("web", "app"): (1, 0)},
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
    pieces = [span(1, None, "CLIENT", "web", tags=FAILED), span(1, 9, None, None, "db")]
    assert merged(calls_of(pieces)) == calls_of([span(1, 9, "CLIENT", "web", "db", tags=FAILED)])


def test_pieces_from_different_endpoints_stay_apart():
    one, other = (
        span_of(trace_id="a", id="1", local_endpoint=Endpoint(service_name="web", ipv4=address))
        for address in ("10.0.0.1", "10.0.0.2")
    )
    assert len(merged(calls_of([one, other]))) == 2
    assert len(merged(calls_of([one, span(1, None, "CLIENT", "web")]))) == 1


def test_a_server_under_its_clients_id_is_marked_shared_and_learns_the_clients_parent():
    client, server = merged(calls_of([span(2, None, "SERVER", "app"), span(2, 1, "CLIENT", "web")]))
    assert (client.kind, server.kind, server.shared, server.parent_id) == ("CLIENT", "SERVER", True, "1".zfill(16))


def test_ids_of_both_widths_are_one_trace():
    wide = "1" * 16 + "a".zfill(16)
    client = span_of(trace_id="a", id="1", kind="CLIENT", local_endpoint=Endpoint(service_name="web"))
    server = span_of(trace_id=wide, id="2", parent_id="1", kind="SERVER", local_endpoint=Endpoint(service_name="app"))
    assert links_of([client, server]) == {("web", "app"): (1, 0)}


def parents(*spans: ZipkinSpan) -> list[tuple[str, str | None]]:
    """The last digit of each span's id, and of its parent's, with the kind that tells sides apart."""
    found = merged(calls_of(spans))
    said = [f"{one.id[-1]} {one.kind}" for one in found]
    return [(own, said[at] if at != NOBODY else None) for own, at in zip(said, parents_of(found), strict=True)]


def test_a_child_of_a_shared_id_belongs_to_the_side_on_its_own_endpoint():
    assert parents(
        span(1, None, "CLIENT", "web"),
        span(1, None, "SERVER", "app", shared=True),
        span(2, 1, None, "app"),
        span(3, 1, None, "web"),
    ) == [("1 CLIENT", None), ("1 SERVER", "1 CLIENT"), ("2 None", "1 SERVER"), ("3 None", "1 CLIENT")]


def test_spans_without_a_known_parent_are_below_the_first_that_names_none():
    assert parents(span(4), span(3, 9), span(2), span(5, 3)) == [
        ("2 None", None),
        ("3 None", "2 None"),
        ("4 None", "2 None"),
        ("5 None", "3 None"),
    ]


def test_without_a_root_every_orphan_is_topmost():
    assert parents(span(2, 8), span(3, 9), span(4, 3)) == [("2 None", None), ("3 None", None), ("4 None", "3 None")]


def test_spans_that_are_each_others_parents_are_parted_above_the_last():
    circle = [span(1, 3, None), span(2, 1, None), span(3, 2, None), span(4, 3, None), span(5, 5, None)]
    for turned in (circle, circle[::-1]):
        assert [above for _, above in parents(*turned)] == ["3 None", "1 None", "5 None", "3 None", None]


def test_a_chain_of_many_thousand_spans_is_linked_in_a_moment():
    """Whoever walked up from each span would take an hour."""
    deep = [span(number, number - 1 or None, None, "web") for number in range(1, 30_000)]
    leaves = [span(number, 29_999, "CLIENT", "web", "db") for number in range(30_000, 60_000)]
    assert links_of([span(99_999, None, "SERVER", "web"), *leaves, *reversed(deep)]) == {("web", "db"): (30_000, 0)}


@given(st.lists(zipkin_spans(ids=st.integers(1, 6).map("{:016x}".format)), max_size=8), st.randoms())
def test_no_order_of_reports_changes_what_is_linked(spans, chance):
    turned = [*spans, *spans[:2]]
    chance.shuffle(turned)
    assert links_of(turned) == links_of(spans)
