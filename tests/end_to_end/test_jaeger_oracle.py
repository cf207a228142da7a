"""Jaeger's searches through its own APIs, against a naive reader of everything that was posted to it.

Some spans come by Jaeger, in Thrift, and some by OTLP; late, twice, and in any order. The reader here knows the posted
dicts alone, and Jaeger's rule: one span meets all conditions.
"""

import json
import random
from collections import defaultdict
from urllib.parse import urlencode

import pytest

from chalicelib.codecs.jaeger import batch
from chalicelib.codecs.jaeger.params import moment_text
from chalicelib.codecs.jaeger.span import Tag
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.codecs.thrift.writer import write_binary, write_compact
from chalicelib.model.span import Event, Link, Resource, Scope, Span
from chalicelib.settings import Settings
from tests.clocks import NOON_NS
from tests.codecs.jaeger.strategies import as_tag, signed
from tests.end_to_end.backend import PROTOBUF
from tests.end_to_end.deployment import Deployment

TRACES, QUERIES = 110, 90
THRIFT = {"Content-Type": "application/x-thrift"}
MINUTE_US, NOON_US = 60_000_000, NOON_NS // 1000
SERVICES, NAMES = ("web", "shop", "bank"), ("GET /", "post /order", "query")
TAGS = {
    "http.path": ("/", "/a"),
    "n": (3, "3", 3.0, 4),
    "ok": (True, "true", False),
    "error": (True, False),
    "span.kind": ("server", "client"),
    "x.y": ("",),
}


def spans_of(chance, number):
    """One to four spans of a trace: what is posted, flat."""
    start_us = NOON_US + chance.randrange(90 * MINUTE_US)
    trace_id = f"{number + 1:032x}" if number % 3 else f"{7:016x}{number + 1:016x}"
    return [one_of(chance, trace_id, start_us, index) for index in range(chance.choice((1, 2, 4)))]


def one_of(chance, trace_id, start_us, index):
    return {
        "trace_id": trace_id,
        "span_id": f"{index + 1:016x}",
        "parent_id": f"{chance.randrange(index) + 1:016x}" if index else None,
        "name": chance.choice(NAMES),
        "start_us": start_us + chance.randrange(3_000_000) - (60 * MINUTE_US if chance.random() < 0.03 else 0),
        "duration_us": chance.choice((0, 1, 999, 1000, 1001, 50_000)),
        "service": chance.choice(SERVICES),
        "process": {"zone": chance.choice(("a", "b"))} if chance.random() < 0.3 else {},
        "tags": {key: chance.choice(values) for key, values in TAGS.items() if chance.random() < 0.3},
        "events": [chance.choice(("retry", "n"))] if chance.random() < 0.2 else [],
        "fields": {"http.path": "/a"} if chance.random() < 0.1 else {},
    }


def thrift_of(span):
    tags = [as_tag(Tag(*pair), every_field=True) for pair in span["tags"].items()]
    fields = [as_tag(Tag("event", name)) for name in span["events"]] + [as_tag(Tag(*p)) for p in span["fields"].items()]
    return {
        "trace_id_low": signed(span["trace_id"][16:]),
        "trace_id_high": signed(span["trace_id"][:16]),
        "span_id": signed(span["span_id"]),
        "parent_span_id": signed(span["parent_id"] or "0"),
        "operation_name": span["name"],
        "flags": 1,
        "start_time": span["start_us"],
        "duration": span["duration_us"],
        "tags": tags,
        "logs": [{"timestamp": span["start_us"], "fields": fields}] if fields else [],
    }


def batches_of(spans):
    """The spans by their processes, as clients post them."""
    by_process = defaultdict(list)
    for span in spans:
        by_process[span["service"], tuple(span["process"].items())].append(span)
    for (service, tags), own in by_process.items():
        process = {"service_name": service, "tags": [as_tag(Tag(*pair)) for pair in tags]}
        yield {"process": process, "spans": [thrift_of(span) for span in own]}


def otlp_span(number):
    """A span of a trace of its own, as an OpenTelemetry SDK sends it, and the same as the reader here knows it."""
    start_us = NOON_US + number * MINUTE_US + 1
    flat = {
        "trace_id": f"{9:016x}{number + 1:016x}", "span_id": "a" * 16, "parent_id": None, "name": "GET /",
        "start_us": start_us, "duration_us": 1000, "service": "web", "process": {"zone": "a"},
        "tags": {"n": 3, "span.kind": "client"}, "events": ["retry"], "fields": {"http.path": "/a", "lib": "l"},
        "failed": number % 2,
    }  # fmt: skip
    span = Span(
        trace_id=flat["trace_id"],
        span_id=flat["span_id"],
        name="GET /",
        kind=3,
        start_ns=start_us * 1000,
        end_ns=start_us * 1000 + 1_000_000,
        status_code=2 if number % 2 else 0,
        attributes={"n": 3},
        events=(Event(time_ns=start_us * 1000, name="retry"),),
        links=(Link(trace_id="e" * 32, span_id="e" * 16, attributes={"http.path": "/a"}),),
        resource=Resource(attributes={"service.name": "web", "zone": "a"}),
        scope=Scope(attributes={"lib": "l"}),
    )
    return flat, span


@pytest.fixture(scope="module", params=["live", "settled"])
def played(request):
    chance = random.Random(5)
    deployment = Deployment(5, Settings(seal_window_s=900))
    known = defaultdict(list)
    bodies = [chance.sample(spans, len(spans)) for spans in (spans_of(chance, number) for number in range(TRACES))]
    posts = [
        part for spans in bodies for part in ((spans[:1], spans[1:]) if chance.random() < 0.3 else (spans,)) if part
    ]
    chance.shuffle(posts)
    for number, spans in enumerate([*posts, *posts[:20]]):
        deployment.clock.at_ns = NOON_NS + number * 30_000_000_000
        for told in batches_of(spans):
            body = chance.choice((write_binary, write_compact))(batch.BATCH, told)
            assert deployment.ask("POST", "/jaeger/api/traces?format=jaeger.thrift", THRIFT, body).status == 202
        for span in spans:
            if span not in known[span["trace_id"]]:
                known[span["trace_id"]].append(span)
        if number % 40 == 0:
            deployment.deliver()
    for number in range(20):
        flat, span = otlp_span(number)
        known[flat["trace_id"]].append(flat)
        body = from_spans([span]).SerializeToString()
        assert deployment.ask("POST", "/v1/traces", {"Content-Type": PROTOBUF}, body).status == 200
    deployment.deliver()
    if request.param == "settled":
        deployment.settle(minutes=30)
    return deployment, known


CONDITIONS = (
    {"http.path": "/a"}, {"n": "3"}, {"ok": "true"}, {"error": "true"}, {"error": "false"}, {"error": "odd"},
    {"span.kind": "server"}, {"span.kind": "Client", "n": "3"}, {"x.y": ""}, {"zone": "a"}, {"resource.zone": "b"},
    {"resource.n": "3"}, {"event": "retry"}, {"span.status": "error"}, {"http.path": "/a", "ok": "true"}, {"lib": "l"},
    {"n": "3.0"}, {"nobody": "x"}, {"otel.status_code": "ERROR"},
)  # fmt: skip


def asked(chance):
    """A search by its conditions, times in microseconds."""
    end_us = NOON_US + chance.randrange(120 * MINUTE_US)
    return {
        "service": chance.choice((*SERVICES, *SERVICES, "nobody")),
        "operation": chance.choice((*NAMES, "get /")) if chance.random() < 0.3 else "",
        "start": end_us - chance.choice((MINUTE_US, 10 * MINUTE_US, 150 * MINUTE_US)),
        "end": end_us,
        "shortest": chance.choice((1, 999, 1000, 1001)) if chance.random() < 0.3 else 0,
        "longest": chance.choice((1001, 40_000)) if chance.random() < 0.2 else 0,
        "tags": chance.choice(CONDITIONS) if chance.random() < 0.6 else {},
        "limit": chance.choice((1, 5, 1000)),
    }


def naive(known, query):
    """Start and id of every trace that Jaeger would answer, newest first."""
    found = [
        (min(span["start_us"] for span in spans), trace_id)
        for trace_id, spans in known.items()
        if any(matches(span, query) for span in spans)
    ]
    return [trace_id for _, trace_id in sorted(found, reverse=True)][: query["limit"]]


def matches(span, query):
    return (
        span["service"] == query["service"]
        and query["operation"] in ("", span["name"])
        and query["start"] <= span["start_us"] <= query["end"]
        and span["duration_us"] >= query["shortest"]
        and (not query["longest"] or span["duration_us"] <= query["longest"])
        and all(has(span, key, value) for key, value in query["tags"].items())
    )


def has(span, key, value):
    failed = span["tags"].get("error") is True or bool(span.get("failed"))
    if key == "error":
        return value in ("true", "false") and failed is (value == "true")
    if key == "span.status":
        return failed
    if key == "otel.status_code":
        return failed
    if key == "span.kind":
        return span["tags"].get("span.kind") == value.lower()
    if key.startswith("resource."):
        return key[9:] in span["process"] and as_text(span["process"][key[9:]]) == value
    if key == "event" and value in span["events"]:
        return True
    return any(key in told and as_text(told[key]) == value for told in (span["tags"], span["process"], span["fields"]))


def as_text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) else str(value)


def legacy(query):
    told = {name: query[name] for name in ("service", "operation", "start", "end", "limit")}
    durations = {"minDuration": f"{query['shortest']}us", "maxDuration": f"{query['longest'] / 1000}ms"}
    told |= {name: text for name, text in durations.items() if not text.startswith("0")}
    pairs = [("tag", f"{key}:{value}") for key, value in query["tags"].items()]
    return "/jaeger/api/traces?" + urlencode([*told.items(), *pairs])


def version_3(query):
    told = {
        "query.serviceName": query["service"],
        "query.operation_name": query["operation"],
        "query.startTimeMin": moment(query["start"]),
        "query.start_time_max": moment(query["end"]),
        "query.searchDepth": query["limit"],
        "query.attributes": json.dumps(query["tags"]) if query["tags"] else "",
    }
    if query["shortest"]:
        told["query.durationMin"] = f"{query['shortest']}us"
    if query["longest"]:
        told["query.durationMax"] = f"{query['longest']}us"
    return urlencode({name: text for name, text in told.items() if text})


def moment(at_us):
    return moment_text(at_us // 1000).removesuffix("Z").partition(".")[0] + f".{at_us % 1_000_000:06}Z"


def test_every_search_answers_what_a_naive_reader_finds(played):
    deployment, known = played
    chance = random.Random(11)
    found_some = 0
    for _ in range(QUERIES):
        query = asked(chance)
        expected = naive(known, query)
        reply = deployment.get(legacy(query))
        assert reply.status == 200, reply
        answered = reply.json()
        assert answered["errors"] is None
        assert [trace["traceID"].zfill(32) for trace in answered["data"]] == expected, query
        for trace in answered["data"]:
            check(trace, known[trace["traceID"].zfill(32)])
        found_some += bool(expected)
    assert found_some > QUERIES // 3


def check(trace, posted):
    """The whole trace comes, whichever span matched."""
    told = {(span["spanID"], span["operationName"], span["startTime"], span["duration"]) for span in trace["spans"]}
    assert told == {(span["span_id"], span["name"], span["start_us"], span["duration_us"]) for span in posted}


def test_version_3_finds_the_same(played):
    deployment, known = played
    chance = random.Random(12)
    for _ in range(QUERIES // 3):
        query = asked(chance)
        expected = naive(known, query)
        summaries = deployment.get("/jaeger/api/v3/trace-summaries?" + version_3(query)).json()["summaries"]
        assert [one["traceId"] for one in summaries] == expected, query
        assert [one["spanCount"] for one in summaries] == [len(known[trace_id]) for trace_id in expected]
        reply = deployment.get("/jaeger/api/v3/traces?" + version_3(query))
        assert reply.status == (200 if expected else 404)
        if expected:
            found = [span["traceId"] for one in reply.json()["result"]["resourceSpans"]
                     for scope in one["scopeSpans"] for span in scope["spans"]]  # fmt: skip
            assert set(found) == set(expected)


def test_names_are_those_of_what_was_posted(played):
    deployment, known = played
    assert deployment.get("/jaeger/api/services").json()["data"] == sorted(SERVICES)
    posted = [span for spans in known.values() for span in spans if span["service"] == "web"]
    names = {span["name"] for span in posted}
    assert deployment.get("/jaeger/api/services/web/operations").json()["data"] == sorted(names)
    kinds = {(span["name"], span["tags"].get("span.kind", "")) for span in posted}
    told = deployment.get("/jaeger/api/operations?service=web").json()["data"]
    assert {(one["name"], one["spanKind"]) for one in told} == kinds


def test_many_traces_are_read_by_their_ids_and_missing_ones_named(played):
    deployment, known = played
    first, second = list(known)[:2]
    reply = deployment.get(f"/jaeger/api/traces?traceID={first}&traceID={'f' * 32}&traceID={second}").json()
    assert [trace["traceID"].zfill(32) for trace in reply["data"]] == [first, second]
    assert reply["errors"] == [{"msg": "trace not found", "traceID": "f" * 32}]
