import fcntl
import json
import os
import threading
from contextlib import contextmanager

import pytest

from chalicelib.codecs.function_lines.line import Spans, Start
from chalicelib.codecs.function_lines.reading import read
from chalicelib.tracing.exporters.errors import ExportError
from chalicelib.tracing.exporters.stdout import StdoutExporter, put
from tests.tracing.exporters.recorded import NOON_NS, batch, span, spans


@contextmanager
def pipe(*, is_blocking=True):
    """A descriptor to write to, and a list that has what was written once the block is over."""
    reading, writing = os.pipe()
    if not is_blocking:
        os.set_blocking(writing, False)
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    received = []

    def receive():
        with os.fdopen(reading, "rb") as opened:
            received.extend(opened.read().splitlines(keepends=True))

    reader = threading.Thread(target=receive)
    reader.start()
    try:
        yield writing, received
    finally:
        os.close(writing)
        reader.join()


def test_an_export_is_one_line_that_the_backend_reads(capfd):
    StdoutExporter().export(batch(*spans(20)))
    [line] = capfd.readouterr().out.splitlines(keepends=True)
    assert line.endswith("}\n")
    assert isinstance(read(line), Spans)


def test_what_the_function_printed_before_stays_before(capfd):
    print("before")  # noqa: T201
    StdoutExporter().export(batch(span()))
    print("after")  # noqa: T201
    before, line, after = capfd.readouterr().out.splitlines()
    assert (before, after) == ("before", "after")
    assert isinstance(read(line), Spans)


def test_what_was_printed_without_a_line_end_does_not_hide_the_spans(capfd):
    print("waiting … {", end="")  # noqa: T201
    StdoutExporter().export(batch(span()))
    [line] = capfd.readouterr().out.splitlines()
    assert isinstance(read(line), Spans)


def test_the_begin_of_an_invocation_is_a_line_of_its_own(capfd):
    begun = span()
    begun.end_ns = 0
    exporter = StdoutExporter()
    exporter.start(batch(begun, is_last=False))
    exporter.export(batch(begun))
    start, end = map(read, capfd.readouterr().out.splitlines())
    assert isinstance(start, Start)
    assert isinstance(end, Spans)
    assert (start.request_id, start.batch != end.batch) == (end.request_id, True)


def test_start_lines_can_be_off(capfd):
    StdoutExporter(start_line=False).start(batch(span()))
    assert capfd.readouterr().out == ""


def test_a_log_that_is_slow_and_does_not_block_gets_whole_lines_all_the_same():
    texts = [f"{n}" * 50_000 for n in range(8)]
    with pipe(is_blocking=False) as (writing, received):
        put(texts, writing)
    assert received == [f"{text}\n".encode() for text in texts]


def test_lines_of_many_threads_do_not_mix():
    lines = [f"{n % 10}" * 50_000 for n in range(24)]
    with pipe() as (writing, received):
        threads = [threading.Thread(target=put, args=(lines[n : n + 3], writing)) for n in range(0, 24, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(received) == sorted(f"{line}\n".encode() for line in lines)


def test_a_closed_log_is_an_error_for_the_caller():
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(OSError, match="Broken pipe"):
        StdoutExporter(descriptor=writing).export(batch(span()))
    os.close(writing)


@pytest.mark.parametrize("level", ["WARN", "ERROR", "FATAL"])
def test_where_lambda_filters_by_level_a_line_says_one_that_is_kept(capfd, level):
    environ = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": level}
    StdoutExporter(environ=environ, now_ns=lambda: NOON_NS + 7_000_000).export(batch(span()))
    line = capfd.readouterr().out
    said = json.loads(line)
    assert (said["level"], said["timestamp"]) == (level, "2026-01-01T12:00:00.007Z")
    assert isinstance(read(line), Spans)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"AWS_LAMBDA_LOG_FORMAT": "Text", "AWS_LAMBDA_LOG_LEVEL": "ERROR"},
        {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"},
    ],
)
def test_elsewhere_no_level_is_needed(capfd, environ):
    StdoutExporter(environ=environ).export(batch(span()))
    assert "level" not in json.loads(capfd.readouterr().out)


class Unprintable:
    def __str__(self):
        raise RuntimeError("never")


def test_a_span_that_cannot_be_written_is_told_of_after_the_others_are_out(capfd):
    with pytest.raises(ExportError, match="1 spans cannot be written: RuntimeError: never"):
        StdoutExporter().export(batch(span(attributes={"object": Unprintable()}), span("good", 2)))
    assert isinstance(read(capfd.readouterr().out), Spans)
