"""Which v2 spans a v1 span becomes: the cases of calls, messages and what is incomplete."""

import pytest

from chalicelib.codecs.zipkin.span import Annotation, Endpoint, ZipkinSpan
from chalicelib.codecs.zipkin.v1 import BinaryAnnotation, V1Annotation, V1Span, convert

SHOP, BANK = Endpoint(service_name="shop", ipv4="10.0.0.1"), Endpoint(service_name="bank", ipv4="10.0.0.2")
T = 1_000_000


def v1(*said: tuple, timestamp=0, duration=0, tags=()) -> list[ZipkinSpan]:
    return convert(
        V1Span(
            trace_id="1",
            id="2",
            name="get",
            timestamp=timestamp,
            duration=duration,
            annotations=tuple(V1Annotation(T + at, value, endpoint) for value, at, endpoint in said),
            binary_annotations=tuple(BinaryAnnotation(*one) for one in tags),
        )
    )


def told(spans: list[ZipkinSpan]) -> list[tuple]:
    """What the conversion decides: kind, service, time from T, duration, whether shared, annotations left over."""
    return [
        (
            span.kind,
            span.local_endpoint.service_name if span.local_endpoint else None,
            span.timestamp - T if span.timestamp else None,
            span.duration,
            span.shared,
            [one.value for one in span.annotations],
        )
        for span in spans
    ]


CASES = {
    "a client's call": (
        v1(("cs", 0, SHOP), ("cr", 9, SHOP)),
        [("CLIENT", "shop", 0, 9, False, [])],
    ),
    "a client's call whose span has a time of its own": (
        v1(("cs", 1, SHOP), ("cr", 8, SHOP), timestamp=T, duration=9),
        [("CLIENT", "shop", 0, 9, False, [])],
    ),
    "a server's call that it began": (
        v1(("sr", 0, BANK), ("ss", 5, BANK), timestamp=T, duration=5),
        [("SERVER", "bank", 0, 5, False, [])],
    ),
    "a server that joined the client's span, which owns the time": (
        v1(("sr", 2, BANK), ("ss", 5, BANK)),
        [("SERVER", "bank", 2, 3, True, [])],
    ),
    "both sides in one piece": (
        v1(("cs", 0, SHOP), ("sr", 2, BANK), ("ss", 5, BANK), ("cr", 9, SHOP), timestamp=T, duration=9),
        [("CLIENT", "shop", 0, 9, False, []), ("SERVER", "bank", 2, 3, True, [])],
    ),
    "both sides within one service": (
        v1(("cs", 0, SHOP), ("sr", 2, SHOP), ("ss", 5, SHOP), ("cr", 9, SHOP)),
        [("CLIENT", "shop", 0, 9, False, []), ("SERVER", "shop", 2, 3, True, [])],
    ),
    "a call that nobody answers": (
        v1(("cs", 0, SHOP), ("sr", 2, BANK)),
        [("CLIENT", "shop", 0, None, False, []), ("SERVER", "bank", 2, None, True, [])],
    ),
    "a client that only sent": (
        v1(("cs", 0, SHOP)),
        [("CLIENT", "shop", 0, None, False, [])],
    ),
    "a client of which only the end is known": (
        v1(("cr", 9, SHOP)),
        [("CLIENT", "shop", None, None, False, ["cr"])],
    ),
    "an end that reflects the span's duration implies the start": (
        v1(("cr", 9, SHOP), timestamp=T, duration=9),
        [("CLIENT", "shop", 0, 9, False, [])],
    ),
    "a span that is no call": (
        v1(("cache miss", 3, SHOP), timestamp=T, duration=9),
        [(None, "shop", 0, 9, False, ["cache miss"])],
    ),
    "a core annotation that nobody says": (
        v1(("cs", 0, None)),
        [(None, None, None, None, False, ["cs"])],
    ),
    "a producer, with what it wrote": (
        v1(("ms", 0, SHOP), ("ws", 4, SHOP)),
        [("PRODUCER", "shop", 0, 4, False, [])],
    ),
    "a consumer, with what it read": (
        v1(("wr", 3, BANK), ("mr", 8, BANK)),
        [("CONSUMER", "bank", 3, 5, False, [])],
    ),
    "a consumer alone": (
        v1(("mr", 8, BANK)),
        [("CONSUMER", "bank", 8, None, False, [])],
    ),
    "both ends of a message": (
        v1(("ms", 0, SHOP), ("ws", 1, SHOP), ("wr", 4, BANK), ("mr", 6, BANK)),
        [("PRODUCER", "shop", 0, 1, False, []), ("CONSUMER", "bank", 4, 2, True, [])],
    ),
    "both ends of a message within one service": (
        v1(("ms", 0, SHOP), ("mr", 6, SHOP)),
        [("PRODUCER", "shop", 0, None, False, []), ("CONSUMER", "shop", 6, None, True, [])],
    ),
    "wire annotations without a message": (
        v1(("ws", 1, SHOP), ("wr", 2, SHOP)),
        [(None, "shop", None, None, False, ["ws", "wr"])],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spans", "expected"), CASES.values(), ids=CASES)
def test_a_v1_span_becomes(spans, expected):
    assert told(spans) == expected


@pytest.mark.parametrize(
    ("spans", "remotes"),
    [
        (v1(("cs", 0, SHOP), tags=[("sa", "true", BANK)]), [BANK]),
        (v1(("cr", 0, SHOP), tags=[("sa", "1", BANK)]), [BANK]),
        (v1(("sr", 0, BANK), tags=[("ca", "true", SHOP)]), [SHOP]),
        (v1(("sr", 0, BANK), tags=[("ca", "true", BANK)]), [None]),
        (v1(("sr", 0, BANK), tags=[("ca", "true", Endpoint(service_name="bank", port=5))]), [Endpoint(port=5)]),
        (v1(("ms", 0, SHOP), tags=[("ma", "true", BANK)]), [BANK]),
        (v1(("mr", 0, SHOP), tags=[("ma", "true", BANK)]), [BANK]),
        (v1(tags=[("sa", "true", BANK), ("lc", "job", SHOP)]), [BANK]),
        (v1(tags=[("sa", "true", BANK), ("ca", "true", SHOP)]), [BANK]),
        (v1(tags=[("ca", "true", SHOP)]), [SHOP]),
    ],
)
def test_addresses_become_remote_endpoints(spans, remotes):
    assert [span.remote_endpoint for span in spans] == remotes


def test_an_address_of_the_client_alone_makes_a_server():
    assert v1(tags=[("ca", "true", SHOP)])[0].kind == "SERVER"
    assert v1(tags=[("sa", "true", BANK), ("ca", "true", SHOP)])[0].local_endpoint == SHOP


def test_the_marker_of_local_components_goes_and_others_are_tags_of_whom_they_name():
    client, server = v1(
        ("cs", 0, SHOP), ("sr", 1, BANK), tags=[("lc", "", SHOP), ("path", "/", BANK), ("sa", "true", None)]
    )
    assert (client.tags, server.tags) == ({"sa": "true"}, {"path": "/"})


def test_annotations_that_are_not_core_stay_with_whom_they_name():
    client, server = v1(("cs", 0, SHOP), ("sr", 1, BANK), ("working", 2, BANK))
    assert client.annotations == ()
    assert server.annotations == (Annotation(T + 2, "working"),)
