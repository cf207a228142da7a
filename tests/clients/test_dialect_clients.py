"""Unmodified clients of Zipkin and Jaeger post over real HTTP, and what they were given is read back: by their own
dialect's API, and as OTLP.

The clients run as programs of their own (send_dialect.py, js/send_dialect.mjs) and print what they were given. The
JavaScript ones are there only where Node is; most of those send chunked bodies, without a length.
"""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from chalicelib.access.gates import KeyGate
from chalicelib.access.keys import RANDOM_BYTES, issue
from chalicelib.local.server import serve
from chalicelib.model.access import Scope
from chalicelib.routes import gateway
from chalicelib.storage.memory import MemoryKeyStore, MemorySamplingStore
from tests.in_memory import services_in_memory

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SENDER = str(HERE / "send_dialect.py")
TODAY = [str(ROOT / ".venv-json" / "bin" / "python"), "-W", "ignore", SENDER]
PAST = [str(ROOT / ".venv-dialects" / "bin" / "python"), "-W", "ignore", SENDER]
NODE = ["node", "send_dialect.mjs"]
HAS_NODE = bool(shutil.which("node")) and (HERE / "js" / "node_modules" / ".installed").exists()

ZIPKIN = {
    "otel-zipkin-json": TODAY,
    "otel-zipkin-proto": TODAY,
    "py_zipkin-v2-json": PAST,
    "py_zipkin-v1-json": PAST,
    "py_zipkin-v2-proto3": PAST,
}
JAEGER = {"otel-jaeger-thrift": PAST}
if HAS_NODE:
    ZIPKIN |= dict.fromkeys(("otel-zipkin", "zipkin-v2", "zipkin-v1"), NODE)
    JAEGER |= dict.fromkeys(("otel-jaeger", "jaeger-client"), NODE)
CLIENTS = ZIPKIN | JAEGER

needs_node = pytest.mark.skipif(not HAS_NODE, reason="no Node")


def run(name, *arguments, command=None, **environment):
    """The client's own program, ended."""
    return subprocess.run(  # noqa: S603
        [*(command or CLIENTS[name]), name, *arguments],
        env=os.environ | environment,
        cwd=HERE / "js",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@cache
def sent(name, base_url):
    """What the client says that it was given to send."""
    done = run(name, base_url)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def ask(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def text(value):
    """As OpenTelemetry's exporters for Zipkin spell a value."""
    return json.dumps(value) if isinstance(value, bool) else str(value)


def by_zipkin(trace):
    """Spans by their id, as `GET /zipkin/api/v2/trace/{id}` tells them."""
    return {
        span["id"]: {
            "parentId": span.get("parentId", ""),
            "name": span["name"],
            "kind": span["kind"],
            "start_us": span["timestamp"],
            "duration_us": span["duration"],
            "service": span["localEndpoint"]["serviceName"],
            "remote": span.get("remoteEndpoint", {}).get("serviceName", ""),
            "tags": span.get("tags", {}),
            "events": [(one["timestamp"], one["value"]) for one in span.get("annotations", [])],
            "failed": span.get("tags", {}).get("error", ""),
        }
        for span in trace
    }


def by_jaeger(answer):
    """Spans by their id, as `GET /jaeger/api/traces/{id}` tells them."""
    [trace] = answer["data"]
    return {span["spanID"]: jaegers(span, trace["processes"][span["processID"]]) for span in trace["spans"]}


def jaegers(span, process):
    tags = {tag["key"]: jaeger_value(tag) for tag in span["tags"]}
    return {
        "parentId": "".join(one["spanID"] for one in span["references"] if one["refType"] == "CHILD_OF"),
        "name": span["operationName"],
        "kind": tags["span.kind"].upper(),
        "start_us": span["startTime"],
        "duration_us": span["duration"],
        "service": process["serviceName"],
        "tags": {tag["key"]: jaeger_value(tag) for tag in process["tags"]} | tags,
        "events": [(log["timestamp"], field["value"]) for log in span["logs"] for field in log["fields"][:1]],
        "failed": tags.get("otel.status_description", tags.get("error", "")),
    }


def jaeger_value(tag):
    return int(tag["value"]) if tag["type"] == "int64" else tag["value"]


def by_otlp(trace):
    """Spans by their id, as `GET /v1/traces/{id}` tells them; attributes and those of the resource are one."""
    return {
        span["spanId"]: otlps(span, resource_spans, scope_spans)
        for resource_spans in trace["resourceSpans"]
        for scope_spans in resource_spans["scopeSpans"]
        for span in scope_spans["spans"]
    }


def otlps(span, resource_spans, scope_spans):
    start_ns, status = int(span["startTimeUnixNano"]), span.get("status", {})
    resource = plain(resource_spans["resource"]["attributes"])
    return {
        "parentId": span.get("parentSpanId", ""),
        "name": span["name"],
        "kind": ["", "INTERNAL", "SERVER", "CLIENT"][span["kind"]],
        "start_us": start_ns // 1000,
        "duration_us": (int(span["endTimeUnixNano"]) - start_ns) // 1000,
        "service": resource["service.name"],
        "tags": resource | plain(span.get("attributes", [])),
        "events": [
            (int(one["timeUnixNano"]) // 1000, one.get("name") or plain(one["attributes"])["message"])
            for one in span.get("events", [])
        ],
        "failed": status.get("message", status.get("code") == 2 or ""),
        "scope": {name: scope_spans["scope"].get(name) for name in ("name", "version")},
    }


def plain(pairs):
    return {pair["key"]: plain_value(pair["value"]) for pair in pairs}


def plain_value(value):
    [(kind, given)] = value.items()
    return int(given) if kind == "intValue" else given


def is_event(seen, wanted):
    """Python's exporter writes the event with its attributes in JSON, and has no attributes here."""
    (seen_us, seen_text), (wanted_us, name) = seen, wanted
    return (wanted_us is None or abs(seen_us - wanted_us) <= 1) and seen_text in (name, json.dumps({name: {}}))


def check(given, seen, *, as_zipkin):
    """That every span that was given is among those `seen`. Zipkin has names in lower case, and texts for values."""
    assert set(seen) == {span["id"] for span in given}
    for span in given:
        found = seen[span["id"]]
        fold = str.lower if as_zipkin else str
        assert (found["parentId"], found["kind"]) == (span["parentId"], span["kind"])
        assert (found["name"], found["service"]) == (fold(span["name"]), fold(span["service"]))
        for field in ("start_us", "duration_us"):  # JavaScript's exporters round, and its SDK keeps nanoseconds
            assert span[field] is None or abs(found[field] - span[field]) <= 1
        wanted = {**span["resource"], **span["tags"]}
        wanted = {key: text(value) for key, value in wanted.items()} if as_zipkin else wanted
        assert {key: found["tags"].get(key) for key in wanted} == wanted
        assert found["failed"] == span["failed"]
        assert len(found["events"]) == len(span["events"])
        assert all(map(is_event, found["events"], span["events"]))


@pytest.mark.parametrize("name", ZIPKIN)
def test_what_a_client_of_zipkin_sends_is_read_back_by_zipkins_api(name, base_url):
    given = sent(name, base_url)
    seen = by_zipkin(ask(f"{base_url}/zipkin/api/v2/trace/{given[0]['traceId']}"))

    check(given, seen, as_zipkin=True)
    assert {seen[span["id"]]["remote"] for span in given} == {span.get("remote", "").lower() for span in given}


@pytest.mark.parametrize("name", JAEGER)
def test_what_a_client_of_jaeger_sends_is_read_back_by_jaegers_api(name, base_url):
    given = sent(name, base_url)
    check(given, by_jaeger(ask(f"{base_url}/jaeger/api/traces/{given[0]['traceId']}")), as_zipkin=False)


@pytest.mark.parametrize("name", CLIENTS)
def test_what_a_client_of_either_sends_is_a_trace_in_otlp(name, base_url):
    given = sent(name, base_url)
    seen = by_otlp(ask(f"{base_url}/v1/traces/{given[0]['traceId']}"))

    check(given, seen, as_zipkin=name in ZIPKIN)
    for span in given:
        assert {key: seen[span["id"]]["scope"][key] for key in span["scope"]} == span["scope"]


@contextmanager
def serving(**parts) -> Iterator[str]:
    with serve(gateway.create(services_in_memory(**parts)), log=lambda _line: None) as url:
        yield url


@pytest.fixture(scope="module")
def with_keys() -> Iterator[tuple[str, str]]:
    """A gateway that asks for keys, and one."""
    token, record = issue(bytes(RANDOM_BYTES), tenant="acme", scopes=frozenset(Scope), expires_at_s=None)
    keys = MemoryKeyStore()
    keys.put_key(record)
    with serving(gate=KeyGate(keys.find_key, time.time_ns)) as url:
        yield url, token.text()


@needs_node
def test_jaeger_client_sends_its_key_as_a_password_since_it_can_send_nothing_else(with_keys):
    base_url, key = with_keys
    refused, taken = run("jaeger-client", base_url), run("jaeger-client", base_url, key)
    assert "HTTP 401" in refused.stderr
    assert (taken.returncode, taken.stderr) == (0, "")
    given = json.loads(taken.stdout)
    answer = ask(f"{base_url}/jaeger/api/traces/{given[0]['traceId']}", **{"x-api-key": key})
    check(given, by_jaeger(answer), as_zipkin=False)


def test_opentelemetrys_exporter_for_jaeger_sends_its_key_as_a_password_too(with_keys):
    base_url, key = with_keys
    done = run("otel-jaeger-thrift", base_url, OTEL_EXPORTER_JAEGER_USER="anybody", OTEL_EXPORTER_JAEGER_PASSWORD=key)
    assert (done.returncode, done.stderr) == (0, "")
    given = json.loads(done.stdout)
    assert ask(f"{base_url}/jaeger/api/traces/{given[0]['traceId']}", **{"x-api-key": key})["errors"] is None


OPERATIONS = [{"operation": "/pay", "type": "probabilistic", "param": 1}]
STRATEGIES = json.dumps({
    "default_strategy": {"type": "probabilistic", "param": 0.5},
    "service_strategies": [
        {"service": "limited", "type": "ratelimiting", "param": 2},
        {"service": "by operation", "type": "probabilistic", "param": 0.25, "operation_strategies": OPERATIONS},
    ],
}).encode()  # fmt: skip


@pytest.fixture(scope="module")
def with_strategies() -> Iterator[str]:
    sampling = MemorySamplingStore()
    sampling.put_strategies("default", STRATEGIES)
    with serving(sampling=sampling) as url:
        yield url


@needs_node
@pytest.mark.parametrize(
    ("name", "service", "told"),
    [
        ("jaeger-client-sampling", "unknown", "ProbabilisticSampler(samplingRate=0.5)"),
        ("jaeger-client-sampling", "limited", "RateLimitingSampler(maxTracesPerSecond=2)"),
        ("jaeger-client-sampling", "by operation", "PerOperationSampler("),
        ("sampler-jaeger-remote", "unknown", "ParentBased{root=TraceIdRatioBased{0.5}"),
        ("sampler-jaeger-remote", "by operation", "ParentBased{root=PerOperationSampler"),
    ],
)
def test_a_client_that_asks_how_many_traces_to_begin_does_as_it_is_told(name, service, told, with_strategies):
    done = run(name, with_strategies, service, command=NODE)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout).startswith(told)
