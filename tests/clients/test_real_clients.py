"""Unmodified exporters post over real HTTP, and every field that they sent is read back equal.

The senders run as programs of their own (send_python.py, js/send.mjs) and print what their SDK recorded. What
they need is installed by `make test`; the JavaScript ones are there only where Node is.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
JSON_PYTHON = ROOT / ".venv-json" / "bin" / "python"
SENDER = str(HERE / "send_python.py")

SENDERS = {
    "python protobuf": ([sys.executable, SENDER, "opentelemetry.exporter.otlp.proto.http.trace_exporter"], "env"),
    "python json": ([str(JSON_PYTHON), SENDER, "opentelemetry.exporter.otlp.json.http.trace_exporter"], "env"),
}
if shutil.which("node") and (HERE / "js" / "node_modules" / ".installed").exists():
    SENDERS["javascript json"] = (["node", "send.mjs", "http"], "argument")
    SENDERS["javascript protobuf"] = (["node", "send.mjs", "proto"], "argument")


def send(name: str, compression: str, base_url: str) -> list[dict[str, object]]:
    """Run the sender against `base_url`; what it says it recorded."""
    command, how = SENDERS[name]
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": base_url}
    if how == "env" and compression != "none":
        given["OTEL_EXPORTER_OTLP_COMPRESSION"] = compression
    if how == "argument":
        command = [*command, compression]
    done = subprocess.run(  # noqa: S603
        command, env=os.environ | given, cwd=HERE / "js", capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return [in_one_spelling(span) for span in json.loads(done.stdout)]


def in_one_spelling(span: dict[str, object]) -> dict[str, object]:
    """JavaScript prints 3.0 as 3 and nanoseconds as text; those are spellings, not values."""
    return {
        **span,
        "start": int(span["start"]),
        "end": int(span["end"]),
        "events": [{**e, "time": int(e["time"])} for e in span["events"]],
    }


def read_back(base_url: str, trace_id: str) -> list[dict[str, object]]:
    """The trace's spans from GET /v1/traces/{trace_id}, in the shape the senders print."""
    with urllib.request.urlopen(f"{base_url}/v1/traces/{trace_id}", timeout=30) as answer:  # noqa: S310
        trace = json.load(answer)
    return [
        described(span, resource_spans, scope_spans)
        for resource_spans in trace["resourceSpans"]
        for scope_spans in resource_spans["scopeSpans"]
        for span in scope_spans["spans"]
    ]


def described(span, resource_spans, scope_spans):
    scope, status = scope_spans["scope"], span.get("status", {})
    links = span.get("links", [])
    return {
        **context_of(span),
        "parentSpanId": span.get("parentSpanId", ""),
        "name": span["name"],
        "kind": span["kind"],
        "start": int(span["startTimeUnixNano"]),
        "end": int(span["endTimeUnixNano"]),
        "attributes": plain(span.get("attributes", [])),
        "events": [
            {"time": int(e["timeUnixNano"]), "name": e["name"], "attributes": plain(e.get("attributes", []))}
            for e in span.get("events", [])
        ],
        "links": [{**context_of(link), "attributes": plain(link.get("attributes", []))} for link in links],
        "status": {"code": status.get("code", 0), "message": status.get("message", "")},
        "resource": plain(resource_spans["resource"]["attributes"]),
        "scope": {
            "name": scope["name"],
            "version": scope.get("version", ""),
            "schemaUrl": scope_spans.get("schemaUrl", ""),
            "attributes": plain(scope.get("attributes", [])),
        },
    }


def context_of(holder):
    return {"traceId": holder["traceId"], "spanId": holder["spanId"], "traceState": holder.get("traceState", "")}


def plain(pairs):
    return {pair["key"]: value_of(pair["value"]) for pair in pairs}


def value_of(value):
    match value:
        case {"stringValue": text}:
            return text
        case {"boolValue": truth}:
            return truth
        case {"intValue": number}:
            return int(number)
        case {"doubleValue": number}:
            return float(number)
        case {"arrayValue": array}:
            return [value_of(one) for one in array.get("values", [])]
        case {"bytesValue": text}:
            return base64.b64decode(text)
    raise AssertionError(value)


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("name", SENDERS)
def test_what_an_unmodified_exporter_sends_is_read_back_equal_field_by_field(name, compression, base_url):
    sent = send(name, compression, base_url)

    assert len(sent) == 6
    for trace_id in {span["traceId"] for span in sent}:
        of_this_trace = [span for span in sent if span["traceId"] == trace_id]
        by_id = {span["spanId"]: span for span in read_back(base_url, trace_id)}
        assert by_id == {span["spanId"]: span for span in of_this_trace}


def test_the_python_exporters_deflate_is_a_zlib_stream_and_is_read(base_url):
    sent = send("python protobuf", "deflate", base_url)

    assert {span["spanId"] for span in read_back(base_url, sent[0]["traceId"])} == {
        span["spanId"] for span in sent if span["traceId"] == sent[0]["traceId"]
    }
