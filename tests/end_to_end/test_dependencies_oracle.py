"""Dependency links through the API, against linkers that are run over everything that was posted, all at once.

What is posted is as bad as it gets: both sides of a call under one id, ids of both widths in one trace, messaging,
orphans, spans that name themselves or each other as parents, errors, spans that come late, again, in pieces and in any
order; by Zipkin, and by OTLP. Traces are sealed in between, so that much is counted, taken back and counted again.
"""

import json
import random
from collections import Counter, defaultdict
from urllib.parse import urlencode

import pytest

from chalicelib.codecs.otlp.spans import from_spans as to_message
from chalicelib.codecs.zipkin import json_v2
from chalicelib.codecs.zipkin.from_otlp import from_span
from chalicelib.codecs.zipkin.linker import links_of
from chalicelib.codecs.zipkin.to_otlp import to_spans
from chalicelib.model.ids import low_half
from chalicelib.model.span import Kind, Resource, Span, StatusCode
from chalicelib.model.windows import Window
from chalicelib.query.dependencies import jaeger_links
from chalicelib.settings import Settings
from tests.clocks import NOON_NS
from tests.end_to_end.backend import PROTOBUF
from tests.end_to_end.deployment import Deployment
from tests.in_memory import TENANT

TRACES = 120
S_US, MINUTE_US, MINUTE_NS = 1_000_000, 60_000_000, 60_000_000_000
NOON_US = NOON_NS // 1000
BEGINS = NOON_US - 90 * MINUTE_US  # the first trace; the last one begins at noon
SERVICES = ("Web", "shop", "bank", None)
REMOTES = ("db", "kafka", "Shop", None)


def zipkin_trace(chance: random.Random, number: int, begin_us: int) -> list[dict]:
    """Some spans of one trace, as they are posted; ids are few, so that many meet."""
    ids = (f"{number + 1:016x}", f"{7:016x}{number + 1:016x}")
    spans = []
    for index in range(chance.choice((1, 2, 4, 7))):
        kind, service, remote = (
            chance.choice((None, "CLIENT", "SERVER", "PRODUCER", "CONSUMER")),
            *(chance.choice(names) for names in (SERVICES, REMOTES)),
        )
        span = {
            "traceId": ids[0] if number % 4 == 0 and chance.random() < 0.5 else ids[1],
            "id": f"{index + 1:016x}" if chance.random() < 0.7 else f"{chance.randrange(index + 1) + 1:016x}",
            "name": "get",
            "timestamp": begin_us + index * S_US + chance.randrange(S_US),
            "shared": chance.random() < 0.2,
            "tags": {"error": "late"} if chance.random() < 0.2 else {},
        }
        span |= {"kind": kind} if kind else {}
        span |= {"localEndpoint": {"serviceName": service, "port": chance.choice((0, 80, 81))}} if service else {}
        span |= {"remoteEndpoint": {"serviceName": remote}} if remote else {}
        if index and chance.random() < 0.95:
            span["parentId"] = f"{chance.randrange(1, index + 3):016x}"
        spans.append(span)
    return spans


def otlp_trace(chance: random.Random, number: int, begin_us: int) -> list[Span]:
    """The same as an OpenTelemetry SDK sends it: no shared ids, no names of callers."""
    spans: list[Span] = []
    for index in range(chance.choice((1, 3, 6))):
        start_ns = begin_us * 1000 + index * 1000
        attributes = {"server.address": "db"} if chance.random() < 0.4 else {}
        spans.append(
            Span(
                trace_id=f"{9:016x}{number + 1:016x}",
                span_id=f"{index + 1:016x}",
                parent_id=chance.choice(spans).span_id if spans and chance.random() < 0.9 else None,
                name="GET /",
                kind=chance.choice(list(Kind)),
                start_ns=start_ns,
                end_ns=start_ns + 1000,
                status_code=StatusCode.ERROR if chance.random() < 0.2 else StatusCode.UNSET,
                attributes=attributes,
                resource=Resource(attributes={"service.name": chance.choice(SERVICES[:3])}),
            )
        )
    return spans


class Played:
    """A deployment, and everything that was posted to it."""

    def __init__(self) -> None:
        self.chance = random.Random(3)
        self.deployment = Deployment(3, Settings(seal_piece_traces=20))
        self.known: list[Span] = []
        posts = sorted((post for number in range(TRACES) for post in self.posts(number)), key=lambda post: post[0])
        self.deployment.clock.at_ns = BEGINS * 1000
        for at_us, path, headers, body in posts:
            while self.deployment.clock.at_ns + MINUTE_NS < at_us * 1000:
                if self.chance.random() < 0.8:
                    self.deployment.deliver()
                self.deployment.settle(minutes=1)
            self.deployment.clock.at_ns = max(self.deployment.clock.at_ns, at_us * 1000)
            assert self.deployment.ask("POST", path, headers, body).status < 300
        self.deployment.deliver()
        self.deployment.settle(minutes=15)

    def posts(self, number: int) -> list[tuple[int, str, dict, bytes]]:
        """The posts of a trace, each with its time in microseconds: minutes after one another, some of them twice."""
        begin_us = BEGINS + self.chance.randrange(90 * MINUTE_US)
        by_otlp = number % 3 == 0
        make = otlp_trace if by_otlp else zipkin_trace
        spans = make(self.chance, number, begin_us)
        self.known += spans if by_otlp else to_spans(json_v2.read(json.dumps(spans).encode()))
        self.chance.shuffle(spans)
        cut = self.chance.randrange(len(spans) + 1)
        parts = [part for part in (spans[:cut], spans[cut:]) if part]
        posts = []
        for part in [*parts, *(parts if self.chance.random() < 0.2 else ())]:
            at_us = begin_us + self.chance.choice((10, 70, 400, 2000)) * S_US
            if by_otlp:
                posts.append((at_us, "/v1/traces", {"Content-Type": PROTOBUF}, to_message(part).SerializeToString()))
            else:
                posts.append((at_us, "/zipkin/api/v2/spans", {}, json.dumps(part).encode()))
        return posts


@pytest.fixture(scope="module")
def played() -> Played:
    return Played()


WINDOWS = {
    "all of it": (BEGINS - 10 * MINUTE_US, BEGINS + 200 * MINUTE_US),
    "an hour": (BEGINS + 30 * MINUTE_US, BEGINS + 89 * MINUTE_US + 59 * S_US),
    "minutes": (BEGINS + 17 * MINUTE_US, BEGINS + 23 * MINUTE_US + 1000),
    "one minute, named by a moment of it": (BEGINS + 31 * MINUTE_US + 1000, BEGINS + 31 * MINUTE_US + 2000),
    "long ago": (MINUTE_US, 2 * MINUTE_US),
}


@pytest.fixture(params=WINDOWS.values(), ids=WINDOWS)
def range_us(request):
    return request.param


def begun_within(spans: list[Span], range_us: tuple[int, int]) -> bool:
    """Whether the minute of the first root, or of the first span where there is no root, overlaps the range."""
    first_ns = min(span.start_ns for span in [each for each in spans if each.parent_id is None] or spans)
    return range_us[0] // MINUTE_US <= first_ns // MINUTE_NS <= range_us[1] // MINUTE_US


def traces_of(spans: list[Span], key) -> list[list[Span]]:
    found = defaultdict(list)
    for span in spans:
        found[key(span.trace_id)].append(span)
    return list(found.values())


def test_zipkins_links_are_those_of_a_linker_over_everything(played, range_us):
    expected: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for spans in traces_of(played.known, low_half):
        if begun_within(spans, range_us):
            for ends, (calls, errors) in links_of(map(from_span, spans)).items():
                expected[ends] = expected[ends][0] + calls, expected[ends][1] + errors
    start_us, end_us = range_us
    asked = urlencode({"endTs": end_us // 1000, "lookback": (end_us - start_us) // 1000})
    reply = played.deployment.get(f"/zipkin/api/v2/dependencies?{asked}")
    assert reply.status == 200
    assert reply.json() == [
        {"parent": parent, "child": child, "callCount": calls} | ({"errorCount": errors} if errors else {})
        for (parent, child), (calls, errors) in sorted(expected.items())
    ]
    assert len(expected) > 15 or end_us - start_us < 60 * MINUTE_US


def parent_of(span: Span, spans: list[Span]) -> Span | None:
    """Brute force: a server under a client's id is below it; of several with the parent's id its own service's."""
    clients = [each for each in spans if each.span_id == span.span_id and each.kind == Kind.CLIENT]
    if span.kind == Kind.SERVER and clients:
        return min(clients, key=lambda each: each.start_ns)
    named = [each for each in spans if each.span_id == span.parent_id != span.span_id]
    ranks = {
        id(each): (service_of(each) != service_of(span), each.kind != Kind.SERVER, each.start_ns) for each in named
    }
    return min(named, key=lambda each: ranks[id(each)], default=None)


def service_of(span: Span) -> str:
    return span.resource.attributes.get("service.name", "unknown_service")


@pytest.mark.parametrize("service", [None, "shop", "nobody"])
def test_jaegers_links_are_those_of_every_span_with_its_parent_in_the_trace(played, range_us, service):
    expected: Counter[tuple[str, str]] = Counter()
    for spans in traces_of(played.known, str):
        if begun_within(spans, range_us):
            parents = [(parent_of(span, spans), span) for span in spans]
            expected.update((service_of(above), service_of(span)) for above, span in parents if above is not None)
    window = Window(range_us[0] * 1000, range_us[1] * 1000 + 1)
    deployment = played.deployment
    report = jaeger_links(deployment.services, TENANT, window, deployment.clock.deadline(), service)
    assert [(link.parent, link.child, link.calls, link.errors) for link in report.links] == [
        (*ends, calls, 0) for ends, calls in sorted(expected.items()) if service in (None, *ends)
    ]
    assert report.partial is None


def test_a_rebuild_links_the_same(played):
    asked = f"/zipkin/api/v2/dependencies?endTs={BEGINS // 1000 + 200 * 60_000}"
    before = played.deployment.get(asked).json()
    rebuilt = played.deployment.fork()
    rebuilt.rebuild()
    assert rebuilt.get(asked).json() == before != []


def test_what_is_not_sealed_yet_is_not_linked():
    deployment = Deployment(1, Settings())
    deployment.clock.at_ns = NOON_NS
    spans = [{"traceId": "a", "id": "1", "kind": "CLIENT", "timestamp": NOON_US, "localEndpoint": {"serviceName": "a"},
              "remoteEndpoint": {"serviceName": "b"}}]  # fmt: skip
    deployment.ask("POST", "/zipkin/api/v2/spans", {}, json.dumps(spans).encode())
    deployment.deliver()
    asked = f"/zipkin/api/v2/dependencies?endTs={NOON_US // 1000 + 600_000}"
    assert deployment.get(asked).json() == []
    deployment.settle(minutes=4)
    assert deployment.get(asked).json() == [{"parent": "a", "child": "b", "callCount": 1}]
