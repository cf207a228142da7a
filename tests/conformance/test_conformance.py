"""The W3C's questions over HTTP: a request to the local gateway, its event to the example, calls back from there.

The suite itself is run by hand (docs/propagation.md); tests/propagation/trace_context_cases.py restates what it asks.
"""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chalicelib.propagation import w3c
from tests.conformance import formats_only
from tests.conformance.service import load
from tests.http_client import HttpClient
from tests.propagation.trace_context_cases import CASES, PARENT, SPAN, TRACE


class Called:
    """Who is called back: keeps the headers of every request, as (name, value) in lower case."""

    def __init__(self):
        seen = self.seen = []

        class Recorder(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                seen.append([(name.lower(), value) for name, value in self.headers.items()])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
        self.url = f"http://127.0.0.1:{self.server.server_port}/callback"


@pytest.fixture(scope="module")
def called():
    called = Called()
    thread = threading.Thread(target=called.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield called
    called.server.shutdown()
    called.server.server_close()
    thread.join()


EXAMPLES = {
    "formats": "tests.conformance.formats_only:handler",
    "traced function": "tests.conformance.traced_function:handler",
    "traced app": "tests.conformance.traced_app:create()",
}


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request):
    """In a process of its own: what instruments HTTP clients would instrument that of the tests as well."""
    command = [sys.executable, "-m", "tests.conformance", "--app", EXAMPLES[request.param]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:  # noqa: S603
        url = serving.stdout.readline().split()[-1]
        yield HttpClient(url.removesuffix("/test"))
        serving.terminate()


@pytest.fixture
def ask(example, called):
    def ask(headers, times=1):
        called.seen.clear()
        body = json.dumps([{"url": called.url, "arguments": []}] * times).encode()
        assert example.ask("POST", "/test", headers, body).status == 200
        assert len(called.seen) == times
        return called.seen

    return ask


def only(headers, name):
    (value,) = [value for known, value in headers if known == name]
    return value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.asks)
def test_the_suites_questions_through_the_gateway(ask, case):
    (sent,) = ask(case.headers)
    version, trace_id, span_id, flags = only(sent, "traceparent").split("-")
    assert (version, trace_id == TRACE) == ("00", case.is_continued)
    assert re.fullmatch("[0-9a-f]{32}", trace_id)
    assert span_id != SPAN
    assert flags in ("00", "01", "03")
    tracestate = [value for name, value in sent if name == "tracestate"]
    assert tracestate == ([case.tracestate] if case.tracestate else [])


@pytest.mark.parametrize(
    "headers", [[("traceparent", PARENT)], [], [("traceparent", PARENT.replace(TRACE, "0" * 32))]],
    ids=["of a trace that goes on", "of a new trace", "of a trace that is not valid"],
)  # fmt: skip
def test_every_call_is_a_span_of_its_own(ask, headers):
    spans = [w3c.parse_traceparent(only(sent, "traceparent")) for sent in ask(headers, times=3)]
    assert len({span.span_id for span in spans}) == 3
    assert len({span.trace_id for span in spans}) == 1
    assert (spans[0].trace_id == TRACE) == (headers == [("traceparent", PARENT)])


@pytest.mark.parametrize(("flags", "passed_on"), [("02", "02"), ("03", "03"), ("ff", "03"), ("00", "00")])
def test_the_random_flag_is_passed_on(ask, flags, passed_on):
    (sent,) = ask([("traceparent", f"00-{TRACE}-{SPAN}-{flags}")])
    assert only(sent, "traceparent").endswith(f"-{passed_on}")


def test_baggage_is_passed_on(ask):
    (sent,) = ask([("baggage", "a=1;p"), ("baggage", "b=%20")])
    assert only(sent, "baggage") == "a=1;p,b=%20"


def test_an_app_is_named_by_its_module_and_attribute():
    assert load("tests.conformance.formats_only:handler") is formats_only.handler
    assert load("tests.conformance.traced_app:create()").routes


def test_the_command_gives_the_suite_its_levels_and_its_service_and_answers_with_its_status(tmp_path):
    suite = "import os, sys, urllib.request as u\nu.urlopen(u.Request(sys.argv[1], b'[]'))\n"
    suite += "print(sys.argv[2:], os.environ['SPEC_LEVEL'], os.environ['STRICT_LEVEL'])\nsys.exit(3)"
    (tmp_path / "test.py").write_text(suite, encoding="utf-8")
    command = [sys.executable, "-m", "tests.conformance", "--suite", str(tmp_path), "AdvancedTest"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert ran.stdout.splitlines()[1] == "['AdvancedTest'] 2 2"
    assert ran.returncode == 3
