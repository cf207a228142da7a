import base64
import gzip
import json
import random

import pytest

from chalicelib.codecs.function_lines.reading import read
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.spans import from_spans, to_spans
from chalicelib.tracing.exporters.errors import ExportError
from chalicelib.tracing.exporters.otel_stdout import OtelStdoutExporter
from tests.tracing.exporters.recorded import RESOURCE, as_models, batch, span, spans


def test_a_line_has_every_member_that_a_forwarder_requires(capfd):
    recorded = spans(3)
    OtelStdoutExporter(source="orders", endpoint="https://collector.example/v1/traces").export(batch(*recorded))
    said = json.loads(capfd.readouterr().out)
    payload = said.pop("payload")
    assert said == {
        "__otel_otlp_stdout": "spanfold@1",
        "source": "orders",
        "endpoint": "https://collector.example/v1/traces",
        "method": "POST",
        "content-type": "application/x-protobuf",
        "content-encoding": "gzip",
        "base64": True,
    }
    message = TracesData.FromString(gzip.decompress(base64.b64decode(payload)))
    assert message == from_spans(as_models(recorded, RESOURCE))


def test_the_backend_reads_it(capfd):
    OtelStdoutExporter(source="orders").export(batch(*spans(3)))
    line = read(capfd.readouterr().out)
    assert to_spans(line.decoded.message) == as_models(spans(3), RESOURCE)


def test_many_spans_are_lines_of_their_own(capfd):
    chance = random.Random(4)
    recorded = spans(600)
    for one in recorded:
        one.attributes["payload"] = chance.randbytes(100).hex()
    OtelStdoutExporter(source="orders").export(batch(*recorded))
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 60_000
    kept = [one.span_id for line in lines for one in to_spans(read(line).decoded.message)]
    assert kept == [one.span_id for one in recorded]


def test_a_span_too_large_for_a_line_is_lost_alone_and_told_of(capfd):
    huge = span("huge", 2, attributes={"body": random.Random(5).randbytes(100_000).hex()})
    with pytest.raises(ExportError, match="1 spans cannot be written: ExportError: a span takes"):
        OtelStdoutExporter(source="").export(batch(span("one", 1), huge, span("three", 3)))
    lines = capfd.readouterr().out.splitlines()
    kept = [one.name for line in lines for one in to_spans(read(line).decoded.message)]
    assert kept == ["one", "three"]


def test_the_begin_of_an_invocation_has_no_line(capfd):
    OtelStdoutExporter(source="orders").start(batch(span()))
    assert capfd.readouterr().out == ""
