"""The library in a program that is no function: a job, a server, a script."""

import subprocess
import sys

from chalicelib.codecs.function_lines.reading import read
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.tracing import configure, current_span, flush, span, tracer
from tests.tracing.lambda_world import Recorder

SCRIPT = """
from chalicelib.tracing import span
with span("job"):
    with span("step"):
        pass
"""


def run(**environ):
    return subprocess.run([sys.executable, "-c", SCRIPT], env=environ, check=True, capture_output=True)  # noqa: S603


def test_what_a_program_has_not_sent_leaves_when_it_ends():
    (line,) = run(SPANFOLD_EXPORTER="stdout", OTEL_SERVICE_NAME="nightly").stdout.splitlines()
    spans = to_spans(read(line).decoded.message)
    assert [(found.name, found.resource.service_name) for found in spans] == [("step", "nightly"), ("job", "nightly")]


def test_a_program_without_an_exporter_prints_nothing():
    ran = run()
    assert (ran.stdout, ran.stderr) == (b"", b"")


def test_it_sends_on_demand_and_what_is_left_before_it_is_configured_anew():
    first, second = Recorder(), Recorder()
    configure(first, {})
    with span("one"):
        assert current_span().name == "one"
    flush()
    assert first.names == ["one"]
    with span("two"):
        pass
    made = configure(second, {"OTEL_SERVICE_NAME": "a"}, OTEL_SERVICE_NAME="b")
    assert tracer() is made
    with span("three"):
        pass
    flush()
    assert (first.names, second.names) == (["one", "two"], ["three"])
    assert second.batches[0].resource["service.name"] == "b"
