"""Zipkin's searches through its own API, against a naive reader of everything that was posted to it.

Some spans come by Zipkin, in JSON, and some by OTLP; late, twice, and in any order. The reader here knows the posted
JSON alone, and Zipkin's rules as its QueryRequest states them.
"""

import json
import random
from collections import defaultdict
from urllib.parse import urlencode

import pytest

from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.codecs.zipkin.from_otlp import from_span
from chalicelib.codecs.zipkin.json_v2 import write_one
from chalicelib.model.span import Resource, Span
from chalicelib.settings import Settings
from tests.clocks import NOON_NS
from tests.end_to_end.backend import PROTOBUF
from tests.end_to_end.deployment import Deployment

TRACES, QUERIES = 150, 120
MINUTE_US, NOON_US = 60_000_000, NOON_NS // 1000
SERVICES, NAMES = ("web", "shop", "bank"), ("get /", "post /order", "query")
TAGS = {"http.path": ("/", "/a"), "cache": ("hit", "miss"), "error": ("", "timeout"), "n": ("3",)}


def spans_of(chance: random.Random, number: int) -> list[dict]:
    """One to four spans of a trace, as they are posted."""
    start_us = NOON_US + chance.randrange(90 * MINUTE_US)
    trace_id = f"{number + 1:016x}" if number % 3 else f"{7:016x}{number + 1:016x}"
    spans = []
    for index in range(chance.choice((1, 2, 4))):
        at_us = start_us + chance.randrange(3_000_000) - (60 * MINUTE_US if chance.random() < 0.03 else 0)
        span = {
            "traceId": trace_id,
            "id": f"{index + 1:016x}",
            "kind": chance.choice(("CLIENT", "SERVER")),
            "name": chance.choice(NAMES),
            "timestamp": at_us,
            "duration": chance.choice((1, 999, 1000, 1001, 50_000)),
            "localEndpoint": {"serviceName": chance.choice(SERVICES)},
            "tags": {key: chance.choice(values) for key, values in TAGS.items() if chance.random() < 0.3},
        }
        if index:
            span["parentId"] = f"{chance.randrange(index) + 1:016x}"
        if chance.random() < 0.3:
            span["remoteEndpoint"] = {"serviceName": chance.choice((*SERVICES, "db"))}
        if chance.random() < 0.2:
            span["annotations"] = [{"timestamp": at_us, "value": chance.choice(("retry", "cache", "ws"))}]
        spans.append(span)
    return spans


def otlp_span(number: int) -> Span:
    """A span of a trace of its own, as an OpenTelemetry SDK sends it: names in capitals, values that are no text."""
    start_ns = NOON_NS + number * 60_000_000_000 + 1
    return Span(
        trace_id=f"{9:016x}{number + 1:016x}",
        span_id="a" * 16,
        name="GET /",
        kind=3,
        start_ns=start_ns,
        end_ns=start_ns + 1_000_999,
        attributes={"n": 3, "server.address": "DB", "cache": "hit"},
        resource=Resource(attributes={"service.name": "Web"}),
    )


@pytest.fixture(scope="module", params=["live", "settled"])
def played(request):
    chance = random.Random(5)
    deployment = Deployment(5, Settings(seal_window_s=900))
    known: dict[str, list[dict]] = defaultdict(list)
    bodies = [chance.sample(spans, len(spans)) for spans in (spans_of(chance, number) for number in range(TRACES))]
    posts = [
        part for spans in bodies for part in ((spans[:1], spans[1:]) if chance.random() < 0.3 else (spans,)) if part
    ]
    chance.shuffle(posts)
    for number, spans in enumerate([*posts, *posts[:20]]):
        deployment.clock.at_ns = NOON_NS + number * 30_000_000_000
        reply = deployment.ask("POST", "/zipkin/api/v2/spans", {}, json.dumps(spans).encode())
        assert reply.status == 202
        for span in spans:
            if span not in known[span["traceId"]]:
                known[span["traceId"]].append(span)
        if number % 40 == 0:
            deployment.deliver()
    for number in range(20):
        span = otlp_span(number)
        known[span.trace_id].append(json.loads(write_one(from_span(span))))
        body = from_spans([span]).SerializeToString()
        assert deployment.ask("POST", "/v1/traces", {"Content-Type": PROTOBUF}, body).status == 200
    deployment.deliver()
    if request.param == "settled":
        deployment.settle(minutes=30)
    return deployment, known


def asked(chance: random.Random) -> dict[str, object]:
    """A search, as its parameters."""
    query = {
        "endTs": NOON_US // 1000 + chance.randrange(120 * 60_000),
        "lookback": chance.choice((60_000, 10**6, 10**7)),
    }
    query["limit"] = chance.choice((1, 5, 1000))
    choices = {
        "serviceName": (*SERVICES, "Shop", "nobody"),
        "remoteServiceName": ("db", "bank"),
        "spanName": (*NAMES, "all", "GET /"),
        "annotationQuery": ("error", "cache=hit", "retry and n=3", "http.path=/a and error=timeout", "cache", "error="),
        "minDuration": (1, 2, 1000, 1001),
    }
    for name, values in choices.items():
        if chance.random() < 0.3:
            query[name] = chance.choice(values)
    if "minDuration" in query and chance.random() < 0.5:
        query["maxDuration"] = chance.choice((1001, 40_000))
    return query


def naive(known: dict[str, list[dict]], query: dict) -> list[tuple[int, str]]:
    """Time and id of every trace that Zipkin would answer, newest first."""
    found = []
    for trace_id, spans in known.items():
        ordered = sorted(spans, key=lambda span: (span["timestamp"], span["id"]))
        roots = [span["timestamp"] for span in ordered if "parentId" not in span]
        at_us = roots[0] if roots else ordered[0]["timestamp"]
        end_us = query["endTs"] * 1000
        if end_us - query["lookback"] * 1000 <= at_us <= end_us and matches(spans, query):
            found.append((at_us, trace_id.zfill(32)))
    return sorted(found, reverse=True)


def matches(spans: list[dict], query: dict) -> bool:
    service = query.get("serviceName", "").lower()
    own = [span for span in spans if not service or span["localEndpoint"]["serviceName"] == service]
    wanted = [lambda span: True]
    if query.get("spanName", "all") != "all":
        wanted.append(lambda span: span["name"] == query["spanName"].lower())
    if "remoteServiceName" in query:
        wanted.append(lambda span: span.get("remoteEndpoint", {}).get("serviceName") == query["remoteServiceName"])
    if "minDuration" in query:
        most = query.get("maxDuration", 10**12)
        wanted.append(lambda span: query["minDuration"] <= span.get("duration", 0) <= most)
    for part in query.get("annotationQuery", "").split(" and ") if "annotationQuery" in query else ():
        key, _, value = part.partition("=")
        wanted.append(lambda span, key=key, value=value: has(span, key, value))
    return all(any(one(span) for span in own) for one in wanted)


def has(span: dict, key: str, value: str) -> bool:
    if value:
        return span.get("tags", {}).get(key) == value
    return key in span.get("tags", {}) or any(one["value"] == key for one in span.get("annotations", ()))


def test_every_search_answers_what_a_naive_reader_finds(played):
    deployment, known = played
    chance = random.Random(11)
    found_some = 0
    for _ in range(QUERIES):
        query = asked(chance)
        if query.get("maxDuration", 10**12) < query.get("minDuration", 0):
            continue
        reply = deployment.get("/zipkin/api/v2/traces?" + urlencode(query))
        assert reply.status == 200, reply
        expected = naive(known, query)[: query["limit"]]
        answered = reply.json()
        assert [trace[0]["traceId"].zfill(32) for trace in answered] == [trace_id for _, trace_id in expected], query
        for trace in answered:
            assert sorted(map(json.dumps, trace)) == sorted(map(json.dumps, map(written, known[trace[0]["traceId"]])))
        found_some += bool(expected)
    assert found_some > QUERIES // 3


def written(span: dict) -> dict:
    """A span with its fields in the order in which Zipkin writes them, and without what is empty."""
    order = ("traceId", "parentId", "id", "kind", "name", "timestamp", "duration", "localEndpoint", "remoteEndpoint",
             "annotations", "tags")  # fmt: skip
    told = {name: span[name] for name in order if span.get(name)}
    return told | ({"tags": dict(sorted(told["tags"].items()))} if "tags" in told else {})


def test_names_are_those_of_what_was_posted(played):
    deployment, known = played
    assert deployment.get("/zipkin/api/v2/services").json() == sorted(SERVICES)
    names = {
        span["name"] for spans in known.values() for span in spans if span["localEndpoint"]["serviceName"] == "web"
    }
    assert deployment.get("/zipkin/api/v2/spans?serviceName=Web").json() == sorted(names)
    assert deployment.get("/zipkin/api/v2/spans?serviceName=nobody").json() == []


def test_many_traces_are_read_by_their_ids(played):
    deployment, known = played
    first, second = list(known)[:2]
    reply = deployment.get(f"/zipkin/api/v2/traceMany?traceIds={first},{'f' * 16},{second}")
    assert [trace[0]["traceId"] for trace in reply.json()] == [first, second]
